import Objectives
import Testing

@Suite struct ParameterLayoutTests {
  @Test func tensors_followEachOther() throws {
    let layout = try ParameterLayout([
      (name: "a", shape: [2, 3]), (name: "b", shape: [4]), (name: "c", shape: []),
      (name: "d", shape: [1, 1, 5]),
    ])
    #expect(layout.tensors.map(\.range) == [0..<6, 6..<10, 10..<11, 11..<16])
    #expect(layout.count == 16)
    #expect(layout.description == "a[2, 3] b[4] c[] d[1, 1, 5]")
  }

  @Test func decayedRanges_mergeNeighbours() throws {
    let layout = try ParameterLayout([
      (name: "a", shape: [2, 3]), (name: "b", shape: [2, 2]), (name: "c", shape: [4]),
      (name: "d", shape: [2]), (name: "e", shape: [5, 1]),
    ])
    #expect(layout.decayedRanges == [0..<10, 16..<21])
    #expect(
      layout.tensors.filter { !layout.isDecayed($0) }.map(\.range) == [10..<14, 14..<16])
  }

  @Test func equality_seesNamesAndShapes() throws {
    let layout = try ParameterLayout([(name: "a", shape: [2, 3])])
    #expect(try layout == ParameterLayout([(name: "a", shape: [2, 3])]))
    #expect(try layout != ParameterLayout([(name: "a", shape: [3, 2])]))
    #expect(try layout != ParameterLayout([(name: "b", shape: [2, 3])]))
  }

  @Test(arguments: [[Int.max, 2], [1 << 32, 1 << 32], [1 << 41], [1 << 20, 1 << 20, 2]])
  func overflow_isRefused(shape: [Int]) {
    #expect(throws: ParameterLayoutError.tooManyParameters(tensor: "b", shape: shape)) {
      try ParameterLayout([(name: "a", shape: [2]), (name: "b", shape: shape)])
    }
  }

  @Test func sumAboveLimit_isRefused() throws {
    let half = ParameterLayout.maximumCount / 2
    let layout = try ParameterLayout([(name: "a", shape: [half]), (name: "b", shape: [half])])
    #expect(layout.count == ParameterLayout.maximumCount)
    #expect(throws: ParameterLayoutError.tooManyParameters(tensor: "c", shape: [1])) {
      try ParameterLayout([
        (name: "a", shape: [half]), (name: "b", shape: [half]), (name: "c", shape: [1]),
      ])
    }
  }

  @Test(arguments: [[0], [3, -1], [Int.max, 0]])
  func lengthNotPositive_isRefused(shape: [Int]) {
    let error = ParameterLayoutError.dimensionNotPositive(tensor: "w", shape: shape)
    #expect(throws: error) { try ParameterLayout([(name: "w", shape: shape)]) }
    #expect(error.description.contains("tensor w has the shape \(shape)"))
  }
}
