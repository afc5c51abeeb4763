internal import MPIKit

/// A sum of Float32 vectors over the ranks by MPI_Allreduce, with the control blocks behind it.
///
/// Each byte of a control block travels as one number in a slot that is zero on all other ranks,
/// so its sum is exact in any order.
final class FloatSum {
  private static let slotCount = ControlBlock.byteCount

  private let count: Int
  private let ranks: Int
  private let rank: Int
  /// The own message, then the sum of all.
  private var messages: MessageBuffer<Float>

  /// Makes room for two messages of `count` + 64·`ranks` numbers.
  init(count: Int, ranks: Int, rank: Int) {
    self.count = count
    self.ranks = ranks
    self.rank = rank
    let messageCount = count + ranks * Self.slotCount
    messages = MessageBuffer(
      count: 2 * messageCount, maximumRequests: 1 + (messageCount - 1) / Int(CInt.max))
  }

  private var messageCount: Int { count + ranks * Self.slotCount }

  /// The traffic of one sum.
  var traffic: Traffic { .allReduce(bytes: messageCount * 4, ranks: ranks) }

  /// The vector that goes into the next sum.
  func withAddend(_ fill: (inout MutableSpan<Float>) -> Void) {
    messages.withMutableSpan(in: 0..<count, fill)
  }

  /// Starts the sum of what `withAddend` filled in.
  func begin(control: ControlBlock, on communicator: borrowing Communicator) throws(MPIError) {
    let words = control.words
    messages.withMutableSpan(in: count..<messageCount) { slots in
      for index in slots.indices { slots[index] = 0 }
      for byte in 0..<Self.slotCount {
        let value = words[byte / 8] >> UInt64(byte % 8 * 8) & 0xFF
        slots[rank * Self.slotCount + byte] = Float(value)
      }
    }
    try messages.startAllReduce(
      from: 0..<messageCount, into: messageCount..<2 * messageCount, operation: .sum,
      on: communicator)
  }

  /// Waits until the sum is complete.
  func wait(_ patience: Patience) throws {
    try messages.wait(limitSeconds: patience.limitSeconds, onIdle: patience.whileWaiting)
  }

  /// The sum.
  func withSum(_ body: (Span<Float>) -> Void) {
    messages.withSpan(in: messageCount..<messageCount + count, body)
  }

  /// The control block that came from a rank.
  func control(of rank: Int) -> ControlBlock {
    let first = messageCount + count + rank * Self.slotCount
    return messages.withSpan(in: first..<first + Self.slotCount) { slot in
      var words: [8 of UInt64] = .init(repeating: 0)
      for byte in 0..<Self.slotCount {
        words[byte / 8] |= UInt64(slot[byte]) << UInt64(byte % 8 * 8)
      }
      return ControlBlock(words: words)
    }
  }
}

extension FloatSum: GradientSum {
  func begin(
    _ gradient: Span<Float>, control: ControlBlock, on communicator: borrowing Communicator
  ) throws(MPIError) {
    withAddend { addend in
      for index in gradient.indices { addend[index] = gradient[index] }
    }
    try begin(control: control, on: communicator)
  }

  func wait(_ patience: Patience, on communicator: borrowing Communicator) throws {
    try wait(patience)
  }
}
