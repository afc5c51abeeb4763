import Networks
import Objectives
import Testing

@testable import Training

@Suite("Parts of the parameters with their learning rate and weight decay")
struct UpdatePartTests {
  private func parts(
    _ model: NetworkModel, _ scaling: LearningRateScaling, weightDecay: Double
  ) throws -> [UpdatePart] {
    var options = TrainingOptions()
    options.learningRateScaling = scaling
    options.weightDecay = weightDecay
    return options.updateParts(
      of: try Network(model, trainingCapacity: 1, evaluationCapacity: 1, threads: 1))
  }

  /// Weights of 12, 32 and 16 numbers, biases of 4, 8 and 2.
  private let perceptron = NetworkModel.mlp(input: 3, hidden: [4, 8], classes: 2)

  @Test func withoutDecayAndScaling_thereIsOnePart() throws {
    let parts = try parts(perceptron, .none, weightDecay: 0)
    #expect(parts == [UpdatePart(coordinates: 0..<74, rateFactor: 1, weightDecay: 0)])
  }

  @Test func decay_leavesBiasesAlone() throws {
    let parts = try parts(perceptron, .none, weightDecay: 0.1)
    #expect(parts.map(\.coordinates) == [0..<12, 12..<16, 16..<48, 48..<56, 56..<72, 72..<74])
    #expect(parts.map(\.weightDecay) == [0.1, 0, 0.1, 0, 0.1, 0])
    #expect(parts.allSatisfy { $0.rateFactor == 1 })
  }

  @Test func fanIn_scalesHiddenMatrices() throws {
    let parts = try parts(perceptron, .fanIn, weightDecay: 0)
    #expect(parts.map(\.coordinates) == [0..<16, 16..<48, 48..<74])
    #expect(parts.map(\.rateFactor) == [1, 64, 1])
  }

  @Test(arguments: [false, true])
  func fanIn_leavesEmbeddingsAndScoresAlone(tie: Bool) throws {
    let outline = try NetworkOutline(.gpt(layers: 1, heads: 2, width: 8, context: 5, tie: tie))
    let factors = LearningRateScaling.fanIn.factors(of: outline)
    let scaled = zip(outline.layout.tensors, factors).filter { $1 != 1 }
    #expect(scaled.map(\.0.shape) == [[24, 8], [8, 8], [32, 8], [8, 32]])
    #expect(scaled.map(\.1) == [32, 32, 32, 8])
  }

  @Test func fanInOfConvolutions_isOfTheWholeWindow() throws {
    let outline = try NetworkOutline(.cnn(input: [1, 8, 12], classes: 3))
    let factors = LearningRateScaling.fanIn.factors(of: outline)
    #expect(factors == [1, 1, 256 / 288.0, 1, 256 / 384.0, 1, 1, 1])
  }
}
