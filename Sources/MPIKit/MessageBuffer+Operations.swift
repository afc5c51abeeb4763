internal import AlignedBuffers
internal import CMPIShim

extension MessageBuffer {
  /// Starts to join the elements of a range with those of all ranks.
  ///
  /// Source and result are apart, since MPI libraries take slower algorithms in place.
  ///
  /// - Parameters:
  ///   - source: The elements of this rank; the same count on all ranks.
  ///   - result: Where the joined elements go: as many.
  ///   - operation: How two elements are joined.
  ///   - communicator: The ranks.
  /// - Precondition: The ranges are of one length, apart, within the buffer, no operation in flight
  ///   uses them, and a slot is free. Traps otherwise.
  /// - Note: Collective, returns at once. MPI_Iallreduce, MPI 3.1, 5.12.7.
  public mutating func startAllReduce(
    from source: Range<Int>, into result: Range<Int>, operation: ReductionOperation,
    on communicator: borrowing Communicator
  ) throws(MPIError) {
    let ranks = communicator.resource
    let shift = checkedShift(source, result)
    try unsafe start(
      result, from: source, for: .write, on: communicator, "MPI_Iallreduce"
    ) { elements, count, request in
      unsafe MPI_Iallreduce(
        elements - shift, elements, count, Element.datatype.value, operation.handle.value,
        ranks.handle.value,
        &request.value)
    }
  }

  /// How far the result of a reduction lies behind its source.
  private func checkedShift(_ source: Range<Int>, _ result: Range<Int>) -> Int {
    precondition(
      source.count == result.count && !source.overlaps(result),
      "\(source) cannot be reduced into \(result)")
    return result.lowerBound - source.lowerBound
  }

  /// Starts to collect the elements of all ranks, in place: rank r's are at `r * countPerRank`.
  ///
  /// - Parameters:
  ///   - countPerRank: The number of elements of each rank.
  ///   - communicator: The ranks.
  /// - Throws: `MPIError`; class `.count` on all ranks beyond 2^31 − 1 elements a rank.
  /// - Precondition: The buffer has room for all, no operation in flight uses that part, and a slot
  ///   is free. Traps otherwise.
  /// - Note: Collective, returns at once. MPI_Iallgather with MPI_IN_PLACE, MPI 3.1, 5.12.5.
  public mutating func startAllGather(
    countPerRank: Int, on communicator: borrowing Communicator
  ) throws(MPIError) {
    let part = try checkedCount(countPerRank, limit: communicator.chunkLimit, "MPI_Iallgather")
    let ranks = communicator.resource
    // One call for all: the parts are its units.
    try unsafe start(
      0..<(countPerRank * communicator.size), unit: max(countPerRank, 1), for: .write,
      on: communicator, limit: communicator.size, "MPI_Iallgather"
    ) { elements, _, request in
      unsafe MPI_Iallgather(
        CMPI_IN_PLACE(), 0, Element.datatype.value, elements, part, Element.datatype.value,
        ranks.handle.value,
        &request.value)
    }
  }

  /// Starts to send the elements of a range to one rank.
  ///
  /// Several sends may share elements, and a span to read them is still lent.
  ///
  /// - Parameters:
  ///   - range: The elements; beyond 2^31 − 1 the receiver must ask for exactly as many.
  ///   - destination: The rank that receives them.
  ///   - tag: Tells messages between the same two ranks apart.
  ///   - communicator: The ranks.
  /// - Precondition: `range` lies within the buffer, no operation in flight writes there, a slot is
  ///   free, and `tag` is one of `Communicator.tags`. Traps otherwise.
  /// - Returns: The number of the operation until it is complete; of the last of its parts when it
  ///   is longer than MPI counts.
  /// - Note: Local, returns at once. MPI_Isend, MPI 3.1, 3.7.2.
  @discardableResult
  public mutating func startSend(
    _ range: Range<Int>, to destination: Int, tag: Int, on communicator: borrowing Communicator
  ) throws(MPIError) -> Int {
    try startSend(range, to: destination, uncheckedTag: checkedTag(tag), on: communicator)
  }

  @discardableResult
  mutating func startSend(
    _ range: Range<Int>, to destination: Int, uncheckedTag tag: CInt,
    on communicator: borrowing Communicator
  ) throws(MPIError) -> Int {
    let destination = try checkedCount(destination, "MPI_Isend")
    let ranks = communicator.resource
    return try unsafe start(range, for: .read, on: communicator, "MPI_Isend") {
      elements, count, request in
      unsafe MPI_Isend(
        elements, count, Element.datatype.value, destination, tag, ranks.handle.value,
        &request.value)
    }
  }

  /// Starts to send the elements of a range to every other rank, the next one first.
  ///
  /// Partners in staggered order, so that no rank is everybody's first.
  ///
  /// - Parameters:
  ///   - range: The elements.
  ///   - tag: Tells messages between the same two ranks apart.
  ///   - communicator: The ranks.
  /// - Precondition: As for one send, with a slot for each of them.
  /// - Note: Local, returns at once. MPI_Isend, MPI 3.1, 3.7.2.
  public mutating func startSend(
    _ range: Range<Int>, toAllOthersWithTag tag: Int, on communicator: borrowing Communicator
  ) throws(MPIError) {
    for offset in 1..<communicator.size {
      let peer = (communicator.rank + offset) % communicator.size
      try startSend(range, to: peer, tag: tag, on: communicator)
    }
  }

