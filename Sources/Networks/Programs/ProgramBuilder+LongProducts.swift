/// The backward pass of dense layers over many rows, in short steps.
///
/// oneDNN's product of 2,048 rows and weights of 384 x 1,536 lasts 20 ms, in which no message of the
/// vote moves; the gradient by the weights streams both factors past the cache, and in parts takes
/// 0.8 of the time.
extension ProgramBuilder {
  /// Rows of a step; the sums over the first fit the cache best.
  private static let weightRows = 128
  private static let inputRows = 512

  /// Whether a matrix has rows for more than one step.
  func isLong(_ input: Tensor) -> Bool {
    type == .float32 && input.shape.count == 2 && input.shape[0] > Self.inputRows
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
        let arriving = unsafe Matrix(difference.numbers, stride: outputs)
          .rows(from: rows.lowerBound)
        try unsafe Matrix(weight.gradient.numbers, stride: inputs).set(
          rows: outputs, columns: inputs, to: arriving.transposed,
          times: Matrix(input.numbers, stride: inputs).rows(from: rows.lowerBound),
          inner: rows.count, adding: !isFirst)
        guard let sums = unsafe bias?.gradient.numbers else { return }
        if isFirst { unsafe sums.update(repeating: 0, count: outputs) }
        unsafe arriving.addRows(rows.count, columns: outputs, to: sums)
      }
    }
    finish(from: weight.start)
  }

  /// Adds the gradient by the input, a product for each row.
  func longInputGradient(
    _ difference: Tensor, _ weight: Parameter, of input: Tensor
  ) throws -> Tensor {
    let result = try tensor(Format(input.shape))
    let difference = try converted(difference, to: Format(difference.shape))
    let (inputs, outputs) = (input.shape[1], difference.shape[1])
    forEachPart(of: input.shape[0], Self.inputRows) { rows in
      pass(.dense, over: [difference, result]) {
        try unsafe Matrix(result.numbers, stride: inputs).rows(from: rows.lowerBound).set(
          rows: rows.count, columns: inputs,
          to: Matrix(difference.numbers, stride: outputs).rows(from: rows.lowerBound),
          times: Matrix(weight.value.numbers, stride: inputs), inner: outputs)
      }
    }
    return result
  }

  private func forEachPart(of rows: Int, _ length: Int, _ body: (Range<Int>) -> Void) {
    for first in stride(from: 0, to: rows, by: length) {
      body(first..<min(first + length, rows))
    }
  }
}
