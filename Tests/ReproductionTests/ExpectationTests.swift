import Testing

@testable import Reproduction

@Suite("Expectations")
struct ExpectationTests {
  @Test func near_takesThePercentOnBothSides() {
    let expectation = Expectation.near(-2, percent: 10)
    #expect(expectation.range == -2.2...(-1.8) && expectation.text == "-2 ± 10 %")
  }

  @Test func below_excludesTheBound() {
    #expect(Measurement("x", .below(1), [Double(1).nextDown]).holds)
    #expect(!Measurement("x", .below(1), [1]).holds)
    #expect(!Measurement("x", .above(1), [1]).holds && Measurement("x", .atLeast(1), [1]).holds)
    #expect(Measurement("x", .atMost(1), [1]).holds && Measurement("x", .exactly(1), [1]).holds)
  }

  @Test func median_isJudgedUnlessEverySeedIs() {
    let values = [0.5, 0.6, 2]
    #expect(Measurement("x", .below(1), values).holds)
    #expect(!Measurement("x", Expectation.below(1).inEverySeed, values).holds)
  }

  @Test func notANumber_meetsNothing() {
    #expect(!Measurement("x", .below(1), [.nan]).holds)
    #expect(!Measurement("x", .below(1), [0, 0, .nan]).holds)
    #expect(!Measurement("x", Expectation.atLeast(0).inEverySeed, [1, .nan]).holds)
  }

  @Test func text_hasTheMedianAndTheSpread() {
    #expect(Measurement("x", .below(1), [3, 1, 2]).text == "2 [1, 3]")
    #expect(Measurement("x", .below(1), [0.123_45]).text == "0.1235")
  }
}
