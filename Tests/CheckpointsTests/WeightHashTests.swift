import Checkpoints
import Testing

@Suite("Hash of parameters")
struct WeightHashTests {
  /// Expected values from Python's xxhash: xxh3_64_hexdigest(numpy.float32 array's bytes).
  @Test func hash_knownAnswers() {
    #expect(WeightHash(of: [Float]().span).description == "2d06800538d394c2")
    #expect(WeightHash(of: [Float](repeating: 0, count: 3).span).description == "c4998f9169c2a4f0")
    let values = (0..<1000).map { Float($0) * 0.5 - 7 }
    #expect(WeightHash(of: values.span).description == "e02b514267d9a297")
  }

  @Test func hash_tellsSignsOfZero() {
    #expect(WeightHash(of: ([0.0] as [Float]).span) != WeightHash(of: ([-0.0] as [Float]).span))
  }
}
