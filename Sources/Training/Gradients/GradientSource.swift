import AlignedBuffers
import Datasets
import Objectives
import SignDescent

/// The gradients of the voters that a rank hosts, at whatever point an algorithm asks for.
///
/// Each voter draws its batches in order; draw k of voter v is the same whatever the number of
/// ranks. A gradient is clipped here, and here faults are injected. With `--simulate-gradient` it is
/// computed as always, and the rank sleeps for what is left of the time.
final class GradientSource {
  /// What a gradient was computed from.
  struct Draw {
    /// The samples of all batches.
    var samples = 0
    /// The mean loss; of several batches the mean of theirs.
    var loss = 0.0
  }

  /// Seconds spent in batches and gradients since `begin(step:)`, without those of observers.
  private(set) var seconds = 0.0
  private let workload: Workload
  private let fault: FaultInjection?
  private let clip: GradientClip?
  private let localSteps: LocalSteps?
  private let accumulation: GradientAccumulation?
  private let leastSeconds: Double
  private let firstVoter: Int
  /// The number of batches that each hosted voter has drawn.
  private var draws: AlignedBuffer<UInt64>
  private let electorate: Electorate
  private let reader: BatchReader
  /// Called before each part of a gradient: a step may have many.
  private let whileWorking: () -> Void
  private var step = 0

  init(
    plan: RunPlan, electorate: Electorate, workload: Workload, fault: FaultInjection?,
    whileWorking: @escaping () -> Void = {}
  ) {
    self.whileWorking = whileWorking
    self.workload = workload
    self.fault = fault
    clip = plan.options.clip.map { GradientClip(norm: $0) }
    leastSeconds = (plan.options.simulateGradient ?? 0) * 1e-3
    localSteps = plan.cohort.flatMap { cohort in
      cohort.localSteps < 2
        ? nil
        : LocalSteps(
          count: cohort.localSteps, learningRate: cohort.localLearningRate,
          parameters: workload.objective.layout.count)
    }
    accumulation =
      plan.options.accumulate < 2
      ? nil : GradientAccumulation(parameters: workload.objective.layout.count)
    firstVoter = electorate.hosted.lowerBound
    draws = AlignedBuffer(
      repeating: UInt64(plan.position.step), count: electorate.hosted.count)
    self.electorate = electorate
    reader = BatchReader(plan: plan, electorate: electorate, workload: workload)
  }

  /// Starts a step of the run.
  func begin(step: Int) {
    self.step = step
    seconds = 0
  }

  /// The gradient of a hosted voter on its next batches.
  ///
  /// - Parameters:
  ///   - voter: One of the electorate's hosted voters.
  ///   - point: The parameters.
  ///   - gradient: All written, unless there is no sample.
  ///   - observer: Told of what is final while the rest is computed, where nothing changes it later.
  func gradient(
    of voter: Int, at point: Span<Float>, into gradient: inout AlignedBuffer<Float>,
    observer: EarlyBallot? = nil
  ) throws -> Draw {
    let start = Clock.seconds
    defer { seconds += Clock.seconds - start - (observer?.seconds ?? 0) }
    let draw = try computed(of: voter, at: point, into: &gradient, observer: observer)
    try pad(from: start, observer)
    return draw
  }

  private func computed(
    of voter: Int, at point: Span<Float>, into gradient: inout AlignedBuffer<Float>,
    observer: EarlyBallot?
  ) throws -> Draw {
    var draw = Draw()
    if let localSteps {
      try localSteps.run(from: point, into: &gradient) { point, gradient in
        load(voter)
        draw.samples += reader.drawCount
        draw.loss += try compute(at: point, into: &gradient) / Double(localSteps.count)
      }
      return draw
    }
    load(voter)
    guard reader.drawCount > 0 else { return draw }
    draw.samples = reader.drawCount
    draw.loss = try compute(at: point, into: &gradient, observer: observer)
    return draw
  }

  /// The gradient on the batch that was drawn last, at another point; running statistics do not move.
  func repeated(at point: Span<Float>, into gradient: inout AlignedBuffer<Float>) throws {
    let start = Clock.seconds
    let statistics = workload.objective.statistics
    statistics?.areHeld = true
    defer {
      statistics?.areHeld = false
      seconds += Clock.seconds - start
    }
    _ = try compute(at: point, into: &gradient)
    try pad(from: start, nil)
  }

  /// Sleeps until a gradient that began at a time has taken as long as it shall; a vote that is
  /// under way goes on meanwhile.
  private func pad(from start: Double, _ observer: EarlyBallot?) throws {
    while true {
      let rest = leastSeconds - (Clock.seconds - start - (observer?.seconds ?? 0))
      guard rest > 0 else { return }
      Clock.sleep(seconds: observer == nil ? rest : min(rest, 1e-3))
      try observer?.didWork()
    }
  }

  /// Lends the numbers of batches that clients have drawn, to be saved or restored.
  ///
  /// Where ranks vote, each draws one batch a step.
  func withState(_ body: StateVisitor) throws {
    guard electorate.areClients else { return }
    try draws.visit("draws", electorate.place(elementsPerVoter: 1), body)
  }

  private func load(_ voter: Int) {
    let place = voter - firstVoter
    reader.read(BatchRequest(voter: voter, draw: Int(draws[place])))
    draws[place] += 1
  }

  private func compute(
    at point: Span<Float>, into gradient: inout AlignedBuffer<Float>,
    observer: EarlyBallot? = nil
  ) throws -> Double {
    let changesLater = fault != nil || clip != nil
    var loss = try mean(at: point, into: &gradient, observer: changesLater ? nil : observer)
    fault?.corrupt(gradient: gradient.mutableSpan, loss: &loss, atStep: step)
    clip?.apply(to: gradient.mutableSpan)
    return loss
  }

  /// Loss and gradient on the samples that were drawn last, in as many parts as `--accumulate` says.
  private func mean(
    at point: Span<Float>, into gradient: inout AlignedBuffer<Float>,
    observer: (any GradientObserver)?
  ) throws -> Double {
    guard let accumulation else {
      return try part(0, at: point, into: &gradient, observer: observer)
    }
    return try accumulation.run(reader.parts, into: &gradient, observer: observer) {
      number, gradient, observer in
      try part(number, at: point, into: &gradient, observer: observer)
    }
  }

  private func part(
    _ number: Int, at point: Span<Float>, into gradient: inout AlignedBuffer<Float>,
    observer: (any GradientObserver)?
  ) throws -> Double {
    whileWorking()
    reader.read(part: number)
    return try reader.withBatch { batch in
      try workload.objective.gradient(
        at: point, on: batch, into: gradient.mutableSpan, observer: observer)
    }
  }
}
