/// Causal attention in several heads, one sample at a time, in plain row-major memory.
///
/// The input has a row of queries, keys and values, 3 x width, for each token. Products are oneDNN's,
/// over blocks of queries and the keys that any of them sees, or of keys and the queries that see any
/// of them, so that about half of the square of tokens is never formed. What lies between the products
/// is Float32; their factors, the weights among them, are `Factor`s.
@safe
struct Attention<Factor: ProductFactor> {
  let tokens: Int
  let heads: Int
  /// The numbers of a token in the output.
  let width: Int

  private let forwardBlocks: [ForwardBlock]
  /// None in evaluation.
  private let backwardBlocks: [BackwardBlock]

  private struct ForwardBlock {
    let queries: Range<Int>
    let scores: MatrixProduct
    let output: MatrixProduct
  }

  /// Products for queries, and for the keys in the same places.
  private struct BackwardBlock {
    let tokens: Range<Int>
    let weights: MatrixProduct
    let query: MatrixProduct
    let key: MatrixProduct
    let value: MatrixProduct
  }

  /// - Parameter trains: Whether there will be a backward pass.
  init(
    _ engine: Engine, tokens: Int, heads: Int, width: Int, trains: Bool
  ) throws(OneDNNError) {
    self.tokens = tokens
    self.heads = heads
    self.width = width
    let headWidth = width / heads
    let input = MatrixProduct.Strides(row: 3 * width)
    let output = MatrixProduct.Strides(row: width)
    let weight = MatrixProduct.Strides(row: Self.weightStride(tokens))

    func product(
      _ rows: Int, _ columns: Int, _ inner: Int, _ left: MatrixProduct.Strides,
      _ right: MatrixProduct.Strides, into result: MatrixProduct.Strides
    ) throws(OneDNNError) -> MatrixProduct {
      try MatrixProduct(
        engine, Factor.type, rows: rows, columns: columns, inner: inner, left, right, into: result)
    }
    let blocks = stride(from: 0, to: tokens, by: Self.blockLength).map {
      $0..<min($0 + Self.blockLength, tokens)
    }
    forwardBlocks = try blocks.map { block throws(OneDNNError) in
      let (count, seen) = (block.count, block.upperBound)
      return ForwardBlock(
        queries: block,
        scores: try product(count, seen, headWidth, input, input.transposed, into: weight),
        output: try product(count, headWidth, seen, weight, input, into: output))
    }
    backwardBlocks = try (trains ? blocks : []).map { block throws(OneDNNError) in
      let (count, seen, seeing) = (block.count, block.upperBound, tokens - block.lowerBound)
      let above = weight.transposed
      return BackwardBlock(
        tokens: block,
        weights: try product(count, seen, headWidth, output, input.transposed, into: weight),
        query: try product(count, headWidth, seen, weight, input, into: input),
        key: try product(count, headWidth, seeing, above, input, into: input),
        value: try product(count, headWidth, seeing, above, output, into: input))
    }
  }

  /// The tokens that are worked on together, the last ones fewer.
  private static var blockLength: Int { 64 }

  /// The numbers from one row of weights to the next: an odd number of vectors, since rows a multiple
  /// of a large power of two apart compete for lines of the cache.
  private static func weightStride(_ tokens: Int) -> Int {
    (WeightRow.vectors(tokens) | 1) * Lanes.scalarCount
  }

  private var weightStride: Int { Self.weightStride(tokens) }
  private var headWidth: Int { width / heads }
  private var scale: Float { 1 / Float(headWidth).squareRoot() }

  /// The numbers that the weights of a head take.
  private var headCount: Int { tokens * weightStride }
  /// The numbers that the weights of a sample take.
  var weightCount: Int { heads * headCount }
  /// The numbers that the scores of a block of queries take.
  var scoreCount: Int { min(tokens, Self.blockLength) * weightStride }
  /// The numbers that the gradient by the scores of a head takes.
  var differenceCount: Int { headCount }
  /// The bytes that products need beside their matrices.
  var scratchByteCount: Int {
    let products =
      forwardBlocks.flatMap { [$0.scores, $0.output] }
      + backwardBlocks.flatMap { [$0.weights, $0.query, $0.key, $0.value] }
    return products.map(\.scratchByteCount).reduce(0, max)
  }

