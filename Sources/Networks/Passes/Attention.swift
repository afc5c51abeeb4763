/// Causal attention in several heads, one sample at a time, in plain row-major memory.
///
/// The input has a row of queries, keys and values, 3 x width, for each token. Products are oneDNN's,
/// over blocks of queries and the keys that any of them sees, so that about half of the square of
/// tokens is never formed.
@safe
struct Attention {
  let tokens: Int
  let heads: Int
  /// The numbers of a token in the output.
  let width: Int

  /// The queries that are worked on together, 64 or what is left; formed once.
  private let blocks: [Range<Int>]

  init(tokens: Int, heads: Int, width: Int) {
    self.tokens = tokens
    self.heads = heads
    self.width = width
    blocks = stride(from: 0, to: tokens, by: 64).map { $0..<min($0 + 64, tokens) }
  }

  /// Weights lie in rows of whole vectors.
  private var weightStride: Int { WeightRow.vectors(tokens) * Lanes.scalarCount }
  private var headWidth: Int { width / heads }
  private var scale: Float { 1 / Float(headWidth).squareRoot() }

  /// The numbers that the weights of a head take.
  var weightCount: Int { tokens * weightStride }

  /// Attends within a sample.
  ///
  /// - Parameters:
  ///   - weights: Room for the weights of each head of each sample; of one head if not kept.
  ///   - keepsWeights: Whether the backward pass will want them.
  func forward(
    _ sample: Int, _ input: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>,
    keepsWeights: Bool, into output: UnsafeMutablePointer<Float>
  ) throws(OneDNNError) {
    for head in 0..<heads {
      let (query, key, value) = unsafe parts(of: head, sample, in: input)
      let result = unsafe part(of: head, sample, in: output, 0, of: 1)
      let weight = unsafe matrix(weights, number: keepsWeights ? sample * heads + head : 0)
      for block in blocks {
        let seen = block.upperBound
        let own = weight.rows(from: block.lowerBound)
        try own.set(
          rows: block.count, columns: seen, to: query.rows(from: block.lowerBound),
          times: key.transposed, inner: headWidth, factor: scale)
        for row in block { self.row(row, of: weight).softmax(upTo: seen) }
        try result.rows(from: block.lowerBound).set(
          rows: block.count, columns: headWidth, to: own, times: value, inner: seen)
      }
    }
  }

  /// The gradient by queries, keys and values of a sample.
  ///
  /// - Parameters:
  ///   - weights: What the forward pass kept.
  ///   - arriving: The gradient by the output.
  ///   - scratch: Room for the weights of a head.
  func backward(
    _ sample: Int, _ input: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>,
    _ arriving: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    into result: UnsafeMutablePointer<Float>
  ) throws(OneDNNError) {
    for head in 0..<heads {
      let inputs = unsafe parts(of: head, sample, in: input)
      let results = unsafe parts(of: head, sample, in: result)
      let difference = unsafe part(of: head, sample, in: arriving, 0, of: 1)
      let weight = unsafe matrix(weights, number: sample * heads + head)
      let score = unsafe matrix(scratch, number: 0)
      // From the last block, which sees all keys and so sets what the others add to.
      for block in blocks.reversed() {
        let first = block.lowerBound
        let seen = block.upperBound
        let isAdding = seen < tokens
        try score.rows(from: first).set(
          rows: block.count, columns: seen, to: difference.rows(from: first),
          times: inputs.value.transposed, inner: headWidth)
        try results.value.set(
          rows: seen, columns: headWidth, to: weight.rows(from: first).transposed,
          times: difference.rows(from: first), inner: block.count, adding: isAdding)
        for row in block {
          self.row(row, of: weight).softmaxGradient(self.row(row, of: score), upTo: seen)
        }
        try results.query.rows(from: first).set(
          rows: block.count, columns: headWidth, to: score.rows(from: first), times: inputs.key,
          inner: seen, factor: scale)
        try results.key.set(
          rows: seen, columns: headWidth, to: score.rows(from: first).transposed,
          times: inputs.query.rows(from: first), inner: block.count, factor: scale,
          adding: isAdding)
      }
    }
  }

  private func parts(
    of head: Int, _ sample: Int, in numbers: UnsafeMutablePointer<Float>
  ) -> (query: Matrix, key: Matrix, value: Matrix) {
    unsafe (
      part(of: head, sample, in: numbers, 0, of: 3), part(of: head, sample, in: numbers, 1, of: 3),
      part(of: head, sample, in: numbers, 2, of: 3)
    )
  }

  /// A head's columns in one of several matrices that lie side by side.
  private func part(
    of head: Int, _ sample: Int, in numbers: UnsafeMutablePointer<Float>, _ number: Int,
    of count: Int
  ) -> Matrix {
    let column = number * width + head * headWidth
    return unsafe Matrix(numbers + sample * tokens * count * width + column, stride: count * width)
  }

  private func matrix(_ weights: UnsafeMutablePointer<Float>, number: Int) -> Matrix {
    unsafe Matrix(weights + number * weightCount, stride: weightStride)
  }

  private func row(_ row: Int, of weight: Matrix) -> WeightRow {
    unsafe WeightRow(weight.rows(from: row).start, count: row + 1)
  }
}
