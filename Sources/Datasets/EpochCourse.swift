/// Which entries of which epoch's permutation each step of a run uses.
///
/// With n samples and S samples a step (of all voters together) an epoch has ceil(n / S) steps, and
/// its k-th step uses the entries from k · S up to min((k + 1) · S, n). A run that goes on with
/// another number of ranks, so with another S, first uses up the rest of the epoch that it was in:
/// the entries from `start.entry` on, S at a time. So each sample of that epoch is still used
/// exactly once, and for the same S nothing changes.
public struct EpochCourse: Hashable, Sendable {
  /// A place in the course, between two steps.
  public struct Place: Hashable, Sendable {
    /// The number of steps done.
    public var step: Int
    /// The epoch that goes on or comes next, from 0.
    public var epoch: Int
    /// The number of its entries that are used, less than there are.
    public var entry: Int

    /// A place.
    public init(step: Int = 0, epoch: Int = 0, entry: Int = 0) {
      self.step = step
      self.epoch = epoch
      self.entry = entry
    }
  }

  /// The number n of samples of an epoch.
  public let samples: Int
  /// The number S of samples of a step, at most n.
  public let samplesPerStep: Int
  /// Where the course begins.
  public let start: Place

  /// A course.
  ///
  /// - Precondition: Both numbers are positive; the start lies in an epoch.
  public init(samples: Int, samplesPerStep: Int, start: Place = Place()) {
    precondition(samples > 0 && samplesPerStep > 0, "\(samples) samples, \(samplesPerStep) a step")
    precondition(
      start.step >= 0 && start.epoch >= 0 && start.entry >= 0 && start.entry < samples,
      "\(start) lies in no epoch of \(samples) samples")
    self.samples = samples
    self.samplesPerStep = min(samplesPerStep, samples)
    self.start = start
  }

  /// The number of steps of a whole epoch.
  public var stepsPerEpoch: Int { steps(for: samples) }

  /// The number of steps from the beginning to the end of so many epochs.
  public func steps(toEndOfEpochs epochs: Int) -> Int {
    guard epochs > start.epoch else { return start.step }
    let (whole, overflow) = (epochs - start.epoch - 1).multipliedReportingOverflow(
      by: stepsPerEpoch)
    return overflow || whole > Int.max / 2
      ? .max : start.step + steps(for: samples - start.entry) + whole
  }

  /// The place before a step.
  ///
  /// - Precondition: `step` is not before the start.
  public func place(before step: Int) -> Place {
    precondition(step >= start.step, "step \(step) lies before the start at \(start.step)")
    let done = step - start.step
    let first = steps(for: samples - start.entry)
    guard done >= first else {
      return Place(step: step, epoch: start.epoch, entry: start.entry + done * samplesPerStep)
    }
    let (epochs, steps) = (done - first).quotientAndRemainder(dividingBy: stepsPerEpoch)
    return Place(step: step, epoch: start.epoch + 1 + epochs, entry: steps * samplesPerStep)
  }

  /// The entries that a step uses, and the epoch that they belong to.
  ///
  /// - Precondition: `step` is not before the start.
  public func entries(of step: Int) -> (epoch: Int, entries: Range<Int>) {
    let place = place(before: step)
    return (place.epoch, place.entry..<min(place.entry + samplesPerStep, samples))
  }

  private func steps(for entries: Int) -> Int { (entries - 1) / samplesPerStep + 1 }
}