  /// Starts to receive the elements of a range from one rank.
  ///
  /// - Parameters:
  ///   - range: Where they go: room for at least as many as are sent.
  ///   - source: The rank that sends them.
  ///   - tag: The tag that they are sent with.
  ///   - communicator: The ranks.
  /// - Precondition: `range` lies within the buffer, no operation in flight uses it, a slot is free,
  ///   and `tag` is one of `Communicator.tags`. Traps otherwise.
  /// - Returns: The number of the operation until it is complete; of the last of its parts when it
  ///   is longer than MPI counts.
  /// - Note: Local, returns at once. MPI_Irecv, MPI 3.1, 3.7.2. More elements than there is room for
  ///   are an error of the test that completes it, class `.truncate`.
  @discardableResult
  public mutating func startReceive(
    into range: Range<Int>, from source: Int, tag: Int, on communicator: borrowing Communicator
  ) throws(MPIError) -> Int {
    try startReceive(into: range, from: source, uncheckedTag: checkedTag(tag), on: communicator)
  }

  @discardableResult
  mutating func startReceive(
    into range: Range<Int>, from source: Int, uncheckedTag tag: CInt,
    on communicator: borrowing Communicator
  ) throws(MPIError) -> Int {
    let source = try checkedCount(source, "MPI_Irecv")
    let ranks = communicator.resource
    return try unsafe start(range, for: .write, on: communicator, "MPI_Irecv") {
      elements, count, request in
      unsafe MPI_Irecv(
        elements, count, Element.datatype.value, source, tag, ranks.handle.value, &request.value)
    }
  }

  /// Starts one call of MPI for each chunk of a range and keeps its requests.
  ///
  /// - Parameters:
  ///   - range: The elements.
  ///   - source: As many elements that the operation reads besides.
  ///   - unit: Elements that MPI counts as one.
  ///   - access: What MPI does with them.
  ///   - communicator: The ranks.
  ///   - limit: The most units that one call is given; without it that of the communicator.
  ///   - reduction: What else the operation needs until it is complete.
  ///   - function: The name of the call.
  ///   - call: Starts the operation on units of this address and number.
  /// - Returns: The slot of the last call.
  @discardableResult
  mutating func start(
    _ range: Range<Int>, from source: Range<Int>? = nil, unit: Int = 1,
    for access: RangesInFlight.Access, on communicator: borrowing Communicator, limit: Int? = nil,
    reduction: ReductionResource? = nil, _ function: StaticString,
    _ call: (UnsafeMutablePointer<Element>, CInt, inout CMPIRequest) -> CInt
  ) throws(MPIError) -> Int {
    checkAccess(access, to: range)
    if let source { checkAccess(.read, to: source) }
    let limit = limit ?? communicator.chunkLimit
    let needed = OperationResources(communicator: communicator.resource, reduction: reduction)
    guard chunkCount(of: range.count / unit, limit: limit) <= inFlight.freeCount else {
      fatalError("more operations in flight than the buffer has slots")
    }
    var last = 0
    try forEachChunk(of: range.count / unit, limit: limit) { offset, count throws(MPIError) in
      let lower = range.lowerBound + offset * unit
      let end = lower + Int(count) * unit
      let shift = source.map { range.lowerBound - $0.lowerBound }
      let slot = inFlight.claim(
        lower..<end, for: access, reading: shift.map { (lower - $0)..<(end - $0) })
      do throws(MPIError) {
        try unsafe check(call(base + lower, count, &requests[slot]), function)
        resources[slot] = needed
        last = slot
      } catch {
        inFlight.release(slot)
        throw error
      }
    }
    return last
  }
}

extension MessageBuffer where Element == UInt64 {
  /// Starts to join blocks with those of all ranks by a function of our own.
  ///
  /// - Parameters:
  ///   - source: The words of this rank, whole blocks; the same count on all ranks.
  ///   - result: Where the joined words go: as many.
  ///   - reduction: How two blocks are joined.
  ///   - communicator: The ranks.
  /// - Precondition: The ranges are whole blocks of one number, apart, within the buffer, no
  ///   operation in flight uses them, and a slot is free. Traps otherwise.
  /// - Returns: The number of the operation until it is complete; of the last of its parts when it
  ///   is longer than MPI counts.
  /// - Note: Collective, returns at once. MPI_Iallreduce, MPI 3.1, 5.12.7.
  @discardableResult
  public mutating func startAllReduce(
    from source: Range<Int>, into result: Range<Int>, reduction: borrowing UserReduction,
    on communicator: borrowing Communicator
  ) throws(MPIError) -> Int {
    let resource = reduction.resource
    let ranks = communicator.resource
    let unit = reduction.wordsPerBlock
    precondition(source.count % unit == 0, "\(source) is not whole blocks of \(unit) words")
    let shift = checkedShift(source, result)
    return try unsafe start(
      result, from: source, unit: unit, for: .write, on: communicator, reduction: resource,
      "MPI_Iallreduce"
    ) { words, count, request in
      unsafe MPI_Iallreduce(
        words - shift, words, count, resource.blockType.value, resource.operation.value,
        ranks.handle.value,
        &request.value)
    }
  }
}
