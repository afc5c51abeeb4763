import AlignedBuffers
import CounterRandom
import Foundation
import SignBits
import SignDescent

/// The exponential average beside heavy ball, m = fl(fl(θ·m) + g), over the same gradients.
struct MomentumForms {
  private static let count = 2_000
  private static let steps = 500
  let seed: UInt64

  /// Differences of the two for several θ.
  var measurements: [Measurement] {
    var measurements: [Measurement] = []
    for momentum in [0.5, 0.875, 1 - 0x1p-7, 0.9, 0.99] {
      let found = compare(momentum: momentum)
      let what = "θ = \(momentum): signs in which heavy ball differs"
      let isPower = Float(1 - momentum).significand == 1
      measurements.append(
        isPower
          ? Measurement(what, .exactly(0), [found.share])
          : Measurement(what + ", share", .atMost(1e-6), [found.share]))
      if !isPower {
        measurements.append(
          Measurement(what + " where |m| > 10^-6 max|m|", .exactly(0), [found.large]))
      }
    }
    return measurements
  }

  /// The share of coordinate-steps whose signs differ, and the number of those that are not tiny.
  private func compare(momentum theta: Double) -> (share: Double, large: Double) {
    let pass = MomentumPass(momentum: theta, rule: .exact)
    var average = AlignedBuffer<Float>(repeating: 0, count: Self.count)
    var ball = [Float](repeating: 0, count: Self.count)
    var gradient = AlignedBuffer<Float>(repeating: 0, count: Self.count)
    var ballot = SignPlanes(count: Self.count)
    var differing = 0
    var large = 0
    for step in 0..<Self.steps {
      let stream = RandomStream(seed: seed, purpose: .gradientNoise, step: step)
      for index in 0..<Self.count {
        gradient[index] = Float(stream.normal(at: index))
        let old = Float(theta) * ball[index]
        ball[index] = old + gradient[index]
      }
      _ = pass.run(momentum: average.mutableSpan, gradient: gradient.span, into: &ballot)
      var largest: Float = 0
      for value in ball { largest = max(largest, abs(value)) }
      for index in 0..<Self.count {
        let sign = ball[index] == 0 ? 0 : ball[index] < 0 ? -1 : 1
        guard sign != ballot[index] else { continue }
        differing += 1
        if abs(ball[index]) > 1e-6 * largest { large += 1 }
      }
    }
    return (Double(differing) / Double(Self.count * Self.steps), Double(large))
  }
}

/// The look-ahead point from stored parameters beside that from the last verdict.
struct ExtrapolationForms {
  private static let count = 100_000
  private static let learningRate = 1e-3
  let seed: UInt64

  /// The largest distance of the two points, in units of ulp·θ/(1−θ).
  ///
  /// The ulp is that of the largest number of a coordinate: for a small w the points lie further
  /// out than w, and both are rounded there.
  func largestDistance(momentum: Double) -> Double {
    let stream = RandomStream(seed: seed, purpose: .initialization)
    var before = AlignedBuffer<Float>(repeating: 0, count: Self.count)
    var now = AlignedBuffer<Float>(repeating: 0, count: Self.count)
    var verdict = SignPlanes(count: Self.count)
    for index in 0..<Self.count {
      before[index] = Float(stream.normal(at: index))
      now[index] = before[index]
      verdict[index] = stream.below(3, at: 2 * Self.count + index) - 1
    }
    SignUpdate(learningRate: Self.learningRate)
      .apply(verdict, to: now.mutableSpan, coordinates: 0..<Self.count)
    var stored = AlignedBuffer<Float>(repeating: 0, count: Self.count)
    for index in 0..<Self.count { stored[index] = before[index] }
    var rebuilt = AlignedBuffer<Float>(repeating: 0, count: Self.count)
    let ahead = LookAhead(momentum: momentum)
    ahead.extrapolate(now.span, point: stored.mutableSpan)
    ahead.rebuild(
      now.span, verdict: verdict, learningRate: Self.learningRate, into: rebuilt.mutableSpan)
    var largest = 0.0
    for index in 0..<Self.count {
      let unit = max(before[index].ulp, now[index].ulp, stored[index].ulp)
      largest = max(largest, Double(abs(stored[index] - rebuilt[index])) / Double(unit))
    }
    return largest * (1 - momentum) / momentum
  }
}
