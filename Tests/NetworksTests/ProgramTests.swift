import Objectives
import Testing

@testable import Networks

/// What programs consist of, and what they leave behind.
@Suite struct ProgramTests {
  private static let models = [
    NetworkModel.mlp(input: 784, hidden: [256, 256], classes: 10),
    .cnn(input: [1, 28, 28], classes: 10), .resnet(input: [3, 32, 32], classes: 10),
    .resnet(input: [1, 28, 28], classes: 10),
  ]

  @Test(arguments: models, [32, 7])
  func reorders_areCounted(model: NetworkModel, count: Int) throws {
    let network = try Network(model, trainingCapacity: 32, evaluationCapacity: 32, threads: 1)
    let training = try network.program(count: count, trains: true)
    let evaluation = try network.program(count: count, trains: false)
    let weights = network.layout.tensors.filter { $0.shape.count == 4 }.count
    // Forward, backward (not the first layer), gradient.
    #expect(training.count(of: .weightReorder) <= max(0, 3 * weights - 1))
    #expect(evaluation.count(of: .weightReorder) <= weights)
    // An image that becomes a row, there and back; and gray images, for which oneDNN has no fast
    // kernels on every processor: their first layer may leave, and take, another format.
    let isImage = model.input.count == 3
    let more = isImage && model.input[0] == 1 ? 1 : 0
    #expect(evaluation.count(of: .activationReorder) <= (isImage ? 1 : 0) + more)
    #expect(training.count(of: .activationReorder) <= (isImage ? 2 : 0) + 2 * more)
  }

  /// At most one copy for the forward pass and one for the backward pass.
  @Test(arguments: models)
  func eachWeight_isCopiedOnceAPass(model: NetworkModel) throws {
    let outline = try NetworkOutline(model)
    let builder = try ProgramBuilder(
      Engine(), outline, count: 32, trains: true, noise: NoiseSource())
    _ = try builder.build()
    for tensor in outline.layout.tensors {
      let home = Tensor.Home.parameters(tensor.range.lowerBound)
      let copies = builder.tensors.filter { $0.home == home }.flatMap(\.copies)
      #expect(copies.count <= 2, "\(tensor.name)")
    }
  }

  @Test(arguments: models)
  func steadySteps_compileNothing(model: NetworkModel) throws {
    let network = try Network(model, trainingCapacity: 6, evaluationCapacity: 8, threads: 1)
    let samples = Samples(count: 6, width: model.input.reduce(1, *), classes: 10, seed: 4)
    let parameters = network.initial(seed: 1)
    var gradient = [Float](repeating: 0, count: parameters.count)
    var predictions = [Int32](repeating: 0, count: 8)
    let whole = samples.batch()
    let rest = samples[0..<2].batch()
    func step() throws {
      _ = try network.gradient(at: parameters.span, on: whole, into: gradient.mutableSpan)
      _ = try network.gradient(at: parameters.span, on: rest, into: gradient.mutableSpan)
      _ = try network.evaluate(
        at: parameters.span, on: whole, predictions: predictions.mutableSpan)
      _ = try network.evaluate(at: parameters.span, on: rest, predictions: predictions.mutableSpan)
    }
    try step()
    let programs = network.programs.count
    // Training and evaluation of 6 and 2, and the evaluation that the arena was planned for.
    #expect(programs == 5)
    let arena = network.arenaByteCount
    for _ in 0..<3 { try step() }
    #expect(network.programs.count == programs && network.arenaByteCount == arena)
  }

  @Test func tensorsThatLiveAtATime_doNotOverlap() throws {
    let network = try Network(
      Self.models[2], trainingCapacity: 4, evaluationCapacity: 4, threads: 1)
    let plan = try network.program(count: 4, trains: true).plan
    let placed = plan.places.map { place in
      (life: place.tensor.life, bytes: place.start..<place.start + place.tensor.format.byteCount)
    }
    #expect(placed.count > 100)
    for (number, one) in placed.enumerated() {
      for other in placed[..<number] where one.bytes.overlaps(other.bytes) {
        guard let life = one.life, let otherLife = other.life else { continue }
        #expect(!life.overlaps(otherLife), "\(one) and \(other)")
      }
    }
    // The rest of the arena is shared: all tensors together are much larger.
    #expect(plan.byteCount < placed.reduce(0) { $0 + $1.bytes.count } * 2 / 3)
  }
}

extension Program {
  /// The number of operations of a kind.
  fileprivate func count(of kind: OperationKind) -> Int {
    (forward + backward).count { $0.kind == kind }
  }
}
