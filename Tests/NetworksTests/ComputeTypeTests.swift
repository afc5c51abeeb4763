import Objectives
import Testing

@testable import Networks

/// Products of bfloat16 beside those of Float32.
@Suite struct ComputeTypeTests {
  /// Models, and how far their gradients may be off.
  static let models: [(NetworkModel, Float)] = [
    (.mlp(input: 100, hidden: [64, 17], classes: 10), 0.02),
    // Weights that are rounded before they are copied in blocks.
    (.mlp(input: 512, hidden: [48], classes: 10), 0.02),
    (.cnn(input: [1, 12, 13], classes: 10), 0.15), (.cnn(input: [3, 16, 16], classes: 10), 0.15),
    (.resnet(input: [3, 16, 16], classes: 10, depth: 8), 0.15),
    (.gpt(layers: 2, heads: 2, width: 32, context: 12), 0.02),
    (.gpt(layers: 2, heads: 2, width: 32, context: 12, tie: true), 0.02),
    // Attention in blocks, the last one not full.
    (.gpt(layers: 1, heads: 2, width: 34, context: 133), 0.02),
  ]

  /// Gradients are off by a few times 2^-9, as factors are, evaluations by nothing.
  ///
  /// In images here and there another number is the largest of its window, or positive: some tenths of
  /// one of the nine samples.
  @Test(arguments: models)
  func gradient_isNearFloat32s(model: NetworkModel, limit: Float) throws {
    let exact = try Network(model, trainingCapacity: 9, evaluationCapacity: 9, threads: 1)
    func make() throws -> Network {
      try Network(
        model, trainingCapacity: 9, evaluationCapacity: 9, threads: 1, computeType: .bfloat16)
    }
    guard ComputeType.bfloat16.isAvailable else {
      let error = #expect(throws: NetworkError.self) { try make() }
      #expect(error?.description.contains("use float32") == true)
      return
    }
    let network = try make()
    let samples =
      exact.outline.isSequential
      ? Samples(sequences: 9, tokens: model.input[0], vocabulary: 256, seed: 2)
      : Samples(count: 9, width: model.input.reduce(1, *), classes: 10, seed: 2)
    let parameters = exact.initial(seed: 5, biases: 0.1)
    // The whole batch, and a smaller one, which is compiled apart.
    for samples in [samples, samples[2..<9]] {
      let expected = try exact.gradient(at: parameters, on: samples.batch())
      let found = try network.gradient(at: parameters, on: samples.batch())
      #expect(abs(found.loss - expected.loss) < 0.01 * expected.loss)
      let whole = 0..<network.layout.count
      let distance = distance(found.gradient, from: expected.gradient, in: whole)
      #expect(distance < limit && distance > 5e-4, "\(distance)")
      // The sums of a shift cancel most of what they add.
      for tensor in network.layout.tensors {
        let distance = self.distance(found.gradient, from: expected.gradient, in: tensor.range)
        #expect(distance < 0.5, "\(tensor.name): \(distance)")
      }
      var predictions = [[Int32]](repeating: [Int32](repeating: 0, count: 9), count: 2)
      let losses = try zip([exact, network], predictions.indices).map { network, place in
        try network.evaluate(
          at: parameters.span, on: samples.batch(),
          predictions: predictions[place].mutableSpan)
      }
      #expect(losses[0] == losses[1] && predictions[0] == predictions[1])
    }
  }

  /// Weights may be copied before they are read; their gradients are formed where they belong.
  @Test(arguments: ComputeType.allCases.filter(\.isAvailable))
  func gradientsOfDenseLayers_areNotCopied(type: ComputeType) throws {
    let network = try Network(
      .gpt(layers: 1, heads: 2, width: 32, context: 12), trainingCapacity: 9,
      evaluationCapacity: 1, threads: 1, computeType: type)
    let steps = try network.program(count: 9, trains: true).backward
    #expect(steps.filter { $0.finalFrom != nil }.count > 5)
    #expect(!steps.contains { $0.finalFrom != nil && $0.kind == .weightReorder })
  }

  /// Those of 512 inputs are rounded before they are copied in blocks.
  @Test(arguments: ComputeType.allCases.filter(\.isAvailable))
  func copiesOfWeights_areCountedAsSuch(type: ComputeType) throws {
    let network = try Network(
      .mlp(input: 512, hidden: [48], classes: 10), trainingCapacity: 9, evaluationCapacity: 1,
      threads: 1, computeType: type)
    let steps = try network.program(count: 9, trains: true).forward
    let isHalf = type == .bfloat16
    #expect(steps.filter { $0.kind == .weightReorder }.count == (isHalf ? 3 : 0))
    #expect(steps.filter { $0.kind == .activationReorder }.count == (isHalf ? 2 : 0))
  }

  @Test func rounding_keepsWhatIsBFloat16() {
    for bits in UInt16.min...UInt16.max {
      let number = Float(bitPattern: UInt32(bits) << 16)
      let rounded = BFloat16.rounded(Lanes(repeating: number))
      let again = BFloat16.widened(rounded)
      #expect(
        again == Lanes(repeating: number) || number.isNaN && again[0].isNaN && again[15].isNaN)
    }
  }

  /// 1 and its neighbours, 2^-7 apart; the largest and the smallest numbers.
  static let roundings: [(Float, Float)] = [
    (0x1.01p0, 0x1p0), (0x1.010002p0, 0x1.02p0), (0x1.03p0, 0x1.04p0), (-0x1.03p0, -0x1.04p0),
    (.greatestFiniteMagnitude, .infinity), (0x1p-133, 0x1p-133), (0x1p-135, 0),
  ]

  @Test(arguments: roundings)
  func rounding_isToTheNearestAndThenToEven(number: Float, expected: Float) {
    var numbers = Lanes(repeating: 5)
    numbers[3] = number
    let found = BFloat16.widened(BFloat16.rounded(numbers))
    #expect(found[3] == expected && found[2] == 5 && found[4] == 5)
  }

  @Test(arguments: [UInt32(0x7F80_0001), 0x7FFF_FFFF, 0xFFFF_FFFF])
  func rounding_keepsNaN(bits: UInt32) {
    let rounded = BFloat16.rounded(Lanes(repeating: Float(bitPattern: bits)))
    #expect(BFloat16.widened(rounded)[7].isNaN)
  }

  /// The Euclidean distance, by the norm of what is expected.
  private func distance(_ found: [Float], from expected: [Float], in range: Range<Int>) -> Float {
    let squares = range.reduce(into: (distance: Float(0), norm: Float(0))) { squares, index in
      squares.distance += (found[index] - expected[index]) * (found[index] - expected[index])
      squares.norm += expected[index] * expected[index]
    }
    return (squares.distance / squares.norm).squareRoot()
  }
}
