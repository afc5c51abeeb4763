/// How the training samples are divided among federated clients, as `--partition` names it.
///
/// All is drawn from the streams (seed, `partition`, owner, 0). Each client's samples are in
/// ascending order, and each client has one at least.
public enum ClientPartition: Hashable, Sendable {
  /// Every client holds every sample: `shared`.
  case shared
  /// Each sample at one client, chosen at random: `iid`.
  ///
  /// With the permutation of owner 0 over the training samples, client c takes the c-th part of a
  /// `ContiguousPartition` of it: sizes differ by one at most.
  case iid
  /// Each class in random proportions: `dirichlet:ALPHA`.
  ///
  /// For each class y the proportions of the clients are one draw of Dir(ALPHA, …, ALPHA): gamma
  /// variates over their sum, from owner y. The samples of the class, in the order of the
  /// permutation of owner y, are cut at floor(n · sum of the proportions up to client c), the last
  /// at n. Small ALPHA gives each client few classes, large ALPHA about equal shares. Then, for
  /// each client without a sample in ascending order, the client that has most (the first of
  /// these) gives up the last sample that it was dealt.
  ///
  /// Source: Hsu, Qi, Brown, "Measuring the Effects of Non-Identical Data Distribution for
  /// Federated Visual Classification", 2019; proportions over clients as in Yurochkin et al.,
  /// ICML 2019.
  case dirichlet(concentration: Double)
  /// Few classes at each client: `shards:K`.
  ///
  /// The samples in the order of (label, number) are cut by a `ContiguousPartition` into
  /// clients · K shards; client c takes the shards at c K up to (c + 1) K of the permutation of
  /// owner 0.
  ///
  /// Source: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized
  /// Data", AISTATS 2017, with K = 2.
  case shards(perClient: Int)
}

extension ClientPartition: LosslessStringConvertible {
  /// The forms of the text, for help and error messages.
  public static var forms: String { "shared, iid, dirichlet:ALPHA, shards:K" }

  /// Reads one of the `forms`; nil for any other text, ALPHA not above 0 or not finite, K below 1.
  public init?(_ description: String) {
    let parts = description.split(separator: ":", omittingEmptySubsequences: false)
    switch (parts[0], parts.count) {
    case ("shared", 1): self = .shared
    case ("iid", 1): self = .iid
    case ("dirichlet", 2):
      guard let concentration = Double(String(parts[1])), concentration > 0,
        concentration.isFinite
      else { return nil }
      self = .dirichlet(concentration: concentration)
    case ("shards", 2):
      guard let count = Int(parts[1]), count > 0 else { return nil }
      self = .shards(perClient: count)
    default: return nil
    }
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .shared: "shared"
    case .iid: "iid"
    case .dirichlet(let concentration): "dirichlet:\(concentration)"
    case .shards(let count): "shards:\(count)"
    }
  }
}
