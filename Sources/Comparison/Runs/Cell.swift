import RunLog

/// Runs that repeat each other: they agree in every fact, and may differ in the seed.
struct Cell: Sendable {
  let runs: [LoggedRun]
  let measures: [RunMeasures]
  let method: [Fact]
  let workload: [Fact]
  let circumstances: [Fact]

  init(_ runs: [LoggedRun]) {
    self.runs = runs
    measures = runs.map(RunMeasures.init)
    method = runs[0].facts(.method)
    workload = runs[0].facts(.workload)
    circumstances = runs[0].facts(.circumstance)
  }

  /// Runs grouped into cells, in the order of methods, batches and ranks.
  static func group(_ runs: [LoggedRun]) -> [Cell] {
    var places: [Key: Int] = [:]
    var groups: [[LoggedRun]] = []
    for run in runs {
      let key = Key(run)
      if let place = places[key] {
        groups[place].append(run)
      } else {
        places[key] = groups.count
        groups.append([run])
      }
    }
    return groups.map(Cell.init)
  }

  private struct Key: Hashable {
    let ranks: Int
    let batch: Int?
    let facts: [Fact]

    init(_ run: LoggedRun) {
      ranks = run.ranks
      batch = run.batch
      facts = [FactKind.method, .workload, .circumstance].flatMap(run.facts)
    }
  }

  var ranks: Int { runs[0].ranks }
  var parameters: Int { runs[0].parameters }
  var batch: Int? { runs[0].batch }
  var globalBatch: Int? { runs[0].globalBatch }
  var averages: Bool { runs[0].averages }
  /// The facts that say what is computed and how.
  var identity: [Fact] { method + workload }
  /// All facts.
  var facts: [Fact] { method + workload + circumstances }

  /// The value of a fact.
  func text(of name: String) -> String? { facts.first { $0.name == name }?.text }

  /// A figure over the repetitions.
  func spread(_ figure: (RunMeasures) -> Double?) -> Spread? { Spread(measures.map(figure)) }

  /// The seconds of a step over the repetitions.
  var stepSeconds: Spread? { spread(\.stepSeconds) }

  /// Where the first run is found.
  var place: String { "\(runs[0].file):\(runs[0].line)" }
}
