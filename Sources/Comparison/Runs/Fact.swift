import RunLog

/// Something that a run was told or given, by name and value.
struct Fact: Hashable, Sendable {
  let name: String
  let text: String
}

/// What runs may differ in, and what a difference means.
enum FactKind {
  /// How gradients become an update: what is set side by side.
  case method
  /// What is computed: runs that differ here are never in one series.
  case workload
  /// Where and how it is tuned: differences within a series are pointed out.
  case circumstance
  /// No difference: names, files, intervals, and the seed, which repetitions vary.
  case neutral

  /// The kind of a flag of the command line; flags of later versions are part of the workload.
  init(flag name: String) {
    self =
      switch name {
      case "algorithm", "vote", "coding", "sign-rule", "mean", "overlap", "bucket": .method
      case "lr", "schedule", "momentum", "interpolation", "weight-decay", "clip", "radius",
        "threads", "simulate-gradient":
        .circumstance
      case "seed", "log", "save", "log-every", "config", "collective-timeout", "check-replicas",
        "evaluate-every", "max-abstentions", "epochs", "steps", "batch", "checkpoint",
        "checkpoint-every", "checkpoint-memory", "keep", "resume", "resume-strict",
        "on-failure", "stop-at":
        .neutral
      default: .workload
      }
  }
}

extension LoggedRun {
  /// The facts of one kind, in the order of the head.
  ///
  /// At one rank nothing is sent: there, what concerns the wire is left out, so that one run of one
  /// rank is the base of every route and network.
  func facts(_ kind: FactKind) -> [Fact] {
    var facts = configuration.filter { FactKind(flag: $0.name) == kind && $0.value != .null }
      .map { Fact(name: $0.name, text: $0.value.plainText) }
    switch kind {
    case .method:
      if ranks == 1 { facts.removeAll { Self.wireFlags.contains($0.name) } }
      facts.removeAll { $0.name == "coding" && $0.text == "none" }
    case .workload:
      facts.append(Fact(name: "parameters", text: String(parameters)))
      if ranks > 1, let rate = self["linkGbps"]?.plainText {
        facts.append(Fact(name: "link Gbit/s", text: rate))
      }
    case .circumstance:
      facts += ["cpu", "instructionSet", "mpiLibrary", "oneDNNVersion", "commit"].compactMap {
        name in
        self[name].map { Fact(name: name, text: $0.plainText) }
      }
      if ranks > 1 { facts.append(Fact(name: "placement", text: placement)) }
    case .neutral: break
    }
    return facts
  }

  private static let wireFlags: Set<String> = ["vote", "coding", "mean"]

  /// How ranks lie on nodes.
  private var placement: String {
    guard case .integer(let nodes)? = self["nodes"], nodes > 1 else { return "one node" }
    guard case .array(let counts)? = self["ranksPerNode"] else { return "\(nodes) nodes" }
    let each = counts.map(\.plainText)
    return Set(each).count == 1 ? "\(each[0]) a node" : each.joined(separator: " + ")
  }

  /// The samples of all ranks in a step.
  var globalBatch: Int? { batch.map { $0.multipliedReportingOverflow(by: ranks).partialValue } }

  /// The rate of the links in bits a second, where it is known.
  var linkRate: Double? {
    switch self["linkGbps"] {
    case .number(let value)?: value * 1e9
    case .integer(let value)?: Double(value) * 1e9
    default: nil
    }
  }

  /// Whether the ranks average fp32 gradients and do not vote.
  var averages: Bool { configuration.contains { $0.name == "mean" } }
}

extension JSONValue {
  /// The value for people: a text without its quotes.
  var plainText: String {
    switch self {
    case .string(let text): text
    case .array(let values): values.map(\.plainText).joined(separator: ",")
    case .number(let value) where value == value.rounded() && abs(value) < 1e15:
      String(Int(value))
    default: text
    }
  }
}
