internal import Glibc

/// Changes good files into bad ones, for readers that must refuse them without harm.
///
/// Not guided by coverage: what is changed starts from good files and knows the words of the format,
/// so it gets past the first check.
public struct Fuzzer {
  private var dice: Dice
  private let corpus: [[UInt8]]
  private let words: [[UInt8]]

  /// A fuzzer.
  ///
  /// - Parameters:
  ///   - corpus: Good files, small ones.
  ///   - words: Words of the format, and numbers at its limits.
  ///   - seed: Names the course.
  public init(corpus: [[UInt8]], words: [String], seed: Int) {
    dice = Dice(seed: seed)
    self.corpus = corpus
    self.words =
      words.map { Array($0.utf8) } + [
        [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0], [0x80, 0, 0, 0],
        Array("9223372036854775807".utf8), Array("9223372036854775808".utf8),
        Array("-1".utf8), Array("1e999".utf8), Array("nan".utf8), [0xC3, 0x28], [0],
      ]
  }

  /// The next bad file; now and then a good one.
  public mutating func next() -> [UInt8] {
    var bytes = corpus[dice.roll(corpus.count)]
    for _ in 0..<dice.roll(5) { change(&bytes) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = words[dice.roll(words.count)]
      return
    }
    let place = dice.roll(bytes.count)
    let end = min(bytes.count, place + 1 + dice.roll(16))
    switch dice.roll(7) {
    case 0: bytes[place] ^= 1 << UInt8(dice.roll(8))
    case 1: bytes[place] = UInt8(dice.roll(256))
    case 2: bytes.removeSubrange(place..<end)
    case 3: bytes.insert(contentsOf: bytes[place..<end], at: dice.roll(bytes.count))
    case 4: bytes.removeSubrange(place...)
    case 5: bytes.insert(contentsOf: words[dice.roll(words.count)], at: place)
    default:
      let word = words[dice.roll(words.count)]
      bytes.replaceSubrange(place..<min(bytes.count, place + word.count), with: word)
    }
  }

  /// Gives a reader bad files until the time is over.
  ///
  /// The time is `SIGNUM_FUZZ_SECONDS`, 2 without it.
  ///
  /// - Parameter read: Reads a file of these bytes; whether it was accepted.
  /// - Returns: How many were accepted and how many refused, and by how many megabytes the most memory
  ///   that the process ever had grew.
  public mutating func run(
    _ read: ([UInt8]) throws -> Bool
  ) rethrows -> (accepted: Int, refused: Int, megabytes: Int) {
    let seconds = getenv("SIGNUM_FUZZ_SECONDS").flatMap { Double(String(cString: $0)) } ?? 2
    let start = ContinuousClock.now
    let before = peakMegabytes()
    var (accepted, refused) = (0, 0)
    while (ContinuousClock.now - start) / .seconds(1) < seconds {
      if try read(next()) { accepted += 1 } else { refused += 1 }
    }
    return (accepted, refused, peakMegabytes() - before)
  }
}

private func peakMegabytes() -> Int {
  var usage = rusage()
  getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss / 1024
}
