import Checkpoints
import Datasets
import Foundation
import Objectives
import RunLog
import Voting

/// Tells the run log and the console how a run goes.
///
/// Rank 0 alone has one.
final class Reporter {
  /// Seconds between two progress lines on a terminal.
  private static let refreshSeconds = 0.2

  private let plan: RunPlan
  private let layout: ParameterLayout
  private var writer: RunLogWriter?
  private let isTerminal = Console.columns != nil
  private var interval: StepStatistics
  private var intervalStart = Clock.seconds
  private var refreshed = 0.0
  private var accuracy: Double?
  private var loss = Double.nan
  private var wasAbstaining = false
  /// What the replicas were last compared by, since the last record.
  private var comparedHash: WeightHash?
  // Of the whole run.
  private var start = Clock.seconds
  private var samples = 0
  private var abstentions = 0
  private var stepSeconds = 0.0
  private var waitSeconds = 0.0
  private var traffic = Traffic()

  /// A reporter that appends to a log, or to none.
  init(plan: RunPlan, layout: ParameterLayout, writer: consuming RunLogWriter?) {
    self.plan = plan
    self.layout = layout
    self.writer = writer
    interval = StepStatistics(steps: plan.options.logEvery, ranks: plan.ranks)
  }

  /// Starts the clock and writes the head of the run.
  func begin(_ record: RunRecord, headline: [String]) throws {
    for line in headline { Console.print(line) }
    try writer?.append(.run(record))
    intervalStart = Clock.seconds
    start = intervalStart
  }

  /// Takes a step in; every `--log-every` steps there is a record and a line.
  func record(
    step: Int, controls: [ControlBlock], traffic: Traffic, learningRate: Double,
    abstaining: [Int]
  ) {
    interval.add(controls)
    self.traffic += traffic
    if controls[0].flags.contains(.carriesHash) { comparedHash = WeightHash(controls[0].hash) }
    if !abstaining.isEmpty { record(abstaining, controls, step: step) }
    wasAbstaining = !abstaining.isEmpty
    let isDue = (step + 1) % plan.options.logEvery == 0 || step + 1 == plan.totalSteps
    if isTerminal, !isDue, Clock.seconds - refreshed > Self.refreshSeconds {
      showProgress(step: step)
    }
    if isDue { close(step: step, controls, traffic, learningRate) }
  }

  /// Takes in that no step follows, though no record is due: what came since the last one is told.
  func recordRest(
    step: Int, controls: [ControlBlock], traffic: Traffic, learningRate: Double
  ) {
    if interval.samples > 0 { close(step: step, controls, traffic, learningRate) }
  }

  private func close(
    step: Int, _ controls: [ControlBlock], _ traffic: Traffic, _ learningRate: Double
  ) {
    append(.step(stepRecord(step, controls, traffic, learningRate)))
    showProgress(step: step)
    closeInterval()
  }

  private func stepRecord(
    _ step: Int, _ controls: [ControlBlock], _ traffic: Traffic, _ learningRate: Double
  ) -> StepRecord {
    let times = interval.distributions
    let share = controls.reduce(0) { $0 + Double($1.abstainedShare) } / Double(controls.count)
    return StepRecord(
      step: step + 1, epoch: plan.epoch(of: step), loss: interval.loss,
      learningRate: learningRate, samples: interval.samples,
      samplesPerSecond: samplesPerSecond, stepSeconds: times[0], gradientSeconds: times[1],
      packSeconds: times[2], voteWaitSeconds: times[3], applySeconds: times[4],
      bytesSentPerRank: traffic.bytesSent, bytesReceivedPerRank: traffic.bytesReceived,
      bytesModelled: traffic.isModelled,
      ballotBytesSentPerRank: traffic.ballotBytesSent > 0 ? traffic.ballotBytesSent : nil,
      bytesOverlappedPerRank: traffic.bytesOverlapped > 0 ? traffic.bytesOverlapped : nil,
      abstentions: interval.abstentions,
      abstainedShare: share, weightHash: comparedHash?.description)
  }

  private var samplesPerSecond: Double {
    Double(interval.samples) / max(Clock.seconds - intervalStart, 1e-9)
  }

