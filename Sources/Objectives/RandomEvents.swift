internal import CounterRandom

/// A row of independent random events of one probability, counted from the front.
///
/// Events are bits: word w of the row holds the events from 64 w, the lowest bit first, so that a
/// block of the generator serves 64 events of probability 1/4. To the bit, with the words of the
/// stream: `half` has word(w), `quarter` has word(2 w) AND word(2 w + 1).
struct RandomEvents {
  /// How probable an event is.
  enum Probability {
    case quarter
    case half
  }

  private let stream: RandomStream
  private let probability: Probability
  private var word: UInt64 = 0
  private var available = 0
  private var nextWord = 0

  init(_ probability: Probability, stream: RandomStream) {
    self.stream = stream
    self.probability = probability
  }

  /// How many of the next `trials` events happen: a binomial number.
  ///
  /// - Complexity: O(1 + `trials` / 64).
  mutating func count(of trials: Int) -> Int {
    var happened = 0
    var left = trials
    while left > 0 {
      if available == 0 { refill() }
      let taken = min(left, available)
      // Shifts by 64 give 0.
      happened += (word & ~(~0 << UInt64(taken))).nonzeroBitCount
      word >>= UInt64(taken)
      available -= taken
      left -= taken
    }
    return happened
  }

  private mutating func refill() {
    switch probability {
    case .half:
      word = stream.word(at: nextWord)
    case .quarter:
      let block = stream.block(at: nextWord)
      word = UInt64(block.x & block.z) | UInt64(block.y & block.w) << 32
    }
    available = 64
    nextWord += 1
  }
}
