import Testing

@testable import Datasets

@Suite("The course of epochs")
struct EpochCourseTests {
  /// Every entry used from a place on, by epoch, until an epoch's end.
  private func used(_ course: EpochCourse, epochs: Int) -> [Int: [Int]] {
    var used: [Int: [Int]] = [:]
    for step in course.start.step..<course.steps(toEndOfEpochs: epochs) {
      let (epoch, entries) = course.entries(of: step)
      used[epoch, default: []] += entries
    }
    return used
  }

  @Test(arguments: [1, 2, 7, 64, 100, 101, 1_000])
  func changedInMidEpoch_usesEachSampleExactlyOnce(samples: Int) {
    for before in [1, 3, 8, 64, 200] {
      let first = EpochCourse(samples: samples, samplesPerStep: before)
      for step in 0..<2 * first.stepsPerEpoch {
        let place = first.place(before: step)
        for after in [1, 2, 5, 64, 999] {
          let second = EpochCourse(samples: samples, samplesPerStep: after, start: place)
          var all = used(second, epochs: 3)
          for number in 0..<step {
            let (epoch, entries) = first.entries(of: number)
            all[epoch, default: []] += entries
          }
          #expect(all.keys.sorted() == [0, 1, 2])
          for epoch in all.values { #expect(epoch.sorted() == Array(0..<samples)) }
        }
      }
    }
  }

  @Test func unchanged_isTheSameCourse() {
    let course = EpochCourse(samples: 100, samplesPerStep: 48)
    for step in 0..<12 {
      let again = EpochCourse(
        samples: 100, samplesPerStep: 48, start: course.place(before: step))
      #expect(again.steps(toEndOfEpochs: 4) == course.steps(toEndOfEpochs: 4))
      for later in step..<12 {
        #expect(again.entries(of: later) == course.entries(of: later))
        #expect(again.place(before: later) == course.place(before: later))
      }
    }
  }

  @Test func hugeNumbers_saturate() {
    let course = EpochCourse(
      samples: 10, samplesPerStep: .max, start: .init(step: 4, epoch: 1, entry: 7))
    #expect(course.entries(of: 4) == (1, 7..<10))
    #expect(course.entries(of: 5) == (2, 0..<10))
    #expect(course.steps(toEndOfEpochs: .max) == .max)
    #expect(course.steps(toEndOfEpochs: 1) == 4)
  }
}
