/// Vectors for tokens and places, in plain row-major memory.
@safe
struct Embedding {
  let samples: Int
  let tokens: Int
  let vocabulary: Int
  let width: Int

  /// Writes token[what it is] + position[where it stands] for each token.
  ///
  /// - Parameter sequences: Rows of tokens + 1 numbers; the last of each is only a target.
  func forward(
    _ sequences: UnsafePointer<Float>, _ token: UnsafePointer<Float>,
    _ position: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<samples * tokens {
      let vector = unsafe token + width * self.token(at: row, in: sequences)
      let place = unsafe position + width * (row % tokens)
      let result = unsafe output + width * row
      for column in 0..<width { unsafe result[column] = vector[column] + place[column] }
    }
  }

  /// Sums the gradients of each token's and each place's vectors, in the order of the rows.
  ///
  /// - Parameter isAdding: Whether to add to the tokens' gradients what they hold.
  func backward(
    _ sequences: UnsafePointer<Float>, _ arriving: UnsafePointer<Float>,
    _ token: UnsafeMutablePointer<Float>, _ position: UnsafeMutablePointer<Float>,
    adding isAdding: Bool
  ) {
    if !isAdding { unsafe token.update(repeating: 0, count: vocabulary * width) }
    unsafe position.update(repeating: 0, count: tokens * width)
    for row in 0..<samples * tokens {
      let vector = unsafe token + width * self.token(at: row, in: sequences)
      let place = unsafe position + width * (row % tokens)
      let difference = unsafe arriving + width * row
      for column in 0..<width {
        unsafe vector[column] += difference[column]
        unsafe place[column] += difference[column]
      }
    }
  }

  private func token(at row: Int, in sequences: UnsafePointer<Float>) -> Int {
    let token = Int(unsafe sequences[row / tokens * (tokens + 1) + row % tokens])
    precondition(token >= 0 && token < vocabulary, "token \(token) outside the vocabulary")
    return token
  }
}
