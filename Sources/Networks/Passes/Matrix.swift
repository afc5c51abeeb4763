internal import COneDNN

/// A matrix in row-major memory of somebody else, or its transpose.
@safe
struct Matrix {
  let start: UnsafeMutablePointer<Float>
  /// Numbers from one row to the next.
  let stride: Int
  private(set) var isTransposed = false

  init(_ start: UnsafeMutablePointer<Float>, stride: Int) {
    unsafe self.start = start
    self.stride = stride
  }

  /// The rows from one on.
  func rows(from row: Int) -> Matrix { block(row, 0) }

  /// The part that begins in a row and column.
  func block(_ row: Int, _ column: Int) -> Matrix {
    unsafe Matrix(start + row * stride + column, stride: stride)
  }

  /// Sets the first rows and columns to those of another one.
  func copy(rows: Int, columns: Int, of other: Matrix) {
    for row in 0..<rows {
      unsafe (start + row * stride).update(from: other.start + row * other.stride, count: columns)
    }
  }

  /// Sets the first rows and columns to the transpose of another matrix's, changed on the way.
  ///
  /// - Parameters:
  ///   - columns: At least 8.
  ///   - change: What becomes of eight neighbours in a row, from a column on; may see some twice.
  @inline(__always)
  func setTranspose(
    of other: Matrix, rows: Int, columns: Int,
    _ change: (SIMD8<Float>, _ column: Int) -> SIMD8<Float> = { numbers, _ in numbers }
  ) {
    precondition(columns >= 8, "rows of \(columns) numbers")
    for next in Swift.stride(from: 0, to: columns, by: 8) {
      let column = min(next, columns - 8)
      for row in 0..<rows {
        var numbers = SIMD8<Float>()
        for index in 0..<8 {
          unsafe numbers[index] = other.start[(column + index) * other.stride + row]
        }
        unsafe UnsafeMutableRawPointer(start + row * stride + column).storeBytes(
          of: change(numbers, column), as: SIMD8<Float>.self)
      }
    }
  }

  /// Adds the first rows to a vector, column by column.
  func addRows(_ rows: Int, columns: Int, to sums: UnsafeMutablePointer<Float>) {
    for row in 0..<rows {
      let numbers = unsafe start + row * stride
      for column in 0..<columns { unsafe sums[column] += numbers[column] }
    }
  }

  var transposed: Matrix {
    var other = self
    other.isTransposed = true
    return other
  }

  /// Sets the first rows and columns to left · right, plus what they hold where told to.
  ///
  /// - Parameter inner: The length of the sums.
  func set(
    rows: Int, columns: Int, to left: Matrix, times right: Matrix, inner: Int, adding: Bool = false
  ) throws(OneDNNError) {
    let letter = { (matrix: Matrix) in CChar(UInt8(ascii: matrix.isTransposed ? "T" : "N")) }
    let status = unsafe dnnl_sgemm(
      letter(left), letter(right), dnnl_dim_t(rows), dnnl_dim_t(columns), dnnl_dim_t(inner),
      1, left.start, dnnl_dim_t(left.stride), right.start, dnnl_dim_t(right.stride),
      adding ? 1 : 0, start, dnnl_dim_t(stride))
    try OneDNNError.check(status, "dnnl_sgemm", "\(rows) x \(columns) x \(inner)")
  }
}
