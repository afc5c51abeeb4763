/// The forward pass of dense layers where oneDNN's own lasts too long.
///
/// Weights whose rows begin a multiple of 2 kB apart, as behind 512 or 1,024 inputs, compete for few
/// lines of the cache where they are read by columns, as the product of the input with their transpose
/// does. The product of the weights with the transposed input reads them by rows. Both transposes
/// counted, 1,024 x 1,024 weights take 0.5 of the time with 32 rows and 0.8 with 128 (AVX-512; 0.8 and
/// 0.98 with AVX2).
extension ProgramBuilder {
  /// The rows for which it is faster.
  private static let transposedRows = 16...256
  /// The fewest outputs: with fewer the transposed input costs more than it gains.
  private static let fewestOutputs = 256

  /// Whether the product is formed with the transposed input.
  func isTransposed(_ input: Tensor, outputs: Int) -> Bool {
    isMatrix(input) && input.rowsCompete && Self.transposedRows.contains(input.shape[0])
      && outputs >= Self.fewestOutputs
  }

  /// Forms the product of the weights with the transposed input, and transposes it back.
  func transposedProduct(
    _ input: Tensor, _ weight: Parameter, _ bias: Parameter?, relu: Bool
  ) throws -> Tensor {
    let (rows, inputs, outputs) = (input.shape[0], input.shape[1], weight.value.shape[0])
    let input = try converted(input, to: Format(input.shape))
    let columns = try tensor(Format([inputs, rows]))
    let products = try tensor(Format([outputs, rows]))
    let result = try tensor(Format([rows, outputs]))
    pass(.dense, over: [input, columns]) {
      columns.matrix.setTranspose(of: input.matrix, rows: inputs, columns: rows)
    }
    pass(.dense, over: [columns, products]) {
      try products.matrix.set(
        rows: outputs, columns: rows, to: weight.value.matrix, times: columns.matrix, inner: inputs)
    }
    let least = SIMD8<Float>(repeating: relu ? 0 : -.infinity)
    pass(.dense, over: [products, result]) {
      let biases = unsafe bias?.value.numbers
      result.matrix.setTranspose(of: products.matrix, rows: rows, columns: outputs) {
        numbers, output in
        var sums = numbers
        if let biases = unsafe biases {
          unsafe sums += UnsafeRawPointer(biases + output).loadUnaligned(as: SIMD8<Float>.self)
        }
        return sums.replacing(with: least, where: sums .< least)
      }
    }
    return result
  }
}