  private func closeInterval() {
    samples += interval.samples
    abstentions += interval.abstentions
    stepSeconds += interval.stepSeconds
    waitSeconds += interval.waitSeconds
    interval.reset()
    comparedHash = nil
    intervalStart = Clock.seconds
  }

  private func showProgress(step: Int) {
    if interval.loss.isFinite { loss = interval.loss }
    let now = Clock.seconds
    let epochs: Int? = if case .epochs(let count) = plan.options.length { count } else { nil }
    let line = ProgressLine(
      epoch: plan.epoch(of: step) + 1, epochs: epochs, step: step + 1, steps: plan.totalSteps,
      samplesPerSecond: samplesPerSecond, loss: loss, accuracy: accuracy,
      secondsLeft: (now - start) / Double(step + 1 - plan.position.step)
        * Double(plan.totalSteps - step - 1),
      voteShare: interval.waitSeconds / max(interval.stepSeconds, 1e-9))
    if let columns = Console.columns {
      Console.rewrite(line.terminalText(width: columns - 1))
      refreshed = now
    } else {
      Console.print(line.text)
    }
  }

  /// One event a rank; the console hears of the first step of a row.
  private func record(_ abstaining: [Int], _ controls: [ControlBlock], step: Int) {
    for rank in abstaining {
      let control = controls[rank]
      var tensor: String?
      var what = "its loss is not finite: it abstains in every tensor"
      if control.flags.contains(.someVoterAbstains) {
        what = "numbers of some of its clients are not finite: they abstain"
      } else if control.abstainedTensors > 0 {
        let name = layout.tensors[Int(control.firstAbstainedTensor)].name
        tensor = name
        what =
          "its gradient is not finite: it abstains in \(name)"
          + (control.abstainedTensors > 1 ? " and \(control.abstainedTensors - 1) more" : "")
      }
      let message = "step \(step): rank \(rank): \(what)"
      append(
        .event(
          EventRecord(
            event: .abstention, step: step, ranks: [rank], tensor: tensor, message: message)))
      if !wasAbstaining { say(message) }
    }
  }

  /// Takes in that something goes another way than asked for.
  func record(fallback message: String) {
    append(
      .event(
        EventRecord(
          event: .fallback, step: 0, ranks: Array(0..<plan.ranks), message: message)))
    say(message)
  }

  /// Takes an evaluation in.
  func record(_ evaluation: Evaluation, steps: Int) {
    accuracy = evaluation.accuracy
    // Evaluations are not part of the time of steps.
    intervalStart += evaluation.seconds
    start += evaluation.seconds
    let classes = evaluation.classAccuracies.map { $0 ?? .nan }
    append(
      .evaluation(
        EvaluationRecord(
          step: steps, epoch: plan.epoch(after: steps),
          split: evaluation.split, samples: evaluation.samples,
          loss: evaluation.loss, perplexity: evaluation.perplexity,
          accuracy: evaluation.accuracy, perClass: classes.isEmpty ? nil : classes,
          evaluationSeconds: evaluation.seconds)))
    guard steps < plan.totalSteps else { return }
    say("step \(steps): \(evaluation.text)")
  }

  /// Prints a line above the progress line.
  private func say(_ line: String) {
    if isTerminal { Console.rewrite("") }
    Console.print(line)
  }

