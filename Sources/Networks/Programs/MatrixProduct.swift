internal import COneDNN

/// The product of two matrices, compiled; sums are formed in Float32.
///
/// It belongs to no place: each run is told where the first numbers lie.
@safe
final class MatrixProduct {
  /// The numbers from one row and column of a matrix to the next.
  struct Strides {
    var row: Int
    var column = 1

    var transposed: Strides { Strides(row: column, column: row) }
  }

  /// The bytes that a run needs beside its matrices.
  let scratchByteCount: Int
  private let left: Memory
  private let right: Memory
  private let result: Memory
  private let scratch: Memory
  private let operation: Operation

  /// Compiles result = left · right.
  ///
  /// - Parameters:
  ///   - type: What the factors are; the result is Float32.
  ///   - rows: The rows of left and result.
  ///   - columns: The columns of right and result.
  ///   - inner: The length of the sums.
  init(
    _ engine: Engine, _ type: ComputeType, rows: Int, columns: Int, inner: Int, _ left: Strides,
    _ right: Strides, into result: Strides
  ) throws(OneDNNError) {
    func memory(
      _ rows: Int, _ columns: Int, _ strides: Strides, _ type: ComputeType = .float32
    ) throws(OneDNNError) -> Memory {
      try Memory(
        engine, Format([rows, columns], strides: [strides.row, strides.column], type))
    }
    self.left = try memory(rows, inner, left, type)
    self.right = try memory(inner, columns, right, type)
    self.result = try memory(rows, columns, result)
    let handles = unsafe [self.left, self.right, self.result].map { unsafe $0.format.handle }
    let about = "product of \(rows) x \(inner) and \(inner) x \(columns)"
    let description = try unsafe Description(about) { made in
      unsafe signum_matmul_describe(made, engine.handle, handles[0], handles[1], handles[2])
    }
    let format = try description.format(signum_scratchpad)
    scratchByteCount = format.byteCount
    scratch = try Memory(engine, format)
    operation = try Operation(
      engine, description,
      operands: [
        (signum_source, self.left), (signum_weights, self.right),
        (signum_destination, self.result), (signum_scratchpad, scratch),
      ])
  }

  /// Forms the product.
  ///
  /// - Parameters:
  ///   - left: The first number of the left matrix; of `right` and `result` likewise.
  ///   - scratch: Room for `scratchByteCount` bytes.
  func run(
    _ left: UnsafeMutableRawPointer, _ right: UnsafeMutableRawPointer,
    into result: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) throws(OneDNNError) {
    try unsafe self.left.point(at: left)
    try unsafe self.right.point(at: right)
    try unsafe self.result.point(at: UnsafeMutableRawPointer(result))
    try unsafe self.scratch.point(at: scratch)
    try operation.run()
  }
}
