/// What ends a run before its last step (`--stop-at`): an evaluation that is good enough.
public struct StopTarget: Hashable, Sendable {
  /// The accuracy that is enough, above 0 and at most 1.
  public let accuracy: Double
}

extension StopTarget: LosslessStringConvertible {
  /// Reads `accuracy:0.9`; nil for any other text and for numbers outside (0, 1].
  public init?(_ text: String) {
    guard text.hasPrefix("accuracy:"), let accuracy = Double(text.dropFirst(9)), accuracy > 0,
      accuracy <= 1
    else { return nil }
    self.accuracy = accuracy
  }

  /// The text that `init(_:)` reads.
  public var description: String { "accuracy:\(accuracy)" }
}
