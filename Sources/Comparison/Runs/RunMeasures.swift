import Plots
import RunLog

/// The figures of one run.
///
/// The first logged interval is warm-up and left out, where there is another one. A phase's median
/// and p95 are the medians of those that were logged, its maximum the largest.
struct RunMeasures: Sendable {
  /// Seconds of a phase.
  struct Phase: Sendable {
    var median: Double
    var p95: Double
    var maximum: Double
  }

  /// The seconds of each phase, in the order of `StepHistory.Phase`, `other` last: what of a step
  /// no phase accounts for.
  let phases: [Phase]
  /// The uncertainty of the step's median by the spread of what was logged: its standard error.
  let stepError: Double
  /// Samples of all ranks a second.
  let samplesPerSecond: Double
  /// Bytes a rank sent for a parameter in a step.
  let bytesSent: Double
  /// Bytes a rank received for a parameter in a step.
  let bytesReceived: Double
  /// The share of the bytes that were on their way before the gradient was complete; nil where the
  /// log does not tell.
  let hiddenShare: Double?
  /// The loss of the last evaluation, or of the last logged step.
  let finalLoss: Double
  /// The accuracy of the last evaluation.
  let accuracy: Double?

  init(_ run: LoggedRun) {
    let all = run.steps.entries
    let entries = all.count > 1 ? all.dropFirst() : all[...]
    func middle(_ figure: (StepHistory.Entry) -> Float) -> Double {
      entries.map { Double(figure($0)) }.filter(\.isFinite).median
    }
    var phases = StepHistory.Phase.allCases.map { phase in
      Phase(
        median: middle { $0[phase].median }, p95: middle { $0[phase].p95 },
        maximum: entries.map { Double($0[phase].maximum) }.filter(\.isFinite).max() ?? .nan)
    }
    let known = phases.dropFirst().map(\.median).reduce(0, +)
    phases.append(Phase(median: max(phases[0].median - known, 0), p95: .nan, maximum: .nan))
    self.phases = phases
    let step = phases[0].median
    let deviations = entries.map { abs(Double($0[.step].median) - step) }
    // Of a normal distribution: 1.4826 x the median deviation is sigma, and a median's standard
    // error is 1.2533 x sigma / sqrt(n).
    stepError = 1.2533 * 1.4826 * deviations.median / Double(max(entries.count, 1)).squareRoot()
    if let first = all.first, let last = run.steps.last, last.seconds > first.seconds {
      samplesPerSecond = (last.samples - first.samples) / (last.seconds - first.seconds)
    } else {
      samplesPerSecond = middle(\.samplesPerSecond)
    }
    bytesSent = middle(\.bytesSent) / Double(run.parameters)
    bytesReceived = middle(\.bytesReceived) / Double(run.parameters)
    let overlapped = middle(\.bytesOverlapped) / middle(\.bytesSent)
    hiddenShare = overlapped.isFinite ? overlapped : nil
    finalLoss =
      run.summary?.finalLoss ?? run.evaluations.last?.loss
      ?? Double(run.steps.last?.loss ?? .nan)
    accuracy = run.summary?.accuracy ?? run.evaluations.last?.accuracy
  }

  /// The median seconds of a step.
  var stepSeconds: Double { phases[0].median }

  /// The median seconds of a phase.
  func seconds(_ phase: StepHistory.Phase) -> Double { phases[phase.rawValue].median }
}

extension LoggedRun {
  /// The training loss when so many samples were seen: the mean of the last tenth before.
  func loss(atSamples samples: Double) -> Double {
    let losses = steps.entries.filter { $0.samples <= samples && $0.samples > 0.9 * samples }
      .map { Double($0.loss) }.filter(\.isFinite)
    return losses.reduce(0, +) / Double(losses.count)
  }

  /// What a run took to a target.
  struct Reached {
    let step: Int
    let seconds: Double
    let bytes: Double
  }

  /// The first evaluation on held-out samples that reaches a target; nil where none does.
  func reached(_ target: Target) -> Reached? {
    let held = evaluations.filter { $0.split != "train" }
    guard let evaluation = held.first(where: target.isReached) else { return nil }
    let after = steps.entries.first { $0.step >= evaluation.step } ?? steps.last
    let before = steps.entries.last { $0.step < evaluation.step } ?? StepHistory.Entry()
    guard let after, after.step > before.step else { return nil }
    let part = Double(evaluation.step - before.step) / Double(after.step - before.step)
    return Reached(
      step: evaluation.step, seconds: before.seconds + part * (after.seconds - before.seconds),
      bytes: before.bytes + part * (after.bytes - before.bytes))
  }
}

/// What a run should reach.
public enum Target: Sendable {
  /// An accuracy of at least this, from 0 to 1.
  case accuracy(Double)
  /// A loss of at most this.
  case loss(Double)

  func isReached(_ evaluation: LoggedRun.Evaluation) -> Bool {
    switch self {
    case .accuracy(let least): evaluation.accuracy.map { $0 >= least } ?? false
    case .loss(let most): evaluation.loss <= most
    }
  }

  var text: String {
    switch self {
    case .accuracy(let least): "accuracy \(number(least))"
    case .loss(let most): "loss \(number(most))"
    }
  }
}
