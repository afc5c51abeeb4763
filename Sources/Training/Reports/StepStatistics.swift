import RunLog
import Voting

/// What the control blocks of all ranks told since the last step record.
///
/// Room for the steps of an interval is made once.
struct StepStatistics {
  /// Samples of all ranks.
  private(set) var samples = 0
  /// Ranks that abstained because of numbers that are not finite, counted per step.
  private(set) var abstentions = 0
  private var lossSum = 0.0
  private var lossSamples = 0
  private var steps: [Double] = []
  private var gradients: [Double] = []
  private var packs: [Double] = []
  private var waits: [Double] = []
  private var applies: [Double] = []

  init(steps: Int, ranks: Int) {
    let capacity = min(Memory.product(steps, ranks), 1 << 20)
    self.steps.reserveCapacity(capacity)
    gradients.reserveCapacity(capacity)
    packs.reserveCapacity(capacity)
    waits.reserveCapacity(capacity)
    applies.reserveCapacity(capacity)
  }

  /// Takes the control blocks of a step in.
  mutating func add(_ controls: [ControlBlock]) {
    for control in controls {
      samples += Int(control.samples)
      if control.reportsAbstention { abstentions += 1 }
      if control.loss.isFinite {
        lossSum += control.loss * Double(control.samples)
        lossSamples += Int(control.samples)
      }
      // The times are those of the step before, so the first step has none.
      guard control.times.step > 0 else { continue }
      steps.append(Double(control.times.step))
      gradients.append(Double(control.times.gradient))
      packs.append(Double(control.times.pack))
      waits.append(Double(control.times.voteWait))
      applies.append(Double(control.times.apply))
    }
  }

  /// The mean loss of the samples; NaN where there is none.
  var loss: Double { lossSamples == 0 ? .nan : lossSum / Double(lossSamples) }

  /// The seconds of steps and the seconds waited for votes, summed over ranks and steps.
  var stepSeconds: Double { steps.reduce(0, +) }
  var waitSeconds: Double { waits.reduce(0, +) }

  /// The distributions over ranks and steps, in the order step, gradient, pack, wait, apply.
  var distributions: [Distribution] {
    [steps, gradients, packs, waits, applies].map { values in
      values.isEmpty
        ? Distribution(median: 0, p95: 0, maximum: 0) : Distribution(of: values)
    }
  }

  /// Forgets everything, keeping the room.
  mutating func reset() {
    samples = 0
    abstentions = 0
    lossSum = 0
    lossSamples = 0
    steps.removeAll(keepingCapacity: true)
    gradients.removeAll(keepingCapacity: true)
    packs.removeAll(keepingCapacity: true)
    waits.removeAll(keepingCapacity: true)
    applies.removeAll(keepingCapacity: true)
  }
}
