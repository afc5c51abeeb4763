import Datasets
import SignDescent
import Testing

@testable import Training

@Suite("Going on with a run")
struct ResumeTests {
  private func plan(_ ranks: Int, _ position: RunPosition = RunPosition()) throws -> RunPlan {
    var options = TrainingOptions()
    options.batch = .perRank(10)
    options.length = .epochs(4)
    return try RunPlan(options, ranks: ranks, trainingSamples: 1_000, position: position)
  }

  @Test func sameRanks_sameRatesAndEpochs() throws {
    let whole = try plan(3)
    for step in [0, 1, 17, 34, 35, 100] {
      let rest = try plan(3, whole.position(after: step))
      #expect(rest.totalSteps == whole.totalSteps)
      for later in step..<whole.totalSteps {
        #expect(rest.learningRate(at: later) == whole.learningRate(at: later))
        #expect(rest.epoch(of: later) == whole.epoch(of: later))
        #expect(rest.isEvaluationDue(after: later) == whole.isEvaluationDue(after: later))
        #expect(rest.position(after: later) == whole.position(after: later))
      }
    }
  }

  @Test func otherRanks_rateGoesOnWhereItWas() throws {
    let whole = try plan(4)
    let middle = whole.totalSteps / 2
    let rest = try plan(1, whole.position(after: middle))
    // Half of the run is left, and a rank alone needs four times the steps for it.
    #expect(rest.totalSteps == middle + 4 * (whole.totalSteps - middle))
    #expect(rest.learningRate(at: middle) == whole.learningRate(at: middle))
    let end = whole.learningRate(at: whole.totalSteps - 1)
    #expect(rest.learningRate(at: rest.totalSteps - 1) <= end)
    for step in middle..<rest.totalSteps - 1 {
      #expect(rest.learningRate(at: step + 1) <= rest.learningRate(at: step))
    }
  }

  @Test func momenta_ofMergedRanks_areAllTaken() {
    for before in 1...9 {
      for ranks in 1...9 {
        let sources = (0..<ranks).map {
          CheckpointRestore.sources(rank: $0, ranks: ranks, before: before)
        }
        if before >= ranks {
          #expect(sources.flatMap(\.self).sorted() == Array(0..<before))
        } else {
          #expect(sources == (0..<ranks).map { [$0 % before] })
        }
        #expect((CheckpointRestore.mapping(from: before, to: ranks) == nil) == (before == ranks))
      }
    }
  }

  @Test func texts_readWhatTheyPrint() {
    for text in ["1", "250", "10.0m", "0.5m"] {
      #expect(CheckpointInterval(text)?.description == text)
    }
    for text in ["0", "-1", "m", "0m", "-2m", "infm", "nanm", "1h", ""] {
      #expect(CheckpointInterval(text) == nil, "\(text)")
    }
    for text in ["auto", "never", "0", "12"] {
      #expect(ResumeChoice(text)?.description == text)
    }
    for text in ["", "-1", "last", "1.5"] { #expect(ResumeChoice(text) == nil, "\(text)") }
  }
}
