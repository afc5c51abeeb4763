internal import CounterRandom

/// The samples that train and the samples held out of training, chosen by the seed.
///
/// To the bit: let P be `RandomStream(seed:purpose:owner:step:)` with the run's seed, purpose
/// `.validationSplit`, owner 0 and step 0, `.permutation(count:)` over all samples of the training
/// set. P's first `validationCount` entries are held out. Both lists are in ascending order.
public struct ValidationSplit: Hashable, Sendable {
  /// The numbers of the samples that train, ascending.
  public let training: [Int32]
  /// The numbers of the samples held out, ascending.
  public let validation: [Int32]

  /// Splits the training set.
  ///
  /// - Parameters:
  ///   - sampleCount: The number of samples of the training set, at most 2^31 - 1.
  ///   - validationCount: The number of samples to hold out; 0 holds none out.
  ///   - seed: The seed of the run.
  /// - Throws: `DatasetError` when `validationCount` is negative or leaves no sample.
  public init(sampleCount: Int, validationCount: Int, seed: UInt64) throws(DatasetError) {
    guard validationCount >= 0, validationCount < max(sampleCount, 1) else {
      throw DatasetError(
        file: "--validation \(validationCount)",
        .validationTooLarge(count: validationCount, samples: sampleCount))
    }
    let stream = RandomStream(seed: seed, purpose: .validationSplit)
    let order = validationCount == 0 ? [] : stream.permutation(count: sampleCount)
    var isHeldOut = [Bool](repeating: false, count: sampleCount)
    for sample in order.prefix(validationCount) { isHeldOut[Int(sample)] = true }
    let samples = 0..<Int32(sampleCount)
    training = samples.filter { !isHeldOut[Int($0)] }
    validation = samples.filter { isHeldOut[Int($0)] }
  }
}
