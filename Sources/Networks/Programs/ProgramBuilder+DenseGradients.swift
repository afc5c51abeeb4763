/// The backward pass of dense layers where oneDNN's own lasts too long.
///
/// Over many rows it is cut into short steps: a product of 2,048 rows and weights of 384 x 1,536 lasts
/// 20 ms, in which no message of the vote moves; the gradient by the weights streams both factors past
/// the cache, and in parts takes 0.8 of the time.
///
/// Where the rows of the weights compete for the cache and oneDNN has no AVX-512, the gradient by the
/// input takes 1.3-2 times as long (8-512 rows) unless they are copied, by blocks, to rows of another
/// length. With AVX-512 the copy costs what it gains, and more with few rows.
extension ProgramBuilder {
  /// Rows of a step; the sums over the first fit the cache best.
  private static let weightRows = 128
  private static let inputRows = 512
  /// The most outputs and inputs of a block of copied weights: one megabyte.
  private static let copiedOutputs = 256
  private static let copiedInputs = 1024

  /// Whether a matrix has rows for more than one step.
  func isLong(_ input: Tensor) -> Bool { isMatrix(input) && input.shape[0] > Self.inputRows }

  /// Whether the gradient by the input is formed of copied weights.
  ///
  /// Where both are long oneDNN copies the weights itself (`nocopy_checker_avx2` in its gemm).
  func copiesWeights(behind input: Tensor) -> Bool {
    guard isMatrix(input), input.rowsCompete, !OneDNN.hasAVX512 else { return false }
    let rows = min(input.shape[0], Self.inputRows)
    return 1 / Double(rows) + 1 / Double(input.shape[1]) >= 0.0038
  }

  /// Adds the gradient by weights and bias, a sum over the rows.
  func longWeightGradient(
    _ input: Tensor, _ difference: Tensor, of weight: Parameter, _ bias: Parameter?
  ) throws {
    let input = try converted(input, to: Format(input.shape))
    let difference = try converted(difference, to: Format(difference.shape))
    let (inputs, outputs) = (input.shape[1], difference.shape[1])
    forEachPart(of: input.shape[0], Self.weightRows) { rows in
      pass(.dense, over: [input, difference]) {
        let isFirst = rows.lowerBound == 0
        let arriving = difference.matrix.rows(from: rows.lowerBound)
        try weight.gradient.matrix.set(
          rows: outputs, columns: inputs, to: arriving.transposed,
          times: input.matrix.rows(from: rows.lowerBound), inner: rows.count, adding: !isFirst)
        guard let sums = unsafe bias?.gradient.numbers else { return }
        if isFirst { unsafe sums.update(repeating: 0, count: outputs) }
        unsafe arriving.addRows(rows.count, columns: outputs, to: sums)
      }
    }
    finish(from: weight.start)
  }

  /// Forms the gradient by the input, a product for each row.
  func inputGradient(
    _ difference: Tensor, _ weight: Parameter, of input: Tensor
  ) throws -> Tensor {
    let result = try tensor(Format(input.shape))
    let difference = try converted(difference, to: Format(difference.shape))
    let (inputs, outputs) = (input.shape[1], difference.shape[1])
    let isCopied = copiesWeights(behind: input)
    let copy = try isCopied ? tensor(Format([Self.copiedOutputs, Self.copiedInputs + 16])) : nil
    let (mostOutputs, mostInputs) =
      isCopied ? (Self.copiedOutputs, Self.copiedInputs) : (outputs, inputs)
    forEachPart(of: input.shape[0], Self.inputRows) { rows in
      forEachPart(of: outputs, mostOutputs) { outputs in
        forEachPart(of: inputs, mostInputs) { inputs in
          pass(.dense, over: [difference, result] + (copy.map { [$0] } ?? [])) {
            var weights = weight.value.matrix.block(outputs.lowerBound, inputs.lowerBound)
            if let copied = copy?.matrix {
              copied.copy(rows: outputs.count, columns: inputs.count, of: weights)
              weights = copied
            }
            try result.matrix.block(rows.lowerBound, inputs.lowerBound).set(
              rows: rows.count, columns: inputs.count,
              to: difference.matrix.block(rows.lowerBound, outputs.lowerBound), times: weights,
              inner: outputs.count, adding: outputs.lowerBound > 0)
          }
        }
      }
    }
    return result
  }

  private func forEachPart(of count: Int, _ length: Int, _ body: (Range<Int>) -> Void) {
    for first in stride(from: 0, to: count, by: length) {
      body(first..<min(first + length, count))
    }
  }
}
