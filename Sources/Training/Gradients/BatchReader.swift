import Datasets
import Dispatch
import Foundation
import Objectives

/// A batch that is asked for.
struct BatchRequest: Equatable {
  let voter: Int
  /// The number of the voter's draw.
  let draw: Int
  /// The part of it, of those of `--accumulate`.
  var part = 0
}

/// The batches that a rank asks for; the next one is loaded while a gradient is computed.
///
/// By a thread that calls no MPI, where the rank hosts one voter, so that the next one is known, and
/// where loading takes long enough to be worth it. A batch that was not loaded ahead is loaded when it
/// is asked for; it is the same either way. Nothing is allocated after the first batches. Memory: two
/// batches, one where nothing is loaded ahead.
final class BatchReader {
  private var current: LoadedBatch
  private let loader: BatchLoader
  private let looksAhead: Bool
  /// Handing over to a thread and back took 20 µs on two cores.
  private static let leastSeconds = 40e-6

  init(plan: RunPlan, electorate: Electorate, workload: Workload) {
    looksAhead = electorate.hosted.count == 1 && workload.data != nil
    loader = BatchLoader(plan: plan, electorate: electorate, workload: workload)
    current = loader.makeBatch()
    if looksAhead { loader.next = loader.makeBatch() }
    if looksAhead { loader.startThread() }
  }

  deinit { if looksAhead { loader.endThread() } }

  /// How the samples of the draw that was read last are divided.
  var parts: ContiguousPartition { current.parts }
  /// The samples of that draw.
  var drawCount: Int { parts.count }

  /// Reads a batch, unless it is the one that was read last.
  func read(_ request: BatchRequest) {
    guard request != current.request else { return }
    loader.waitForThread()
    if loader.next.request == request {
      swap(&current, &loader.next)
    } else {
      loader.load(request, into: &current)
    }
    if looksAhead, loader.seconds > Self.leastSeconds {
      loader.loadOnThread(following(request))
    }
  }

  /// Reads another part of the draw that was read last.
  func read(part: Int) {
    guard var request = current.request else { preconditionFailure("nothing was read") }
    request.part = part
    read(request)
  }

  /// Lends the batch that was read last.
  func withBatch<Result>(_ body: (borrowing Batch) throws -> Result) rethrows -> Result {
    try body(current.batch)
  }

  private func following(_ request: BatchRequest) -> BatchRequest {
    request.part + 1 < parts.parts
      ? BatchRequest(voter: request.voter, draw: request.draw, part: request.part + 1)
      : BatchRequest(voter: request.voter, draw: request.draw + 1)
  }
}

/// A batch and what it was loaded for.
private struct LoadedBatch: ~Copyable {
  var batch: Batch
  var request: BatchRequest?
  /// How the samples of the draw are divided.
  var parts = ContiguousPartition(count: 0, parts: 1)
}

/// Loads batches, at once or on a thread.
///
/// From `loadOnThread` to `waitForThread` its state is the thread's, else the caller's.
private final class BatchLoader: @unchecked Sendable {
  /// What the thread has loaded; of no room where it loads nothing.
  var next: LoadedBatch
  /// How long the last load took.
  private(set) var seconds = 0.0
  private var source: BatchSource
  private let workload: Workload
  private let partCount: Int
  /// The draw whose samples the source has.
  private var drawn: BatchRequest?
  /// What the thread shall load; nil for it to end.
  private var asked: BatchRequest?
  private var isAsked = false
  private let begin = DispatchSemaphore(value: 0)
  private let end = DispatchSemaphore(value: 0)

  init(plan: RunPlan, electorate: Electorate, workload: Workload) {
    source = BatchSource(plan: plan, electorate: electorate, workload: workload)
    self.workload = workload
    partCount = plan.options.accumulate
    next = LoadedBatch(batch: workload.makeBatch(capacity: 0))
  }

  func makeBatch() -> LoadedBatch {
    LoadedBatch(
      batch: workload.makeBatch(capacity: (source.capacity + partCount - 1) / partCount))
  }

  func load(_ request: BatchRequest, into loaded: inout LoadedBatch) {
    let start = Clock.seconds
    let draw = BatchRequest(voter: request.voter, draw: request.draw)
    if draw != drawn { source.take(voter: request.voter, draw: request.draw) }
    drawn = draw
    loaded.request = request
    loaded.parts = ContiguousPartition(
      count: source.count, parts: max(1, min(partCount, source.count)))
    source.load(
      &loaded.batch, loaded.parts[request.part], part: request.part, from: workload)
    seconds = Clock.seconds - start
  }

  func startThread() {
    Thread { [self] in
      while true {
        begin.wait()
        guard let asked else { return }
        load(asked, into: &next)
        end.signal()
      }
    }.start()
  }

  func loadOnThread(_ request: BatchRequest) {
    asked = request
    isAsked = true
    begin.signal()
  }

  func waitForThread() {
    guard isAsked else { return }
    end.wait()
    isAsked = false
  }

  func endThread() {
    waitForThread()
    asked = nil
    begin.signal()
  }
}
