internal import Objectives

extension Network {
  /// The scores of the token that follows others, as in evaluation.
  ///
  /// - Parameters:
  ///   - tokens: From one up to as many as the model's input has.
  ///   - parameters: `layout.count` elements.
  /// - Returns: A score for each token of the vocabulary.
  /// - Precondition: The model is one of sequences.
  public func scores(
    after tokens: some Collection<UInt8>, at parameters: Span<Float>
  ) throws -> [Float] {
    precondition(outline.isSequential && !tokens.isEmpty, "no sequence to go on from")
    precondition(tokens.count <= outline.scoredCount, "\(tokens.count) tokens are too many")
    var batch = Batch(capacity: 1, width: outline.scoredCount + 1)
    batch.append(label: 0) { row in
      // What follows does not reach back: zeros do.
      for column in 0..<row.count { row[column] = 0 }
      for (column, token) in tokens.enumerated() { row[column] = Float(token) }
    }
    let program = try run(at: parameters, on: batch)
    let first = (tokens.count - 1) * outline.classCount
    return (0..<outline.classCount).map { unsafe program.scores.numbers[first + $0] }
  }
}
