public import AlignedBuffers

/// What an objective gathers of its batches beside the parameters, such as the means of batch
/// normalization.
///
/// Each rank has its own: they are no parameters, so nobody votes on them. Evaluation takes another
/// copy, into which the ranks' mean is put before.
public final class RunningStatistics {
  /// The named tensors.
  public let layout: ParameterLayout
  /// The rank's own, changed by every gradient but where they are held.
  public var own: AlignedBuffer<Float>
  /// Those that evaluation takes.
  public var evaluated: AlignedBuffer<Float>
  /// Whether gradients leave the own ones as they are: the second one of a batch tells nothing new.
  public var areHeld = false

  /// Statistics of no batch: 1 in tensors named `….variance`, else 0.
  public init(_ layout: ParameterLayout) {
    self.layout = layout
    own = AlignedBuffer(repeating: 0, count: layout.count)
    evaluated = AlignedBuffer(repeating: 0, count: layout.count)
    for tensor in layout.tensors where tensor.name.hasSuffix(".variance") {
      for index in tensor.range { own[index] = 1 }
    }
    evaluated.copy(from: own)
  }
}
