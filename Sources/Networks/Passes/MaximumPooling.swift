/// Channels that lie side by side in every blocked layout of images.
typealias ChannelLanes = SIMD8<Float>

/// The largest number of each window, and where it stood, in memory of any of oneDNN's image layouts.
///
/// An image's planes lie one after the other; a plane has rows of columns of `depth` channels side by
/// side, 1 in plain memory, 8 or 16 in blocked memory, all of them in channels-last. Channels are
/// worked on eight at a time, without a branch on the numbers.
///
/// Of equal numbers the first one of a window counts, and NaN never does. With ReLU a window without
/// a positive number gives 0, and no gradient.
@safe
struct MaximumPooling {
  let planes: Int
  let depth: Int
  /// Rows and columns of the input.
  let input: (rows: Int, columns: Int)
  /// Rows and columns of the output.
  let output: (rows: Int, columns: Int)
  let size: Int
  let stride: Int
  let padding: Int
  let relu: Bool

  private typealias Places = SIMD8<Int32>
  /// The most rows and columns of a window, whose places are numbered by Int32.
  static let largestWindow = (1 << 15) - 1

  /// - Parameters:
  ///   - input: Samples x channels x rows x columns.
  ///   - output: Likewise.
  ///   - depth: How many channels lie side by side.
  init(
    input: [Int], output: [Int], depth: Int, size: Int, stride: Int, padding: Int, relu: Bool
  ) {
    precondition(size <= Self.largestWindow, "a window of \(size) x \(size)")
    planes = input[0] * ((input[1] + depth - 1) / depth)
    self.depth = depth
    self.input = (input[2], input[3])
    self.output = (output[2], output[3])
    self.size = size
    self.stride = stride
    self.padding = padding
    self.relu = relu
  }

  /// Takes the maxima.
  ///
  /// - Parameter places: Where to leave the number of each maximum in its window, row by row, and −1
  ///   where there is none; nil if no backward pass follows.
  func forward(
    _ source: UnsafeMutablePointer<Float>, into target: UnsafeMutablePointer<Float>,
    places: UnsafeMutablePointer<Int32>?
  ) {
    forEachWindow { window in
      let start = unsafe source + window.inputStart
      let end = unsafe target + window.outputStart
      let kept = unsafe places.map { unsafe $0 + window.outputStart }
      var channel = 0
      while channel + ChannelLanes.scalarCount <= depth {
        var best = ChannelLanes(repeating: relu ? 0 : -.infinity)
        var place = Places(repeating: -1)
        for row in window.rows {
          for column in window.columns {
            let value = unsafe load(start + offset(row, column) + channel, as: ChannelLanes.self)
            let isLarger = value .> best
            best.replace(with: value, where: isLarger)
            place.replace(with: Places(repeating: number(row, column)), where: isLarger)
          }
        }
        unsafe store(best, at: end + channel)
        if let kept = unsafe kept { unsafe store(place, at: kept + channel) }
        channel += ChannelLanes.scalarCount
      }
      while channel < depth {
        var best: Float = relu ? 0 : -.infinity
        var place: Int32 = -1
        for row in window.rows {
          for column in window.columns {
            let value = unsafe start[offset(row, column) + channel]
            if value > best { (best, place) = (value, number(row, column)) }
          }
        }
        unsafe end[channel] = best
        if let kept = unsafe kept { unsafe kept[channel] = place }
        channel += 1
      }
    }
  }

  /// Whether every number of the input lies in one window, so that its gradient is set once.
  private var isTiling: Bool {
    size == stride && padding == 0 && input.rows == size * output.rows
      && input.columns == size * output.columns && depth % ChannelLanes.scalarCount == 0
  }

  /// Sets the gradient by the input from the one by the output.
  func backward(
    _ arriving: UnsafeMutablePointer<Float>, places: UnsafeMutablePointer<Int32>,
    into result: UnsafeMutablePointer<Float>
  ) {
    let isTiling = self.isTiling
    let planeCount = input.rows * input.columns * depth
    var cleared = 0
    forEachWindow { window in
      // A plane at a time, so that the cache still has the zeros.
      while !isTiling, cleared <= window.plane {
        unsafe (result + cleared * planeCount).update(repeating: 0, count: planeCount)
        cleared += 1
      }
      let start = unsafe arriving + window.outputStart
      let kept = unsafe places + window.outputStart
      let target = unsafe result + window.inputStart
      var channel = 0
      while channel + ChannelLanes.scalarCount <= depth {
        let value = unsafe load(start + channel, as: ChannelLanes.self)
        let place = unsafe load(kept + channel, as: Places.self)
        for row in window.rows {
          for column in window.columns {
            let cell = unsafe target + offset(row, column) + channel
            let isHere = place .== Places(repeating: number(row, column))
            let own = value.replacing(with: 0, where: .!isHere)
            unsafe store(isTiling ? own : load(cell, as: ChannelLanes.self) + own, at: cell)
          }
        }
        channel += ChannelLanes.scalarCount
      }
      while channel < depth {
        let place = unsafe Int(kept[channel])
        if place >= 0 {
          unsafe target[offset(place / size, place % size) + channel] += start[channel]
        }
        channel += 1
      }
    }
  }

  /// A window: its plane, where it begins, and those of its rows and columns that lie in the image.
  private struct Window {
    let plane: Int
    /// The first channel of its first number, which may lie in the padding.
    let inputStart: Int
    let outputStart: Int
    let rows: Range<Int>
    let columns: Range<Int>
  }

  @inline(__always)
  private func forEachWindow(_ body: (Window) -> Void) {
    for plane in 0..<planes {
      for row in 0..<output.rows {
        let top = row * stride - padding
        let rows = max(0, -top)..<min(size, input.rows - top)
        for column in 0..<output.columns {
          let left = column * stride - padding
          body(
            Window(
              plane: plane,
              inputStart: ((plane * input.rows + top) * input.columns + left) * depth,
              outputStart: ((plane * output.rows + row) * output.columns + column) * depth,
              rows: rows, columns: max(0, -left)..<min(size, input.columns - left)))
        }
      }
    }
  }

  private func offset(_ row: Int, _ column: Int) -> Int { (row * input.columns + column) * depth }

  private func number(_ row: Int, _ column: Int) -> Int32 {
    Int32(truncatingIfNeeded: row * size + column)
  }

  private func load<Scalar, Vector>(
    _ place: UnsafeMutablePointer<Scalar>, as type: Vector.Type
  ) -> Vector {
    unsafe UnsafeRawPointer(place).loadUnaligned(as: type)
  }

  private func store<Scalar, Vector: BitwiseCopyable>(
    _ vector: Vector, at place: UnsafeMutablePointer<Scalar>
  ) {
    unsafe UnsafeMutableRawPointer(place).storeBytes(of: vector, as: Vector.self)
  }
}
