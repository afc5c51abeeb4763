/// The gradient by weights and bias of a convolution of images with few channels, one thread's work.
///
/// oneDNN fills the channels up to a vector, 8 times the work of grey images. Here a vector is eight
/// outputs: for each of them and each weight a sum over samples and places, three weights of a row
/// at a time. Sums of a sample come first, then those of the batch.
@safe
struct FewChannelsGradient {
  /// The most channels of an input that this is meant for.
  static let maximumChannels = 4

  /// Samples x channels x rows x columns.
  let input: [Int]
  /// Likewise.
  let output: [Int]
  let kernel: Int
  let stride: Int
  let padding: Int
  /// How many of the output's channels lie side by side, a multiple of 8.
  let depth: Int

  private var taps: Int { (kernel + 2) / 3 * 3 }
  private var outputVectors: Int { (output[1] + 7) / 8 }
  private var weightsOfOutput: Int { input[1] * kernel * taps }
  /// Rows and columns of an image with zeros around it, and as many columns as the threes read.
  private var padded: (rows: Int, columns: Int) {
    (
      input[2] + 2 * padding,
      max(input[3] + 2 * padding, (output[3] - 1) * stride + taps)
    )
  }

  /// The numbers that the scratch takes.
  var scratchCount: Int {
    outputVectors * (weightsOfOutput + 1) * ChannelLanes.scalarCount
      + input[1] * padded.rows * padded.columns
  }

  /// Sets the gradients.
  ///
  /// - Parameters:
  ///   - difference: The gradient by the output, `depth` channels side by side.
  ///   - scratch: At a multiple of the size of `ChannelLanes`.
  ///   - weights: Outputs x channels x kernel x kernel.
  func run(
    _ images: UnsafeMutablePointer<Float>, _ difference: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>,
    bias: UnsafeMutablePointer<Float>?
  ) {
    unsafe scratch.update(repeating: 0, count: scratchCount)
    let sums = unsafe UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: ChannelLanes.self)
    let image = unsafe scratch + outputVectors * (weightsOfOutput + 1) * ChannelLanes.scalarCount
    for sample in 0..<input[0] {
      unsafe pad(images + sample * input[1] * input[2] * input[3], into: image)
      for vector in 0..<outputVectors {
        unsafe add(
          image, difference + start(of: vector, sample), to: sums + vector * (weightsOfOutput + 1))
      }
    }
    for channel in 0..<output[1] {
      let own = unsafe scratch + channel / 8 * (weightsOfOutput + 1) * 8 + channel % 8
      for row in 0..<input[1] * kernel {
        for column in 0..<kernel {
          unsafe weights[(channel * input[1] * kernel + row) * kernel + column] =
            own[(row * taps + column) * 8]
        }
      }
      unsafe bias?[channel] = own[weightsOfOutput * 8]
    }
  }

  private func start(of vector: Int, _ sample: Int) -> Int {
    let (block, place) = (8 * vector).quotientAndRemainder(dividingBy: depth)
    let blocks = (output[1] + depth - 1) / depth
    return (sample * blocks + block) * output[2] * output[3] * depth + place
  }

  private func pad(_ image: UnsafeMutablePointer<Float>, into padded: UnsafeMutablePointer<Float>) {
    for channel in 0..<input[1] {
      for row in 0..<input[2] {
        let target = (channel * self.padded.rows + row + padding) * self.padded.columns + padding
        unsafe (padded + target).update(
          from: image + (channel * input[2] + row) * input[3], count: input[3])
      }
    }
  }

  /// Adds a sample's part of the sums for eight outputs.
  private func add(
    _ image: UnsafeMutablePointer<Float>, _ difference: UnsafeMutablePointer<Float>,
    to sums: UnsafeMutablePointer<ChannelLanes>
  ) {
    for channel in 0..<input[1] {
      for row in 0..<kernel {
        let values = unsafe image + (channel * padded.rows + row) * padded.columns
        let target = unsafe sums + (channel * kernel + row) * taps
        for column in Swift.stride(from: 0, to: taps, by: 3) {
          let three = unsafe products(difference, values + column)
          unsafe target[column] += three.0
          unsafe target[column + 1] += three.1
          unsafe target[column + 2] += three.2
        }
      }
    }
    var sum = ChannelLanes.zero
    for place in 0..<output[2] * output[3] {
      unsafe sum += vector(difference + place * depth)
    }
    unsafe sums[weightsOfOutput] += sum
  }

  /// The sums of products with three numbers that lie side by side.
  private func products(
    _ difference: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>
  ) -> (ChannelLanes, ChannelLanes, ChannelLanes) {
    let (rows, columns, step, depth) = (output[2], output[3], stride, depth)
    let rowLength = padded.columns * stride
    var sums = (ChannelLanes.zero, ChannelLanes.zero, ChannelLanes.zero)
    for row in 0..<rows {
      var place = unsafe difference + row * columns * depth
      var value = unsafe values + row * rowLength
      for _ in 0..<columns {
        let factor = unsafe vector(place)
        unsafe sums.0 += factor * value[0]
        unsafe sums.1 += factor * value[1]
        unsafe sums.2 += factor * value[2]
        unsafe place += depth
        unsafe value += step
      }
    }
    return sums
  }

  private func vector(_ place: UnsafeMutablePointer<Float>) -> ChannelLanes {
    unsafe UnsafeRawPointer(place).loadUnaligned(as: ChannelLanes.self)
  }
}