  /// Ends the run: the last record and a few lines.
  func finish(_ outcome: RunOutcome, saved: String?) {
    // Of this job: steps before its checkpoint were another one's.
    let steps = Double(max(outcome.steps - plan.position.step, 1))
    let parameters = Double(layout.count)
    let sentBits = Double(traffic.bytesSent) * 8 / parameters / steps
    let share = waitSeconds / max(stepSeconds, 1e-9)
    let hash = outcome.weightHash.description
    let rate = Double(samples) / max(outcome.trainingSeconds, 1e-9)
    append(
      .summary(
        SummaryRecord(
          steps: outcome.steps, epochs: epochs(after: outcome.steps),
          trainingSeconds: outcome.trainingSeconds, samplesPerSecond: rate,
          finalLoss: outcome.evaluation?.loss ?? loss, accuracy: outcome.evaluation?.accuracy,
          weightHash: hash, bytesSentPerRank: traffic.bytesSent,
          bytesReceivedPerRank: traffic.bytesReceived, bytesModelled: traffic.isModelled,
          bitsPerParameterPerStep: sentBits, voteShare: share, abstentions: abstentions,
          exitReason: outcome.ending.rawValue)))
    if let evaluation = outcome.evaluation { say(evaluation.text) }
    if outcome.ending == .reached, let target = plan.options.stopAt {
      say("\(target) reached after step \(outcome.steps) of \(plan.totalSteps)")
    }
    if outcome.ending == .stopped {
      say("stopped after step \(outcome.steps) of \(plan.totalSteps); start again to go on")
    }
    Console.print(
      "\(outcome.steps - plan.position.step) steps in \(fixed(outcome.trainingSeconds, 2)) s, "
        + "\(fixed(rate, 0)) samples/s, \(fixed(100 * share, 0)) % of the time in the vote")
    Console.print(wireLine(bytes: Double(traffic.bytesSent) / parameters / steps))
    Console.print("weights \(hash)" + (saved.map { " in \($0)" } ?? ""))
    if let log = plan.options.log { Console.print("log     \(log)") }
  }

  private func epochs(after steps: Int) -> Double {
    guard let course = plan.course else { return 0 }
    let place = course.place(before: steps)
    return Double(place.epoch) + Double(place.entry) / Double(course.samples)
  }

  /// Tells of a checkpoint that is complete.
  func record(_ checkpoint: CheckpointRecord) {
    append(.checkpoint(checkpoint))
  }

  /// Tells of something that the user should know, in the log and on the console.
  func warn(
    _ message: String, step: Int, ranks: [Int], event: EventRecord.Kind = .warning
  ) {
    append(.event(EventRecord(event: event, step: step, ranks: ranks, message: message)))
    say(message)
  }

  /// Tells of ranks that died before this part of the run.
  func record(_ death: RankDeath) {
    let hosts = Set(death.hosts).sorted().joined(separator: ", ")
    let message =
      "\(named(death.ranks)) of the launch, on \(hosts), died after step \(death.step): going on "
      + "with \(plan.ranks) ranks from step \(plan.position.step)"
    append(
      .event(
        EventRecord(
          event: .rankDeath, step: death.step, ranks: death.ranks, hosts: death.hosts,
          message: message)))
    say(message)
  }

  /// Tells of a signal that ends the run.
  func recordSignal(_ name: String?, step: Int, ranks: [Int]) {
    let all = ranks.count == plan.ranks ? "all ranks" : named(ranks)
    warn(
      "step \(step): \(name ?? "a signal") came to \(all): the run stops here", step: step,
      ranks: ranks, event: .signal)
  }

  /// What a rank sends, beside an all-reduce of fp32 gradients.
  private func wireLine(bytes: Double) -> String {
    let dense = 8 * Double(plan.ranks - 1) / Double(plan.ranks)
    let modelled = traffic.isModelled ? " (modelled)" : ""
    return "sent    \(fixed(bytes, 3)) bytes per parameter and step and rank\(modelled); "
      + "all-reduce of fp32 gradients: \(fixed(dense, 3))"
  }

  /// A log that cannot be written any more is said and ended; the run goes on.
  private func append(_ record: LogRecord) {
    do throws(RunLogError) {
      try writer?.append(record)
    } catch {
      writer = nil
      say("\(error); the run goes on without its log")
    }
  }
}

extension Evaluation {
  /// One line for people.
  var text: String {
    let loss = fixed(loss, 4)
    if let perplexity {
      return "\(split.rawValue) loss \(loss) nats per byte, perplexity \(fixed(perplexity, 3)) "
        + "(\(samples) bytes)"
    }
    guard let accuracy else { return "\(split.rawValue) loss \(loss)" }
    return
      "\(split.rawValue) accuracy \(fixed(100 * accuracy, 2)) %, loss \(loss) (\(samples) samples)"
  }
}
