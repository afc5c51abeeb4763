/// The steps of a run that were logged, small enough that a million of them stay in memory.
///
/// At most `capacity` entries are kept, evenly spaced: beyond, every second one is dropped. Sums
/// over steps are taken before, so they stay exact.
public struct StepHistory: Sendable {
  /// The number of entries that are kept.
  public static let capacity = 1 << 17

  /// A phase of a step.
  public enum Phase: Int, CaseIterable, Sendable {
    /// The whole step.
    case step
    /// Computing the gradient.
    case gradient
    /// Momentum and packing.
    case pack
    /// Waiting for the vote.
    case voteWait
    /// Applying the verdict.
    case apply
  }

  /// Seconds of a phase, over the ranks and the steps of an entry; NaN where they are not logged.
  public struct Figures: Hashable, Sendable {
    /// The middle.
    public var median = Float.nan
    /// What 95 % do not exceed.
    public var p95 = Float.nan
    /// The largest.
    public var maximum = Float.nan
  }

  /// One logged step, with sums over the run up to it.
  public struct Entry: Sendable {
    /// The number of steps done.
    public var step = 0
    /// Samples of all ranks so far.
    public var samples = 0.0
    /// Seconds of steps so far, without evaluations.
    public var seconds = 0.0
    /// Bytes a rank sent so far.
    public var bytes = 0.0
    /// The mean loss since the entry before; NaN where none is logged.
    public var loss = Float.nan
    /// Bytes that a rank sent in the step; NaN where they are not logged.
    public var bytesSent = Float.nan
    /// Bytes that a rank received in the step; NaN where they are not logged.
    public var bytesReceived = Float.nan
    /// Of the bytes sent those before the gradient was complete; NaN where they are not logged.
    public var bytesOverlapped = Float.nan
    /// Samples a second since the entry before.
    public var samplesPerSecond = Float.nan
    private var figures = (Figures(), Figures(), Figures(), Figures(), Figures())

    /// The entry before the first step.
    public init() {}

    /// The seconds of a phase.
    public subscript(phase: Phase) -> Figures {
      get {
        switch phase {
        case .step: figures.0
        case .gradient: figures.1
        case .pack: figures.2
        case .voteWait: figures.3
        case .apply: figures.4
        }
      }
      set {
        switch phase {
        case .step: figures.0 = newValue
        case .gradient: figures.1 = newValue
        case .pack: figures.2 = newValue
        case .voteWait: figures.3 = newValue
        case .apply: figures.4 = newValue
        }
      }
    }
  }

  /// The entries kept, in the order of their steps.
  public private(set) var entries: [Entry] = []
  /// The last entry, which may not be among those kept.
  public private(set) var last: Entry?
  /// The number of entries that came.
  public private(set) var count = 0
  private var stride = 1

  init() {}

  /// Appends an entry whose sums are still those of its own interval.
  ///
  /// - Parameter interval: Seconds and samples since the entry before, bytes of its step.
  mutating func append(_ interval: Entry) {
    var entry = interval
    let previous = last ?? Entry()
    let steps = Double(max(entry.step - previous.step, 1))
    entry.samples += previous.samples
    entry.seconds += previous.seconds
    entry.bytes = previous.bytes + (entry.bytesSent.isFinite ? Double(entry.bytesSent) * steps : 0)
    last = entry
    if count % stride == 0 { entries.append(entry) }
    count += 1
    guard entries.count == Self.capacity else { return }
    for index in 0..<Self.capacity / 2 { entries[index] = entries[2 * index] }
    entries.removeLast(Self.capacity / 2)
    stride *= 2
  }

  /// Forgets the steps from this one on: a run that goes on from a checkpoint makes them again.
  ///
  /// Of a thinned history the sums go on from the last entry that is kept before it.
  mutating func rewind(to step: Int) {
    entries.removeAll { $0.step >= step }
    if let last, last.step >= step { self.last = entries.last }
  }
}
