internal import CMPIShim

extension Communicator {
  private static var rollCallTag: CInt { 32767 }

  /// Asks who is still there, after a wait has run into its limit.
  ///
  /// Every rank whose wait timed out calls this; each sends one byte to every other and listens for
  /// a while. Ranks that do not call it, because they are dead or busy elsewhere, are silent. It
  /// works with operations in flight, and what it leaves in flight itself is left for good: the
  /// caller aborts next.
  ///
  /// - Parameter seconds: How long to listen; longer than the ranks' time-outs lie apart.
  /// - Returns: The silent ranks in rising order.
  /// - Note: For the ranks that call it, at most once; returns after `seconds` at the latest. An
  ///   error of MPI counts as silence. MPI_Isend and MPI_Irecv, MPI 3.1, 3.7.2.
  public func rollCall(seconds: Double = 2) -> [Int] {
    // Buffers that are not idle at their end leak: see the deinit of MessageBuffer.
    var sent = MessageBuffer<UInt8>(count: 1, maximumRequests: size)
    var call = sent.mutableSpan
    call[0] = 1
    var heard = MessageBuffer<UInt8>(count: size, maximumRequests: size)
    for peer in 0..<size where peer != rank {
      _ = try? heard.startReceive(
        into: peer..<(peer + 1), from: peer, uncheckedTag: Self.rollCallTag, on: self)
      _ = try? sent.startSend(0..<1, to: peer, uncheckedTag: Self.rollCallTag, on: self)
    }
    var limit = WaitLimit(seconds: seconds)
    do {
      while !(heard.isIdle && sent.isIdle) {
        _ = try? heard.test()
        _ = try? sent.test()
        try limit.pause()
      }
    } catch {}  // The time is over.
    return (0..<size).filter { peer in
      let byte = peer..<(peer + 1)
      return peer != rank
        && !(heard.inFlight.allows(.read, to: byte) && heard.span(in: byte)[0] == 1)
    }
  }
}
