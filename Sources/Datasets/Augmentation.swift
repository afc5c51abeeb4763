internal import CounterRandom

/// Changes of training images that leave their class (`--augment`).
///
/// A sample is first mirrored, then moved. To the bit, with word w of the stream (seed,
/// `augmentation`, voter, draw) at the sample's place in the draw: mirrored where bit 63 of w is set;
/// moved down by (w mod 2^31 mod (2 C + 1)) − C rows and right by (w / 2^31 mod 2^31 mod (2 C + 1)) − C
/// columns. What comes in from outside is pixel 0.
public struct Augmentation: Hashable, Sendable {
  /// The most rows and columns that an image is moved by, C.
  public let shift: Int
  /// Whether half of the images are mirrored left to right.
  public let mirrors: Bool
}

extension Augmentation: LosslessStringConvertible {
  /// Reads `crop:C`, `flip` or `crop:C,flip`, C in 1...1024; nil for any other text.
  public init?(_ text: String) {
    var parts = text.split(separator: ",", omittingEmptySubsequences: false)
    mirrors = parts.last == "flip"
    if mirrors { parts.removeLast() }
    guard let part = parts.first else {
      shift = 0
      if mirrors { return }
      return nil
    }
    guard parts.count == 1, part.hasPrefix("crop:"), let shift = Int(part.dropFirst(5)),
      (1...1024).contains(shift)
    else { return nil }
    self.shift = shift
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    ((shift > 0 ? ["crop:\(shift)"] : []) + (mirrors ? ["flip"] : [])).joined(separator: ",")
  }
}

/// The augmentation of the samples of a draw.
public struct AugmentedDraw: Sendable {
  private let augmentation: Augmentation
  private let stream: RandomStream

  /// - Parameters:
  ///   - voter: The rank or client that draws.
  ///   - draw: The number of its draw.
  public init(_ augmentation: Augmentation, seed: UInt64, voter: Int, draw: Int) {
    self.augmentation = augmentation
    stream = RandomStream(seed: seed, purpose: .augmentation, owner: voter, step: draw)
  }

  /// How the sample at a place of the draw is changed.
  func change(at place: Int) -> (isMirrored: Bool, down: Int, right: Int) {
    let word = stream.word(at: place)
    let width = UInt64(2 * augmentation.shift + 1)
    return (
      augmentation.mirrors && word >> 63 == 1,
      Int(word % (1 << 31) % width) - augmentation.shift,
      Int((word >> 31) % (1 << 31) % width) - augmentation.shift
    )
  }
}

extension DenseDataset {
  /// Copies the features of an image as a draw changes it.
  ///
  /// - Parameters:
  ///   - sample: The number of the sample.
  ///   - place: Its place in the draw.
  ///   - features: `width` elements to be overwritten.
  /// - Precondition: The shape is rows x columns or channels x rows x columns; the rest is as
  ///   `copyRow(_:into:)` asks.
  public func copyRow(
    _ sample: Int, at place: Int, of draw: AugmentedDraw, into features: inout MutableSpan<Float>
  ) {
    precondition((2...3).contains(shape.count) && features.count == width, "no image")
    let (isMirrored, down, right) = draw.change(at: place)
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    for row in 0..<width / columns {
      let channel = row / rows
      let image = channel * rows
      let from = row - image - down
      for column in 0..<columns {
        let moved = column - right
        let isInside = (0..<rows).contains(from) && (0..<columns).contains(moved)
        let source = isMirrored ? columns - 1 - moved : moved
        features[row * columns + column] =
          isInside
          ? feature(sample, (image + from) * columns + source, channel: channel)
          : outside(channel: channel)
      }
    }
  }
}
