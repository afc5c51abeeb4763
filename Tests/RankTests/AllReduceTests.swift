import MPIKit
import TestSupport
import Testing

@Suite("Reduction to all ranks", .underLauncher)
struct AllReduceTests {
  @Test(arguments: [0, 1, 6, 7, 8, 21, 1_000], [7, Int(Int32.max)])
  func allReduce_addsInPlaceAndApart(count: Int, chunkLimit: Int) throws {
    try RankWorld.withEachCommunicator { name, whole in
      let communicator = try whole.limitingChunks(to: chunkLimit)
      let own = (0..<count).map { Int32($0 * (communicator.rank + 1)) }
      let ranks = communicator.size * (communicator.size + 1) / 2
      let expected = (0..<count).map { Int32($0 * ranks) }
      var apart = [Int32](repeating: -1, count: count)
      try communicator.allReduce(own.span, into: apart.mutableSpan, operation: .sum)
      var inPlace = own
      try communicator.allReduce(inPlace: inPlace.mutableSpan, operation: .sum)
      try expectOnAllRanks(
        apart == expected && inPlace == expected, "\(name): \(apart) \(inPlace)", on: communicator)
    }
  }

  @Test func allReduce_hasAllOperations() throws {
    try RankWorld.withEachCommunicator { name, communicator in
      let numbers = 0..<communicator.size
      let cases: [(ReductionOperation, Int)] = [
        (.sum, numbers.reduce(0) { $0 + $1 + 3 }),
        (.product, numbers.reduce(1) { $0 * ($1 + 3) }),
        (.min, 3),
        (.max, communicator.size + 2),
        (.bitwiseAnd, numbers.reduce(-1) { $0 & ($1 + 3) }),
        (.bitwiseOr, numbers.reduce(0) { $0 | ($1 + 3) }),
        (.bitwiseXor, numbers.reduce(0) { $0 ^ ($1 + 3) }),
      ]
      for (operation, expected) in cases {
        var element = [communicator.rank + 3]
        try communicator.allReduce(inPlace: element.mutableSpan, operation: operation)
        try expectOnAllRanks(
          element == [expected], "\(name), \(operation): \(element)", on: communicator)
      }
    }
  }

  @Test func allReduce_refusesBitsOfFloats() throws {
    let world = try RankWorld.communicator()
    var elements: [Float] = [1]
    let error = #expect(throws: MPIError.self) {
      try world.allReduce(inPlace: elements.mutableSpan, operation: .bitwiseOr)
    }
    #expect(error?.errorClass == .operation)
  }
}
