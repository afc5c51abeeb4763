internal import SignBits
internal import SignDescent

/// How the coordinates of tensors are cut into blocks and shared out.
struct ScaledLayout {
  /// The coordinates of one tensor in one block of `NormBlocks`.
  struct Part {
    let tensor: Int
    let coordinates: Range<Int>
  }

  /// What one rank owns: whole blocks, so the last block alone may end within a word.
  struct Shard {
    let coordinates: Range<Int>
    let words: Range<Int>
    /// The tensors that have coordinates in it.
    let tensors: Range<Int>
    /// The parts of these tensors in it.
    let parts: Range<Int>

    init(_ coordinates: Range<Int>, of parts: [Part]) {
      let first = parts.firstIndex { $0.coordinates.lowerBound >= coordinates.lowerBound }
      let end = parts.firstIndex { $0.coordinates.lowerBound >= coordinates.upperBound }
      let own = (first ?? parts.count)..<(end ?? parts.count)
      let firstWord = coordinates.lowerBound / 64
      self.coordinates = coordinates
      self.parts = own
      words = firstWord..<firstWord + SignPlanes.wordCount(of: coordinates.count)
      tensors =
        own.isEmpty ? 0..<0 : parts[own.lowerBound].tensor..<parts[own.upperBound - 1].tensor + 1
    }
  }

  let tensors: [Range<Int>]
  /// In the order of their coordinates.
  let parts: [Part]
  /// By rank.
  let shards: [Shard]

  var coordinateCount: Int { tensors.last?.upperBound ?? 0 }
  /// All coordinates.
  var whole: Shard { Shard(0..<coordinateCount, of: parts) }

  /// Shares blocks out as evenly as whole blocks can be; where there are fewer than ranks, some
  /// ranks own nothing.
  init(tensors: [Range<Int>], ranks: Int) {
    var end = 0
    var cut: [Part] = []
    for (number, tensor) in tensors.enumerated() {
      guard tensor.lowerBound == end, !tensor.isEmpty else {
        fatalError("tensor \(number) is \(tensor), where one from \(end) on was expected")
      }
      NormBlocks.forEachPart(of: tensor) { cut.append(Part(tensor: number, coordinates: $0)) }
      end = tensor.upperBound
    }
    self.tensors = tensors
    let parts = cut
    self.parts = parts
    let blocks = (end + NormBlocks.length - 1) / NormBlocks.length
    shards = (0..<ranks).map { rank in
      let first = min(blocks * rank / ranks * NormBlocks.length, end)
      let next = min(blocks * (rank + 1) / ranks * NormBlocks.length, end)
      return Shard(first..<next, of: parts)
    }
  }
}
