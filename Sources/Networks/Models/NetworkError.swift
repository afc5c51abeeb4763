/// Why a model cannot be made for its input.
public struct NetworkError: Error, Hashable, CustomStringConvertible {
  /// The model, and which of its layers, counted from 1, those of paths included.
  public let place: String
  /// The shape of the layer's input.
  public let input: [Int]
  /// What does not fit, and what to do.
  public let reason: String

  /// One line: model, layer, its input, what is wrong and what to do.
  public var description: String {
    let shape = input.map(String.init).joined(separator: " x ")
    return "\(place), on an input of \(shape): \(reason)"
  }
}
