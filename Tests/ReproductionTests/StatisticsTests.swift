import Plots
import Testing

@testable import Reproduction

@Suite("Statistics over seeds")
struct StatisticsTests {
  @Test func median_isTheMiddleOrTheMeanOfTheTwoMiddleOnes() {
    #expect([3.0, 1, 2].median == 2)
    #expect([4.0, 1, 2, 3].median == 2.5)
    #expect([1.0, .nan, 2].median.isNaN && [Double]().median.isNaN)
  }

  @Test func slope_isThatOfALine() {
    #expect(slope([(0, 1), (1, 3), (2, 5)]) == 2)
    #expect(abs(slope([(0, 0), (1, 1), (2, 0), (3, 1)]) - 0.2) < 1e-15)
  }
}
