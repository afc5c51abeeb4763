/// A step as it is scanned.
struct ScannedStep {
  /// The figures, the sums being those of the record's own interval.
  var entry = StepHistory.Entry()
  /// Whether the bytes are modelled.
  var isModelled = false

  /// Reads the members that a comparison needs and skips the others.
  init(_ scanner: inout JSONScanner) throws {
    var step: Int?
    var samples = 0.0
    var rate = 0.0
    var entry = StepHistory.Entry()
    var isModelled = false
    try scanner.members { (scanner, name) throws(JSONDefect) in
      switch () {
      case _ where scanner.name(name, is: "step"): step = try scanner.integer()
      case _ where scanner.name(name, is: "loss"): entry.loss = Float(try scanner.number())
      case _ where scanner.name(name, is: "samples"): samples = try scanner.number()
      case _ where scanner.name(name, is: "samplesPerSecond"): rate = try scanner.number()
      case _ where scanner.name(name, is: "bytesSentPerRank"):
        entry.bytesSent = Float(try scanner.number())
      case _ where scanner.name(name, is: "bytesOverlappedPerRank"):
        entry.bytesOverlapped = Float(try scanner.number())
      case _ where scanner.name(name, is: "bytesReceivedPerRank"):
        entry.bytesReceived = Float(try scanner.number())
      case _ where scanner.name(name, is: "bytesModelled"): isModelled = try scanner.bool()
      case _ where scanner.name(name, is: "stepSeconds"):
        entry[.step] = try Self.figures(&scanner)
      case _ where scanner.name(name, is: "gradientSeconds"):
        entry[.gradient] = try Self.figures(&scanner)
      case _ where scanner.name(name, is: "packSeconds"):
        entry[.pack] = try Self.figures(&scanner)
      case _ where scanner.name(name, is: "voteWaitSeconds"):
        entry[.voteWait] = try Self.figures(&scanner)
      case _ where scanner.name(name, is: "applySeconds"):
        entry[.apply] = try Self.figures(&scanner)
      default: try scanner.skip()
      }
    }
    try scanner.finish()
    guard let step, step >= 1 else {
      throw RunLogError.Defect.notARecord(reason: "a step without a positive 'step'")
    }
    let median = Double(entry[.step].median)
    let seconds = rate > 0 ? samples / rate : median
    for (name, value) in [
      ("stepSeconds.median", median), ("samples", samples), ("samplesPerSecond", rate),
      ("samples over samplesPerSecond", seconds),
    ] {
      guard value.isFinite, value >= 0 else {
        throw RunLogError.Defect.unsuitableFigure(name: name)
      }
    }
    entry.step = step
    entry.samples = samples
    entry.samplesPerSecond = Float(rate)
    entry.seconds = seconds
    self.entry = entry
    self.isModelled = isModelled
  }

  private static func figures(
    _ scanner: inout JSONScanner
  ) throws(JSONDefect) -> StepHistory.Figures {
    var figures = StepHistory.Figures()
    try scanner.members { (scanner, name) throws(JSONDefect) in
      switch () {
      case _ where scanner.name(name, is: "median"): figures.median = Float(try scanner.number())
      case _ where scanner.name(name, is: "p95"): figures.p95 = Float(try scanner.number())
      case _ where scanner.name(name, is: "maximum"): figures.maximum = Float(try scanner.number())
      default: try scanner.skip()
      }
    }
    return figures
  }
}

extension LoggedRun.Evaluation {
  /// Reads the members that a comparison needs.
  init(_ scanner: inout JSONScanner) throws {
    var step: Int?
    var evaluation = LoggedRun.Evaluation(step: 0, split: "", samples: 0, loss: .nan)
    try scanner.members { (scanner, name) throws(JSONDefect) in
      switch () {
      case _ where scanner.name(name, is: "step"): step = try scanner.integer()
      case _ where scanner.name(name, is: "split"): evaluation.split = try scanner.string()
      case _ where scanner.name(name, is: "samples"): evaluation.samples = try scanner.integer()
      case _ where scanner.name(name, is: "loss"): evaluation.loss = try scanner.number()
      case _ where scanner.name(name, is: "accuracy"):
        if !scanner.skipNull() { evaluation.accuracy = try scanner.number() }
      default: try scanner.skip()
      }
    }
    try scanner.finish()
    guard let step, step >= 0 else {
      throw RunLogError.Defect.notARecord(reason: "an evaluation without a 'step'")
    }
    evaluation.step = step
    self = evaluation
  }
}

extension LoggedRun.Summary {
  /// Reads the members that a comparison needs.
  init(_ scanner: inout JSONScanner) throws {
    var steps: Int?
    var summary = LoggedRun.Summary(
      steps: 0, trainingSeconds: .nan, finalLoss: .nan, exitReason: "")
    try scanner.members { (scanner, name) throws(JSONDefect) in
      switch () {
      case _ where scanner.name(name, is: "steps"): steps = try scanner.integer()
      case _ where scanner.name(name, is: "trainingSeconds"):
        summary.trainingSeconds = try scanner.number()
      case _ where scanner.name(name, is: "finalLoss"): summary.finalLoss = try scanner.number()
      case _ where scanner.name(name, is: "accuracy"):
        if !scanner.skipNull() { summary.accuracy = try scanner.number() }
      case _ where scanner.name(name, is: "exitReason"): summary.exitReason = try scanner.string()
      default: try scanner.skip()
      }
    }
    try scanner.finish()
    guard let steps, steps >= 0 else {
      throw RunLogError.Defect.notARecord(reason: "a summary without 'steps'")
    }
    summary.steps = steps
    self = summary
  }
}
