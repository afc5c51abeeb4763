/// The runs of a log, read line by line without keeping the lines.
///
/// A log may come from elsewhere: whatever is not understood is named with its line and left out,
/// and the rest still counts. Lines may end as on Windows. 1 GB takes some seconds and the memory
/// of the figures that are kept, see `StepHistory`.
public struct LogFile: Sendable {
  /// The number of problems that are listed; the others are only counted.
  public static let listedProblems = 20

  /// The runs in the order of the file; a run that went on after a checkpoint is one.
  public private(set) var runs: [LoggedRun] = []
  /// Votes that were timed by themselves.
  public private(set) var votes: [VoteTiming] = []
  /// What was left out and why.
  public private(set) var problems: [RunLogError] = []
  /// The number of problems that are not listed.
  public private(set) var unlistedProblems = 0
  private let path: String
  /// The run whose records come; nil before the first head and after one that was refused.
  private var current: Int?
  private var isRefused = false
  private var isResuming = false
  /// The evaluations from before the last resumption.
  private var oldEvaluations = 0

  /// Reads a log.
  ///
  /// - Throws: `RunLogError` when the file cannot be read.
  /// - Complexity: O(bytes of the file).
  public init(path: String) throws(RunLogError) {
    self.path = path
    var reader = try LineReader(path: path)
    while var range = try reader.next() {
      if reader.line == 1, reader.bytes[range].starts(with: [0xEF, 0xBB, 0xBF]) {
        range = range.lowerBound + 3..<range.upperBound
      }
      var scanner = JSONScanner(reader.bytes, range)
      guard scanner.next() != nil else { continue }
      do {
        try take(&scanner, line: reader.line)
      } catch let error as RunLogError.Defect {
        note(error, line: reader.line)
      } catch {
        let reason = (error as? JSONDefect)?.reason ?? "\(error)"
        note(reader.isEnded ? .notARecord(reason: reason) : .cutOff, line: reader.line)
      }
    }
  }

  private mutating func note(_ defect: RunLogError.Defect, line: Int) {
    if problems.count < Self.listedProblems {
      problems.append(RunLogError(file: path, line: line, defect))
    } else {
      unlistedProblems += 1
    }
  }

  private mutating func take(_ scanner: inout JSONScanner, line: Int) throws {
    let start = scanner
    switch try Self.type(&scanner) {
    case .run:
      scanner = start
      let value = try scanner.value()
      try scanner.finish()
      try begin(value, line: line)
    case .step:
      scanner = start
      let record = try ScannedStep(&scanner)
      try append(record)
    case .evaluation:
      scanner = start
      let evaluation = try LoggedRun.Evaluation(&scanner)
      guard let current = try place() else { return }
      if isResuming { rewindEvaluations(of: current, to: evaluation.step) }
      runs[current].evaluations.append(evaluation)
    case .summary:
      scanner = start
      let summary = try LoggedRun.Summary(&scanner)
      guard let current = try place() else { return }
      runs[current].summary = summary
    case .vote:
      scanner = start
      votes.append(try VoteTiming(&scanner))
    case .other: return
    }
  }

  /// The place of the run that records belong to; nil where it was refused.
  private mutating func place() throws(RunLogError.Defect) -> Int? {
    if let current { return current }
    if isRefused { return nil }
    isRefused = true
    throw .headless
  }

  /// Forgets the evaluations that a run which goes on from a checkpoint makes again.
  private mutating func rewindEvaluations(of run: Int, to step: Int) {
    let old = runs[run].evaluations.prefix(oldEvaluations)
    let kept = old.prefix { $0.step < step }.count
    runs[run].evaluations.removeSubrange(kept..<oldEvaluations)
    oldEvaluations = kept
  }

  private mutating func begin(_ value: JSONValue, line: Int) throws(RunLogError.Defect) {
    current = nil
    isRefused = true
    isResuming = false
    let run = try LoggedRun(head: value, file: path, line: line)
    isRefused = false
    if let known = runs.firstIndex(where: { $0.identifier == run.identifier }) {
      isRefused = true
      guard runs[known].startedAt != run.startedAt else {
        throw .sameRun(identifier: run.identifier, file: path, line: runs[known].line)
      }
      guard runs[known].ranks == run.ranks else {
        throw .otherRanks(
          found: run.ranks, line: runs[known].line, before: runs[known].ranks)
      }
      isRefused = false
      runs[known].resumed += 1
      runs[known].summary = nil
      current = known
      isResuming = true
      oldEvaluations = runs[known].evaluations.count
      return
    }
    runs.append(run)
    current = runs.count - 1
  }

  private mutating func append(_ record: ScannedStep) throws(RunLogError.Defect) {
    guard let current = try place() else { return }
    if let previous = runs[current].steps.last?.step, record.entry.step <= previous {
      guard isResuming else { throw .backwards(step: record.entry.step, previous: previous) }
      runs[current].steps.rewind(to: record.entry.step)
    }
    if isResuming { rewindEvaluations(of: current, to: record.entry.step) }
    isResuming = false
    if record.isModelled { runs[current].areBytesModelled = true }
    runs[current].steps.append(record.entry)
  }

  // MARK: The type of a line

  private enum RecordType: CaseIterable {
    case step
    case evaluation
    case run
    case summary
    case vote
    case other

    var name: StaticString {
      switch self {
      case .step: "step"
      case .evaluation: "evaluation"
      case .run: "run"
      case .summary: "summary"
      case .vote: "vote"
      case .other: "other"
      }
    }
  }

  private static func type(_ scanner: inout JSONScanner) throws(JSONDefect) -> RecordType {
    var type: RecordType?
    do {
      try scanner.members { (scanner, name) throws(JSONDefect) in
        guard type == nil, scanner.name(name, is: "type") else { return try scanner.skip() }
        guard scanner.next() == UInt8(ascii: "\"") else { throw JSONDefect("a 'type' of no text") }
        let text = try scanner.skipString()
        type = RecordType.allCases.first { scanner.name(text, is: $0.name) } ?? .other
        // The first member is the type in a log of ours: the rest need not be walked.
        throw JSONDefect("enough")
      }
    } catch {
      guard type != nil else { throw error }
    }
    guard let type else { throw JSONDefect("no 'type'") }
    return type
  }
}
