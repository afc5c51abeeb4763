internal import AlignedBuffers
internal import CXXHash
internal import SignBits

/// What one sender's chunks were in the last vote, as both ends know them.
///
/// The sign of a masked coordinate is the one that it had before its mask: so a mask that comes and
/// goes costs nothing in the sign plane. Memory: d/4 bytes for d coordinates.
struct ReferencePlanes: ~Copyable {
  var signs: AlignedBuffer<UInt64>
  var masks: AlignedBuffer<UInt64>
  /// The vote that each chunk was last sent in; nil before the first one.
  private var votes: [UInt32?]
  /// Whether any mask bit of a chunk is set.
  private var hasMask: [Bool]

  /// A chunk's place: its number, and where its words are.
  struct Place {
    let chunk: Int
    let words: Range<Int>
  }

  /// How a chunk differs from the one before.
  struct Change {
    /// The bits of either plane that are not the same.
    var signBits = 0
    var maskBits = 0
    /// The blocks with a mask, now.
    var maskedBlocks = 0
  }

  init(wordCount: Int, chunkCount: Int) {
    signs = AlignedBuffer(repeating: 0, count: wordCount)
    masks = AlignedBuffer(repeating: 0, count: wordCount)
    votes = Array(repeating: nil, count: chunkCount)
    hasMask = Array(repeating: false, count: chunkCount)
  }

  /// The vote that a chunk was last sent in.
  func vote(of place: Place) -> UInt32? { votes[place.chunk] }

  /// Takes the planes of a chunk, and tells what changed.
  ///
  /// - Parameters:
  ///   - planes: Planes that hold the chunk from their word `first` on.
  ///   - vote: The vote that it is sent in.
  ///   - signFlips: The signs that are others than before, where there is no mask.
  ///   - maskFlips: The mask bits that are others than before.
  /// - Complexity: O(words); no allocation.
  mutating func take(
    _ planes: borrowing SignPlanes, from first: Int, at place: Place, vote: UInt32,
    signFlips: inout AlignedBuffer<UInt64>, maskFlips: inout AlignedBuffer<UInt64>
  ) -> Change {
    var change = Change()
    let count = place.words.count
    let isMasked = planes.hasMask || hasMask[place.chunk]
    unsafe withUnsafeWords(place) { signs, masks in
      let newSigns = unsafe planes.signs.unsafeElements.extracting(first..<first + count)
      let newMasks = unsafe planes.masks.unsafeElements.extracting(first..<first + count)
      let (flips, maskChanges) = unsafe (signFlips.unsafeElements, maskFlips.unsafeElements)
      // By blocks, so that what one loop leaves is near when the next one takes it.
      for start in stride(from: 0, to: count, by: Tally.blockPlaneWords) {
        let block = start..<min(start + Tally.blockPlaneWords, count)
        for word in block { unsafe flips[word] = newSigns[word] ^ signs[word] }
        // A sign below a mask stays as it was.
        if planes.hasMask {
          for word in block { unsafe flips[word] &= ~newMasks[word] }
        }
        for word in block {
          let flip = unsafe flips[word]
          unsafe signs[word] ^= flip
          change.signBits &+= flip.nonzeroBitCount
        }
        guard isMasked else { continue }
        var any: UInt64 = 0
        for word in block {
          let mask = unsafe planes.hasMask ? newMasks[word] : 0
          let flip = unsafe mask ^ masks[word]
          unsafe maskChanges[word] = flip
          unsafe masks[word] = mask
          change.maskBits &+= flip.nonzeroBitCount
          any |= mask
        }
        if any != 0 { change.maskedBlocks += 1 }
      }
    }
    votes[place.chunk] = vote
    hasMask[place.chunk] = change.maskedBlocks > 0
    return change
  }

  /// Takes a chunk whose planes were changed by what came.
  mutating func take(_ place: Place, vote: UInt32, masksChanged: Bool) {
    votes[place.chunk] = vote
    if masksChanged { hasMask[place.chunk] = isAnySet(masks.span, place.words) }
  }

  /// The XXH3 hash of a chunk: of its signs, and with that as the seed of its masks.
  func hash(of place: Place) -> UInt64 {
    let hash = Self.hash(signs.span.extracting(place.words), seed: 0)
    return hasMask[place.chunk]
      ? Self.hash(masks.span.extracting(place.words), seed: hash) : hash
  }

  private static func hash(_ words: Span<UInt64>, seed: UInt64) -> UInt64 {
    unsafe words.withUnsafeBytes { unsafe CXXHash64($0.baseAddress, $0.count, seed) }
  }

  /// Writes a chunk as a message holds it that was not coded.
  func write(_ place: Place, _ range: BlockRange, into message: inout MutableSpan<UInt64>)
    -> (content: ChunkContent, wordCount: Int)
  {
    range.write(
      signs: signs.span.extracting(place.words),
      masks: hasMask[place.chunk] ? masks.span.extracting(place.words) : nil, into: &message)
  }

  /// Copies a chunk into planes, which have no mask there.
  func copy(_ place: Place, to planes: inout SignPlanes, from first: Int) {
    let words = first..<first + place.words.count
    planes.signs.copy(signs.span, from: place.words.lowerBound, to: words)
    guard hasMask[place.chunk] else { return }
    planes.hasMask = true
    planes.masks.copy(masks.span, from: place.words.lowerBound, to: words)
    let (source, sourceMasks) = (signs.span, masks.span)
    var target = planes.signs.mutableSpan(in: words)
    for word in target.indices {
      let from = place.words.lowerBound + word
      target[word] = source[from] & ~sourceMasks[from]
    }
  }

  private mutating func withUnsafeWords(
    _ place: Place,
    _ body: (UnsafeMutableBufferPointer<UInt64>, UnsafeMutableBufferPointer<UInt64>) -> Void
  ) {
    precondition(
      place.words.lowerBound >= 0 && place.words.upperBound <= signs.count, "a chunk elsewhere")
    unsafe body(
      signs.unsafeElements.extracting(place.words), masks.unsafeElements.extracting(place.words))
  }
}
