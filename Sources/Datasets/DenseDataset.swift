/// Labelled samples of unsigned bytes, such as images; they stay bytes in memory.
///
/// A pixel p becomes the feature Float((p / 255 - mean) / standardDeviation), formed in Double and
/// rounded once, by a table of 256 entries for each channel.
public struct DenseDataset: Sendable {
  /// The number of samples.
  public let count: Int
  /// The shape of a sample: channels, rows, columns, or rows, columns, … of one channel.
  public let shape: [Int]
  /// The number of features of a sample: the product of the shape.
  public let width: Int
  /// The number of classes; labels are below it.
  public let classCount: Int
  /// The class of each sample.
  public let labels: [Int32]
  /// What the features of each channel are centred and scaled by.
  public let normalization: [Normalization]
  private let pixels: [UInt8]
  /// The pixels of a channel of a sample.
  private let channelWidth: Int
  /// The features of the pixels 0...255, channel by channel.
  private let features: [Float]

  /// The mean and the standard deviation of a channel of the training set, each pixel divided by 255.
  public struct Normalization: Hashable, Sendable {
    /// The mean over the channel's pixels of all samples.
    public let mean: Double
    /// The square root of the mean square distance from the mean; 1 where all pixels are equal.
    public let standardDeviation: Double

    /// The values of one channel of samples.
    ///
    /// To the bit: with n pixels, S their sum and Q the sum of their squares, both exact, the
    /// mean is S / n / 255 and the standard deviation sqrt(n · Q - S²) / n / 255, the integer
    /// under the root exact, the rest in Double.
    ///
    /// - Parameter channel: The channel's pixels in each `width` of them.
    /// - Complexity: O(n).
    init(pixels: [UInt8], width: Int, channel: Range<Int>) {
      var sum = 0
      var squares = 0
      for start in stride(from: 0, to: pixels.count, by: width) {
        for pixel in pixels[start + channel.lowerBound..<start + channel.upperBound] {
          sum &+= Int(pixel)
          squares &+= Int(pixel) &* Int(pixel)
        }
      }
      let total = pixels.count / width * channel.count
      let count = Double(max(total, 1))
      let scatter = UInt128(total) * UInt128(squares) - UInt128(sum) * UInt128(sum)
      mean = Double(sum) / count / 255
      standardDeviation = scatter == 0 ? 1 : Double(scatter).squareRoot() / count / 255
    }
  }

  /// Samples with labels.
  ///
  /// - Parameters:
  ///   - pixels: The samples one after the other.
  ///   - shape: The shape of a sample.
  ///   - labels: The class of each sample, below `classCount`.
  ///   - classCount: The number of classes.
  ///   - normalization: The training set's; nil to compute it from `pixels`.
  /// - Precondition: `pixels` holds `labels.count` samples of `shape`, whose lengths are positive.
  init(
    pixels: [UInt8], shape: [Int], labels: [Int32], classCount: Int,
    normalization: [Normalization]? = nil
  ) {
    count = labels.count
    width = shape.reduce(1, *)
    precondition(pixels.count == count * width, "\(pixels.count) pixels, \(count) x \(width)")
    let (width, channelWidth) = (width, shape.count == 3 ? width / shape[0] : width)
    let normalization =
      normalization
      ?? stride(from: 0, to: width, by: channelWidth).map { start in
        Normalization(pixels: pixels, width: width, channel: start..<start + channelWidth)
      }
    features = normalization.flatMap { normalization in
      (0..<256).map { pixel in
        Float((Double(pixel) / 255 - normalization.mean) / normalization.standardDeviation)
      }
    }
    self.channelWidth = channelWidth
    self.pixels = pixels
    self.shape = shape
    self.labels = labels
    self.classCount = classCount
    self.normalization = normalization
  }

  /// A feature of a sample, which lies in a channel.
  func feature(_ sample: Int, _ index: Int, channel: Int) -> Float {
    features[channel * 256 + Int(pixels[sample * width + index])]
  }

  /// The feature of pixel 0 in a channel.
  func outside(channel: Int) -> Float { features[channel * 256] }

  /// Copies the features of a sample.
  ///
  /// - Parameters:
  ///   - sample: The number of the sample.
  ///   - features: `width` elements to be overwritten.
  /// - Precondition: `sample` lies in 0..<`count` and `features` has `width` elements.
  /// - Complexity: O(`width`), no allocation.
  public func copyRow(_ sample: Int, into features: inout MutableSpan<Float>) {
    precondition(sample >= 0 && sample < count, "sample \(sample) outside 0..<\(count)")
    precondition(features.count == width, "\(features.count) elements for \(width) features")
    features.withUnsafeMutableBufferPointer { row in
      copyRow(sample, to: row)
    }
  }

  /// Looks the pixels of a sample up in the table; both bounds were checked by the caller.
  private func copyRow(_ sample: Int, to row: UnsafeMutableBufferPointer<Float>) {
    pixels.withUnsafeBufferPointer { pixels in
      features.withUnsafeBufferPointer { features in
        for (channel, start) in stride(from: 0, to: width, by: channelWidth).enumerated() {
          let (first, table) = (sample * width, channel * 256)
          for place in start..<start + channelWidth {
            row[place] = features[table &+ Int(pixels[first &+ place])]
          }
        }
      }
    }
  }
}
