import AlignedBuffers
import SignBits
import SignDescent
import TestSupport
import Testing

@Suite struct LookAheadTests {
  @Test(arguments: [0, 0.5, 0.9, -0.5], edgeCounts)
  func bothForms_equalTheirDefinitions(theta: Double, count: Int) {
    let ahead = LookAhead(momentum: theta)
    let parameters = LionPassTests.numbers(count, seed: 12)
    let previous = LionPassTests.numbers(count, seed: 16)
    let signs = previous.map { naiveSign($0 - 1, .exact) }
    var point = previous
    ahead.extrapolate(parameters.span, point: point.mutableSpan)
    let factor = Float(theta / (1 - theta))
    #expect(
      bits(point)
        == bits(
          zip(parameters, previous).map { now, before in
            let difference = rounded(Double(now) - Double(before))
            let product = rounded(Double(factor) * Double(difference))
            return rounded(Double(now) + Double(product))
          }))
    ahead.rebuild(
      parameters.span, verdict: planes(signs), learningRate: 0.003, into: point.mutableSpan)
    let length = Double(Float(0.003 * (theta / (1 - theta))))
    #expect(
      bits(point) == bits(zip(parameters, signs).map { rounded(Double($0) - length * Double($1)) }))
  }

  /// T14: along a trajectory both forms agree to 2 ulp · θ/(1−θ).
  @Test(arguments: [0.5, 0.7, 0.9, 0.99])
  func bothForms_agreeAlongATrajectory(theta: Double) {
    let count = 500
    let rate = 1e-3
    let ahead = LookAhead(momentum: theta)
    let update = SignUpdate(learningRate: rate)
    var dice = Dice(seed: 6)
    var parameters = (0..<count).map { _ in dice.finite(odd: false) }
    var previous = parameters
    var momentum = [Float](repeating: 0, count: count)
    var verdict = SignPlanes(count: count)
    verdict.abstain(in: 0..<count)
    let pass = MomentumPass(momentum: theta, rule: .exact)
    var differing = 0
    for step in 0..<60 {
      var point = previous
      ahead.extrapolate(parameters.span, point: point.mutableSpan)
      var rebuilt = [Float](repeating: 7, count: count)
      ahead.rebuild(
        parameters.span, verdict: verdict, learningRate: rate, into: rebuilt.mutableSpan)
      if step == 0 { #expect(point == parameters && rebuilt == parameters) }
      for index in 0..<count {
        let ulp = max(parameters[index].ulp, point[index].ulp, previous[index].ulp)
        let allowed = 2 * Double(ulp) * theta / (1 - theta)
        #expect(abs(Double(point[index]) - Double(rebuilt[index])) <= allowed)
        if point[index] != rebuilt[index] { differing += 1 }
      }
      let gradient = point.map { $0 + dice.finite(odd: false) }
      _ = pass.run(momentum: momentum.mutableSpan, gradient: gradient.span, into: &verdict)
      previous = parameters
      update.apply(verdict, to: parameters.mutableSpan, coordinates: 0..<count)
    }
    #expect(differing > 0)
  }

  @Test func withoutThePast_isTheParameters() {
    let parameters = LionPassTests.numbers(130, seed: 20)
    let ahead = LookAhead(momentum: 0)
    var point = parameters.map { $0 + 1 }
    ahead.extrapolate(parameters.span, point: point.mutableSpan)
    #expect(point == parameters)
    ahead.rebuild(
      parameters.span, verdict: planes([Int](repeating: -1, count: 130)), learningRate: 0.1,
      into: point.mutableSpan)
    #expect(point == parameters)
  }

  @Test func misuse_traps() async {
    await #expect(processExitsWith: .failure) { _ = LookAhead(momentum: 1) }
    await #expect(processExitsWith: .failure) {
      var point: [Float] = [0]
      LookAhead(momentum: 0.5).extrapolate(([1, 2] as [Float]).span, point: point.mutableSpan)
    }
    await #expect(processExitsWith: .failure) {
      var point: [Float] = [0, 0]
      LookAhead(momentum: 0.5).rebuild(
        ([1, 2] as [Float]).span, verdict: SignPlanes(count: 3), learningRate: 1,
        into: point.mutableSpan)
    }
  }
}
