import CounterRandom

/// Who votes: the ranks themselves, or clients that the ranks host.
///
/// Client c of C is hosted by rank ⌊c·N/C⌋. In a round take part the first |S| clients of a
/// permutation keyed (seed, `clients`, round), the same on all ranks: which ones does not depend on
/// N.
struct Electorate {
  /// The number of voters C: ranks or clients.
  let count: Int
  /// The number of voters |S| that take part in a step.
  let attendance: Int
  /// The voters of this rank.
  let hosted: Range<Int>
  /// Whether voters are clients; otherwise every rank is one voter.
  let areClients: Bool
  private let seed: UInt64
  private let everyone: [Int]

  /// The ranks vote.
  init(ranks: Int, rank: Int) {
    count = ranks
    attendance = ranks
    hosted = rank..<rank + 1
    areClients = false
    seed = 0
    everyone = Array(hosted)
  }

  /// Clients vote, so many of them in a round.
  ///
  /// - Precondition: `attendance` lies in 1...`clients`.
  init(clients: Int, attendance: Int, seed: UInt64, ranks: Int, rank: Int) {
    precondition(attendance >= 1 && attendance <= clients, "\(attendance) of \(clients) clients")
    count = clients
    self.attendance = attendance
    // The clients c with ⌊c·N/C⌋ = r are those from ⌈r·C/N⌉ on.
    hosted = (rank * clients + ranks - 1) / ranks..<((rank + 1) * clients + ranks - 1) / ranks
    areClients = true
    self.seed = seed
    everyone = Array(hosted)
  }

  /// The voters of this rank that take part in a step, in ascending order.
  func voters(at step: Int) -> [Int] {
    guard attendance < count else { return everyone }
    let order = RandomStream(seed: seed, purpose: .clients, step: step).permutation(count: count)
    return order.prefix(attendance).map(Int.init).filter(hosted.contains).sorted()
  }

  /// The number of ballots that a vote counts, or nil where each rank casts one.
  var ballots: Int? { areClients ? attendance : nil }
}
