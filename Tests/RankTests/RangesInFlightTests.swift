import Glibc
import MPIKit
import TestSupport
import Testing

@Suite("Ranges in flight", .outsideLauncher)
struct RangesInFlightTests {
  @Test func readersOverlap_writersDoNot() {
    var ranges = RangesInFlight(slots: 3)
    #expect(ranges.allows(.write, to: 0..<10))
    let reading = ranges.claim(2..<5, for: .read)
    #expect(ranges.allows(.read, to: 0..<10))
    #expect(!ranges.allows(.write, to: 4..<6))
    #expect(ranges.allows(.write, to: 5..<6))
    #expect(ranges.allows(.write, to: 0..<2))
    let writing = ranges.claim(6..<8, for: .write)
    #expect(!ranges.allows(.read, to: 7..<9))
    #expect(ranges.count == 2 && ranges.freeCount == 1)
    ranges.release(reading)
    #expect(ranges.allows(.write, to: 4..<6))
    ranges.release(writing)
    #expect(ranges.allows(.write, to: 0..<10) && ranges.count == 0)
  }

  @Test func sourceOfAnOperation_mayBeReadOnly() {
    var ranges = RangesInFlight(slots: 1)
    let slot = ranges.claim(4..<8, for: .write, reading: 0..<4)
    #expect(ranges.allows(.read, to: 0..<4))
    #expect(!ranges.allows(.write, to: 3..<4))
    #expect(!ranges.allows(.read, to: 3..<5))
    ranges.release(slot)
    #expect(ranges.allows(.write, to: 0..<8))
  }

  @Test func emptyRange_meetsNothing() {
    var ranges = RangesInFlight(slots: 2)
    _ = ranges.claim(0..<4, for: .write)
    #expect(ranges.allows(.write, to: 2..<2))
    _ = ranges.claim(2..<2, for: .write)
    #expect(ranges.freeCount == 0)
  }

  /// Exactly the overlap of index sets, by a model that enumerates them.
  @Test func allows_agreesWithSetsOfIndices() {
    for lower in 0..<6 {
      for upper in lower...6 {
        var ranges = RangesInFlight(slots: 1)
        _ = ranges.claim(lower..<upper, for: .write)
        for otherLower in 0..<6 {
          for otherUpper in otherLower...6 {
            let common = Set(lower..<upper).intersection(Set(otherLower..<otherUpper))
            #expect(ranges.allows(.read, to: otherLower..<otherUpper) == common.isEmpty)
            #expect(ranges.allows(.write, to: otherLower..<otherUpper) == common.isEmpty)
          }
        }
      }
    }
  }
}
