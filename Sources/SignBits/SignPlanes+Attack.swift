internal import AlignedBuffers
public import CounterRandom

/// What adversaries do to a ballot.
extension SignPlanes {
  /// Turns every sign into its opposite; abstentions stay.
  ///
  /// - Complexity: O(words).
  public mutating func complement() {
    let count = count
    unsafe withUnsafeWords { signs, masks in
      for word in signs.indices { unsafe signs[word] = ~(signs[word] | masks[word]) }
      guard let last = signs.indices.last else { return }
      unsafe signs[last] &= Self.bits(of: 0..<count, inWord: last)
    }
  }

  /// Takes fair coins in place of the signs; no coordinate abstains.
  ///
  /// The coin of coordinate i is bit i mod 64 of word i div 64 of the stream; 1 is negative.
  ///
  /// - Parameter stream: That of `RandomPurpose.attack`, the adversary and the step.
  /// - Complexity: O(words).
  public mutating func randomize(stream: RandomStream) {
    let count = count
    unsafe withUnsafeWords { signs, masks in
      for word in signs.indices {
        unsafe signs[word] = stream.word(at: word) & Self.bits(of: 0..<count, inWord: word)
        unsafe masks[word] = 0
      }
    }
    hasMask = false
  }

  /// Takes the signs and the mask of other planes, as an adversary does that votes for ever as it
  /// did once.
  ///
  /// - Precondition: Both have the same number of coordinates.
  /// - Complexity: O(words).
  public mutating func copy(from other: borrowing SignPlanes) {
    precondition(other.count == count, "\(other.count) signs for \(count)")
    let otherSigns = other.signs.span
    let otherMasks = other.masks.span
    unsafe withUnsafeWords { signs, masks in
      for word in signs.indices {
        unsafe signs[word] = otherSigns[word]
        unsafe masks[word] = otherMasks[word]
      }
    }
    hasMask = other.hasMask
  }
}
