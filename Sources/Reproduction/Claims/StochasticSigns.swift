import AlignedBuffers
import Plots
import SignBits
import SignDescent

extension Claim {
  /// T13: what the stochastic sign is on average.
  static let stochasticSign = Claim(
    name: "stochastic-sign", number: 13,
    statement: """
      The stochastic sign S_R(v) has the mean v/R, is certain at |v| = R, and is a function of \
      (seed, voter, step, coordinate) alone, so that runs replay for any number of ranks.
      """,
    place: "section 1.4; section 4, T13",
    method: """
      100,000 draws of S_2 for each of 10 values and 5 seeds; the distance of their mean from v/R, \
      in units of 1/√100,000.
      """
  ) { laboratory in
    let experiment = StochasticSignExperiment(
      count: laboratory.choose(100_000, brief: 2_000), seed: laboratory.seed)
    let shares: [Float] = [-1, -0.75, -0.5, -0.25, -0.1, 0.1, 0.25, 0.5, 0.75, 1]
    // The means of each value, by seed.
    let means = shares.map { share in
      (0..<5).map { experiment.mean(of: share * experiment.radius, owner: $0) }
    }
    let scale = Double(experiment.count).squareRoot()
    var measurements: [Measurement] = []
    for (share, means) in zip(shares, means) {
      let what = "v/R = \(share): "
      if abs(share) == 1 {
        measurements.append(
          Measurement(what + "mean", Expectation.exactly(Double(share)).inEverySeed, means))
      } else {
        measurements.append(
          Measurement(
            what + "|mean - v/R|·√N", Expectation.below(4).inEverySeed,
            means.map { abs($0 - Double(share)) * scale }))
      }
    }
    measurements += [
      Measurement(
        "draws that change with the order of work", .exactly(0),
        [experiment.shareThatDiffers(inPieces: true, owner: 0, step: 0)]),
      Measurement(
        "draws that change with the voter", .within(0.5, plusOrMinus: 0.01),
        [experiment.shareThatDiffers(inPieces: false, owner: 1, step: 0)]),
      Measurement(
        "draws that change with the step", .within(0.5, plusOrMinus: 0.01),
        [experiment.shareThatDiffers(inPieces: false, owner: 0, step: 1)]),
    ]
    return Finding(
      measurements: measurements,
      plots: [
        Plot(
          title: "The stochastic sign of radius R",
          x: .init(label: "v/R"), y: .init(label: "mean of 100,000 draws"),
          series: [
            .init(name: "S_R(v)", points: points(shares.map(Double.init), means)),
            .init(name: "v/R", points: [.init(-1, -1), .init(1, 1)], style: .expected),
          ])
      ])
  }
}

/// Draws of the stochastic sign.
private struct StochasticSignExperiment {
  let radius: Float = 2
  let count: Int
  let seed: UInt64

  /// The mean of the signs of one value.
  func mean(of value: Float, owner: Int) -> Double {
    let ballot = draw(of: value, owner: owner)
    let signs = ballot.signs.span
    var negative = 0
    for word in signs.indices { negative += signs[word].nonzeroBitCount }
    return Double(count - 2 * negative) / Double(count)
  }

  /// The share of the signs of small values that differ from those of voter 0 in step 0.
  func shareThatDiffers(inPieces: Bool, owner: Int, step: Int) -> Double {
    let value: Float = 0x1p-40
    let first = draw(of: value, owner: 0)
    let second = draw(of: value, owner: owner, step: step, inPieces: inPieces)
    var differing = 0
    for word in 0..<first.wordCount {
      differing += (first.signs[word] ^ second.signs[word]).nonzeroBitCount
    }
    return Double(differing) / Double(count)
  }

  /// The signs of many times the same value.
  private func draw(
    of value: Float, owner: Int, step: Int = 0, inPieces: Bool = false
  ) -> SignPlanes {
    let values = AlignedBuffer<Float>(repeating: value, count: count)
    var ballot = SignPlanes(count: count)
    let sign = StochasticSign(seed: seed, rule: .fair)
    // From the last piece to the first, of a length that no word divides.
    let length = inPieces ? 777 : count
    for start in stride(from: 0, to: count, by: length).reversed() {
      sign.pack(
        values.span, radius: radius, coordinates: start..<min(start + length, count),
        owner: owner, step: step, into: &ballot)
    }
    return ballot
  }
}
