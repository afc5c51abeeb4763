import Networks
import Objectives
import Testing

@Suite struct NetworkTests {
  @Test func layout_namesEachLayersTensors() throws {
    let model = try Network.perceptron([4, 3, 2], capacity: 1)
    #expect(
      model.layout.description
        == "layer0.weight[3, 4] layer0.bias[3] layer1.weight[2, 3] layer1.bias[2]")
    #expect(model.layout.decayedRanges == [0..<12, 15..<21])
    #expect(model.classCount == 2)
  }

  @Test func initialize_hasKaimingsVariance() throws {
    let model = try Network.perceptron([100, 64, 200, 50], capacity: 1)
    let parameters = model.initial(seed: 17)
    for (number, tensor) in model.layout.tensors.enumerated() {
      let values = tensor.range.map { Double(parameters[$0]) }
      guard tensor.shape.count == 2 else {
        #expect(values.allSatisfy { $0 == 0 })
        continue
      }
      let count = Double(values.count)
      let expected = (number == 4 ? 1 : 2) / Double(tensor.shape[1])
      let variance = values.reduce(0) { $0 + $1 * $1 } / count
      // Five standard errors of the mean and of the variance of normal numbers.
      #expect(abs(values.reduce(0, +) / count) < 5 * (expected / count).squareRoot())
      #expect(abs(variance / expected - 1) < 5 * (2 / count).squareRoot(), "\(tensor.name)")
    }
  }

  @Test func initialize_dependsOnSeedAndTensor() throws {
    let model = try Network.perceptron([8, 8, 8, 3], capacity: 1)
    let parameters = model.initial(seed: 1)
    #expect(parameters == model.initial(seed: 1))
    #expect(parameters[0..<8] != model.initial(seed: 2)[0..<8])
    let second = model.layout.tensors[2].range.lowerBound
    #expect(Array(parameters[0..<8]) != Array(parameters[second..<second + 8]))
  }

  @Test(arguments: [
    (Int.max, [2], 2), (1 << 30, [1 << 30], 2), (3, [1 << 50], 2), (3, [4], 1 << 45),
  ])
  func widthsThatOverflow_areRefused(inputWidth: Int, hidden: [Int], classCount: Int) {
    #expect(throws: ParameterLayoutError.self) {
      try Network.perceptron([inputWidth] + hidden + [classCount], capacity: 1)
    }
  }

  @Test func capacityThatOverflows_isRefused() {
    #expect(throws: ParameterLayoutError.self) {
      try Network.perceptron([1000, 1000, 2], capacity: 1 << 60)
    }
    #expect(
      throws: ParameterLayoutError.dimensionNotPositive(
        tensor: "layer0.weight", shape: [0, 5])
    ) {
      try Network.perceptron([5, 0, 2], capacity: 1)
    }
  }

  @Test func arena_isCheckedBeforeItIsMade() throws {
    struct TooLarge: Error {}
    let model = NetworkModel.mlp(input: 50, hidden: [40], classes: 3)
    var checked = 0
    let network = try Network(
      model, trainingCapacity: 8, evaluationCapacity: 8, threads: 1
    ) { checked = $0 }
    #expect(checked == network.arenaByteCount && checked > 4 * 8 * 40)
    #expect(throws: TooLarge.self) {
      try Network(model, trainingCapacity: 8, evaluationCapacity: 8, threads: 1) { _ in
        throw TooLarge()
      }
    }
  }

  @Test func batchesThatDoNotFit_areRefused() throws {
    let model = try Network.perceptron([3, 2, 2], capacity: 2)
    let parameters = model.initial(seed: 1)
    var wide = Batch(capacity: 1, width: 4)
    wide.append(label: 0) { $0[0] = 1 }
    var sparse = Batch(capacity: 1, width: 3, storage: .sparse)
    sparse.append(label: 0, columns: ([1] as [Int32]).span, values: ([1] as [Float]).span)
    var errors: [ObjectiveError] = []
    do { _ = try model.gradient(at: parameters, on: wide) } catch let error as ObjectiveError {
      errors.append(error)
    }
    do { _ = try model.gradient(at: parameters, on: sparse) } catch let error as ObjectiveError {
      errors.append(error)
    }
    #expect(
      errors == [
        .featureCount(model: "mlp", expected: 3, found: 4), .sparseFeatures(model: "mlp"),
      ])
  }

  @Test func labelOutsideTheClasses_traps() async {
    await #expect(processExitsWith: .failure) {
      let model = try Network.perceptron([1, 2, 2], capacity: 2)
      var batch = Batch(capacity: 1, width: 1)
      batch.append(label: -1) { $0[0] = 1 }
      _ = try model.gradient(at: model.initial(seed: 1), on: batch)
    }
  }
}
