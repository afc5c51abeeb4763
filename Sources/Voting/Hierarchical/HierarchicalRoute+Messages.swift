internal import AlignedBuffers
internal import MPIKit
internal import SignBits

extension HierarchicalRoute {
  /// Finds where the ballots of the node's ranks lie in a shard.
  ///
  /// - Returns: Whether any of them has a mask.
  private func findBallots(of shard: Int) -> Bool {
    places.removeAll(keepingCapacity: true)
    var isMasked = false
    for rank in plan.neighbours.indices {
      places.append(group.place(of: rank, shard: shard))
      isMasked = isMasked || places[rank].isMasked
    }
    return isMasked
  }

  private func setParts(at block: Int) {
    for rank in places.indices { parts[rank] = places[rank].part(at: block, shape) }
  }

  /// Writes the tally of the node of a chunk of somebody's shard; the words that it takes.
  func writeTally(_ number: Int) -> Range<Int> {
    let transfer = transfers.all[number]
    let range = plan.range(ofChunk: transfer.chunk, of: transfer.shard)
    let isMasked = findBallots(of: transfer.shard)
    let head = NodeTransfers.headWords(transfer.chunk, of: plan.node, plan)
    let blockWords = NodeTransfers.tallyWords(
      of: plan.node, blocks: 1, masked: isMasked, shape, plan)
    let firstBlock = range.blocks.lowerBound - plan.blocks(of: transfer.shard).lowerBound
    let first = transfer.room.lowerBound
    group.withBallots { ballots in
      for index in range.blocks.indices {
        let offset = index - range.blocks.lowerBound
        setParts(at: firstBlock + offset)
        let place = first + head + offset * blockWords
        messages.withMutableSpan(in: place..<place + blockWords) {
          addBallots(ballots, isMasked: isMasked, into: &$0)
        }
      }
    }
    messages.withMutableSpan(in: first..<first + head) { message in
      message[0] =
        ChunkHead(isMasked ? .maskedTally : .tally, chunk: transfer.chunk, vote: vote).word
      guard transfer.chunk == 0 else { return }
      message[1] = shape.word
      for rank in plan.neighbours.indices {
        group.control(of: rank).write(into: &message, at: 2 + rank * ControlBlock.wordCount)
      }
    }
    return first..<first + head + range.blocks.count * blockWords
  }

  /// Checks a tally that came, and keeps the control blocks in it.
  func checkTally(
    _ transfer: NodeTransfers.Transfer, wordCount: Int
  ) throws(VotingError) {
    let head = NodeTransfers.headWords(transfer.chunk, of: transfer.node, plan)
    let content = try checkHead(transfer, wordCount, head: head, "a tally")
    let blocks = plan.range(ofChunk: transfer.chunk, of: transfer.shard).blocks.count
    let words = NodeTransfers.tallyWords(
      of: transfer.node, blocks: blocks, masked: content == .maskedTally, shape, plan)
    guard content == .tally || content == .maskedTally, head + words == wordCount else {
      throw wrong(transfer, "a tally of \(8 * wordCount) bytes")
    }
    guard transfer.chunk == 0 else { return }
    let itsShape = messages.withSpan(in: transfer.room) { message in
      for (index, rank) in plan.nodes[transfer.node].enumerated() {
        controls[rank] = ControlBlock(
          from: message.extracting((2 + index * ControlBlock.wordCount)...))
      }
      return message[1]
    }
    guard itsShape == shape.word else { throw wrong(transfer, "a tally of another vote") }
  }

  /// Decides a chunk of the own shard.
  func decide(chunk: Int) {
    let range = plan.range(ofChunk: chunk, of: plan.ownShard)
    guard !range.blocks.isEmpty else { return }
    let isMasked = findBallots(of: plan.ownShard)
    guard plan.nodes.count > 1 else { return decideAlone(range, isMasked: isMasked) }
    let tallies = transfers.talliesIn(ofChunk: chunk)
    let room =
      transfers.ownTally[chunk].lowerBound..<transfers.all[tallies.upperBound - 1].room.upperBound
    drawCoins(range, isMasked: isMasked || hasLowPlane(tallies))
    for block in range.blocks {
      let offset = block - range.blocks.lowerBound
      addOwnNode(
        block - plan.ownBlocks.lowerBound, into: transfers.ownTally[chunk],
        isMasked: isMasked)
      messages.withSpan(in: room) { words in
        parts[0] = .tally(
          at: 0, ranks: plan.tallyRanks(of: plan.node, shape), masked: isMasked)
        for (index, number) in tallies.enumerated() {
          parts[index + 1] = part(transfers.all[number], block: offset, from: room, in: words)
        }
        decide(block: block, parts: 1 + tallies.count, in: words)
      }
    }
  }

  /// Decides blocks by the ballots of the one node there is, where they lie.
  private func decideAlone(_ range: BlockRange, isMasked: Bool) {
    drawCoins(range, isMasked: isMasked)
    group.withBallots { ballots in
      guard shape.sendsTallies else { return decide(range.blocks, in: ballots) }
      for block in range.blocks {
        setParts(at: block - plan.ownBlocks.lowerBound)
        decide(block: block, parts: places.count, in: ballots)
      }
    }
  }