  /// Attends within a sample.
  ///
  /// - Parameters:
  ///   - weights: Room for `weightCount` numbers.
  ///   - scores: Room for `scoreCount` numbers.
  ///   - scratch: Room for `scratchByteCount` bytes.
  func forward(
    _ sample: Int, _ input: UnsafeMutablePointer<Factor>, weights: UnsafeMutablePointer<Factor>,
    scores: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer,
    into output: UnsafeMutablePointer<Float>
  ) throws(OneDNNError) {
    for head in 0..<heads {
      let inputs = unsafe parts(of: head, sample, in: input)
      let output = unsafe output + sample * tokens * width + head * headWidth
      let weights = unsafe weights + head * headCount
      for block in forwardBlocks {
        let (first, end) = (block.queries.lowerBound, block.queries.upperBound)
        try unsafe block.scores.run(
          inputs.query + first * 3 * width, inputs.key, into: scores, scratch: scratch)
        for row in block.queries {
          unsafe WeightRow(scores + (row - first) * weightStride, count: row + 1).softmax(
            times: scale, upTo: end, into: weights + row * weightStride)
        }
        try unsafe block.output.run(
          weights + first * weightStride, inputs.value, into: output + first * width,
          scratch: scratch)
      }
    }
  }

  /// The gradient by queries, keys and values of a sample.
  ///
  /// - Parameters:
  ///   - weights: What the forward pass left.
  ///   - arriving: The gradient by the output.
  ///   - scores: Room for `scoreCount` numbers.
  ///   - differences: Room for `differenceCount` numbers.
  ///   - scratch: Room for `scratchByteCount` bytes.
  func backward(
    _ sample: Int, _ input: UnsafeMutablePointer<Factor>, weights: UnsafeMutablePointer<Factor>,
    _ arriving: UnsafeMutablePointer<Factor>, scores: UnsafeMutablePointer<Float>,
    differences: UnsafeMutablePointer<Factor>, scratch: UnsafeMutableRawPointer,
    into result: UnsafeMutablePointer<Float>
  ) throws(OneDNNError) {
    for head in 0..<heads {
      let inputs = unsafe parts(of: head, sample, in: input)
      let results = unsafe parts(of: head, sample, in: result)
      let arriving = unsafe arriving + sample * tokens * width + head * headWidth
      let weights = unsafe weights + head * headCount
      for block in backwardBlocks {
        let (first, end) = (block.tokens.lowerBound, block.tokens.upperBound)
        try unsafe block.weights.run(
          arriving + first * width, inputs.value, into: scores, scratch: scratch)
        for row in block.tokens {
          unsafe WeightRow(scores + (row - first) * weightStride, count: row + 1).softmaxGradient(
            at: weights + row * weightStride, times: scale, upTo: end,
            into: differences + row * weightStride)
        }
        try unsafe block.query.run(
          differences + first * weightStride, inputs.key, into: results.query + first * 3 * width,
          scratch: scratch)
      }
      for block in backwardBlocks {
        let first = block.tokens.lowerBound
        let diagonal = first * weightStride + first
        try unsafe block.key.run(
          differences + diagonal, inputs.query + first * 3 * width,
          into: results.key + first * 3 * width, scratch: scratch)
        try unsafe block.value.run(
          weights + diagonal, arriving + first * width, into: results.value + first * 3 * width,
          scratch: scratch)
      }
    }
  }

  /// A head's columns of a sample's queries, keys and values.
  private func parts<Number>(
    of head: Int, _ sample: Int, in numbers: UnsafeMutablePointer<Number>
  ) -> (
    query: UnsafeMutablePointer<Number>, key: UnsafeMutablePointer<Number>,
    value: UnsafeMutablePointer<Number>
  ) {
    let query = unsafe numbers + sample * tokens * 3 * width + head * headWidth
    return unsafe (query, query + width, query + 2 * width)
  }
}
