import AlignedBuffers
import Objectives
import Testing

@Suite struct BatchTests {
  private struct Refused: Error {}

  @Test func dense_refillsInPlace() {
    var batch = Batch(capacity: 3, width: 2)
    for round in 0..<2 {
      batch.removeAll()
      for sample in 0..<3 - round {
        batch.append(label: Int32(sample)) { row in
          row[0] = Float(10 * round + sample)
          row[1] = -row[0]
        }
      }
    }
    let features = (0..<4).map { batch.features[$0] }
    #expect(batch.count == 2)
    #expect(features == [10, -10, 11, -11])
  }

  @Test func dense_sampleThatThrowsIsNotAdded() {
    var batch = Batch(capacity: 1, width: 1)
    #expect(throws: Refused.self) {
      try batch.append(label: 0) { _ throws(Refused) in throw Refused() }
    }
    let count = batch.count
    #expect(count == 0)
  }

  @Test(arguments: [0, 1, 1023, 1024, 1025, 5000])
  func sparse_growsAndKeepsValues(nonZeros: Int) {
    var batch = Batch(capacity: 3, width: 6000, storage: .sparse)
    for round in 0..<2 {
      batch.removeAll()
      for sample in 0..<3 {
        let columns = (0..<nonZeros).map { Int32($0 + sample) }
        let values = columns.map { Float($0) + Float(round) }
        batch.append(label: 1, columns: columns.span, values: values.span)
      }
    }
    let offsets = (0...3).map { Int(batch.rowOffsets[$0]) }
    #expect(offsets == (0...3).map { $0 * nonZeros })
    let wrong = (0..<3 * nonZeros).filter { index in
      let column = index % max(nonZeros, 1) + index / max(nonZeros, 1)
      return batch.columns[index] != Int32(column) || batch.features[index] != Float(column) + 1
    }
    #expect(wrong.isEmpty)
  }

  @Test func withoutFeatures_countIsSet() {
    var batch = Batch(capacity: 4, width: 0)
    batch.removeAll(leaving: 3)
    let count = batch.count
    #expect(count == 3)
  }
}