  /// Decides blocks by one ballot a rank.
  private func decide(_ blocks: Range<Int>, in ballots: Span<UInt64>) {
    let first = blocks.lowerBound - plan.ownBlocks.lowerBound
    for rank in places.indices {
      let place = places[rank]
      signs[rank] = place.first + first * place.stride
      masks[rank] = place.masks.map { $0 + first * place.stride } ?? -1
    }
    let coinPlaces = coins.coins(at: first..<first + blocks.count)
    signs.withSpan { signs in
      masks.withSpan { masks in
        coins.words.withSpan { coins in
          Tally.decide(
            blocks: blocks, ballotsWithSigns: signs, masks: masks, in: ballots, rule: shape.rule,
            coins: coins.extracting(coinPlaces), into: &verdict)
        }
      }
    }
  }

  /// Where the tally of a block lies in a message that came.
  private func part(
    _ transfer: NodeTransfers.Transfer, block: Int, from room: Range<Int>, in words: Span<UInt64>
  ) -> Tally.Part {
    let first = transfer.room.lowerBound - room.lowerBound
    let isMasked = ChunkHead(word: words[first]).content == ChunkContent.maskedTally.rawValue
    let blockWords = NodeTransfers.tallyWords(
      of: transfer.node, blocks: 1, masked: isMasked, shape, plan)
    return .tally(
      at: first + NodeTransfers.headWords(transfer.chunk, of: transfer.node, plan)
        + block * blockWords,
      ranks: plan.tallyRanks(of: transfer.node, shape), masked: isMasked)
  }

  private func hasLowPlane(_ tallies: Range<Int>) -> Bool {
    tallies.contains { number in
      messages.withSpan(in: transfers.all[number].room) {
        ChunkHead(word: $0[0]).content == ChunkContent.maskedTally.rawValue
      }
    }
  }

  /// Adds up a block of the own shard over the node's ranks.
  private func addOwnNode(_ block: Int, into room: Range<Int>, isMasked: Bool) {
    setParts(at: block)
    group.withBallots { ballots in
      messages.withMutableSpan(in: room) {
        addBallots(ballots, isMasked: isMasked, into: &$0)
      }
    }
  }

  /// Adds up the parts, which are the ballots of the node's ranks.
  private func addBallots(
    _ ballots: Span<UInt64>, isMasked: Bool, into sum: inout MutableSpan<UInt64>
  ) {
    let ranks = plan.tallyRanks(of: plan.node, shape)
    parts.withSpan { parts in
      Tally.add(
        parts.extracting(0..<places.count), in: ballots, ranks: ranks, masked: isMasked,
        into: &sum)
    }
  }

  /// Decides a block by the first parts.
  private func decide(block: Int, parts count: Int, in words: Span<UInt64>) {
    let index = block - plan.ownBlocks.lowerBound
    let place = coins.coins(at: index..<index + 1)
    parts.withSpan { parts in
      coins.words.withSpan { coins in
        Tally.decide(
          block: block, parts: parts.extracting(0..<count), in: words, ranks: shape.voters,
          rule: shape.rule, coins: coins.extracting(place), into: &verdict)
      }
    }
  }

  /// An odd number of voters ties only where some abstain.
  private func drawCoins(_ range: BlockRange, isMasked: Bool) {
    guard shape.rule == .fair, isMasked || shape.voters % 2 == 0 else { return }
    coins.draw(range.blocks, at: range.blocks.lowerBound - plan.ownBlocks.lowerBound)
  }

  /// Writes the verdict of a chunk of the own shard; the words that it takes.
  func writeVerdict(_ number: Int) -> Range<Int> {
    let transfer = transfers.all[number]
    let range = plan.range(ofChunk: transfer.chunk, of: transfer.shard)
    let first = transfer.room.lowerBound
    let written = messages.withMutableSpan(in: first + 1..<transfer.room.upperBound) {
      verdict.writeShortest(range, into: &$0)
    }
    messages.withMutableSpan(in: first..<first + 1) {
      $0[0] = ChunkHead(written.content, chunk: transfer.chunk, vote: vote).word
    }
    return first..<first + 1 + written.wordCount
  }

  /// Reads a chunk of the verdict that came.
  func readVerdict(
    _ transfer: NodeTransfers.Transfer, wordCount: Int
  ) throws(VotingError) {
    let content = try checkHead(transfer, wordCount, head: 1, "a verdict")
    let range = plan.range(ofChunk: transfer.chunk, of: transfer.shard)
    let first = transfer.room.lowerBound
    let isWhole = messages.withSpan(in: first + 1..<first + wordCount) { message in
      guard range.wordCount(of: content, in: message) == message.count else { return false }
      verdict.read(range, content, from: message)
      return true
    }
    guard isWhole else { throw wrong(transfer, "a verdict of \(8 * wordCount) bytes") }
  }

  private func checkHead(
    _ transfer: NodeTransfers.Transfer, _ wordCount: Int, head: Int, _ kind: String
  ) throws(VotingError) -> ChunkContent {
    guard wordCount >= head else {
      throw wrong(transfer, "\(kind) of \(8 * max(0, wordCount)) bytes, too short for a head")
    }
    let first = transfer.room.lowerBound
    let found = messages.withSpan(in: first..<first + 1) { ChunkHead(word: $0[0]) }
    guard found.chunk == transfer.chunk, found.vote == vote,
      let content = ChunkContent(rawValue: found.content)
    else {
      throw wrong(
        transfer, "\(kind) of chunk \(found.chunk) in vote \(found.vote), kind \(found.content)")
    }
    return content
  }

  private func wrong(_ transfer: NodeTransfers.Transfer, _ found: String) -> VotingError {
    .wrongMessage(
      rank: transfer.peer, step: controls[shape.rank].step,
      problem: "\(found), where chunk \(transfer.chunk) of shard \(transfer.shard) in vote \(vote) "
        + "of \(shape.coordinateCount) coordinates was expected")
  }
}
