/// A checkpoint that is complete.
public struct CheckpointRecord: Hashable, Sendable, Codable {
  /// The number of steps done.
  public var step: Int
  /// Its folder.
  public var path: String
  /// The bytes of all files of all ranks.
  public var bytes: Int
  /// How long it kept rank 0 from the next step, in seconds.
  public var stallSeconds: Double
  /// From its beginning until it was complete, in seconds.
  public var writeSeconds: Double

  /// A checkpoint.
  public init(
    step: Int, path: String, bytes: Int, stallSeconds: Double, writeSeconds: Double
  ) {
    self.step = step
    self.path = path
    self.bytes = bytes
    self.stallSeconds = stallSeconds
    self.writeSeconds = writeSeconds
  }
}
