import CounterRandom
import Datasets
import Testing

@Suite("Client sampler")
struct ClientSamplerTests {
  private func draw(_ number: Int, of sampler: inout ClientSampler) -> [Int32] {
    var numbers = [Int32](repeating: -1, count: sampler.batch)
    let count = sampler.copySamples(draw: number, into: numbers.mutableSpan)
    #expect(numbers[count...].allSatisfy { $0 == -1 })
    #expect(count == sampler.sampleCount(draw: number) && count > 0)
    return Array(numbers[..<count])
  }

  @Test(arguments: [(1, 1), (7, 3), (64, 8), (65, 8), (5, 5), (5, 99)])
  func epochs_equalTheDefinition(count: Int, batch: Int) {
    let samples = (0..<Int32(count)).map { 5 * $0 + 2 }
    var sampler = ClientSampler(samples: samples, client: 4, seed: 9, batch: batch)
    var number = 0
    for epoch in 0..<3 {
      let stream = RandomStream(seed: 9, purpose: .clientEpoch, owner: 4, step: epoch)
      var queue = stream.permutation(count: count).map { samples[Int($0)] }
      while !queue.isEmpty {
        let expected = Array(queue.prefix(batch))
        #expect(draw(number, of: &sampler) == expected)
        queue.removeFirst(expected.count)
        number += 1
      }
      #expect(number == (epoch + 1) * sampler.batchesPerEpoch)
    }
  }

  @Test func draws_inAnyOrder() {
    var forward = ClientSampler(samples: Array(0..<50), client: 1, seed: 5, batch: 8)
    var backward = forward
    let draws = (0..<20).map { draw($0, of: &forward) }
    #expect((0..<20).reversed().map { draw($0, of: &backward) } == draws.reversed())
  }

  @Test func clientsSeedsAndEpochs_differ() {
    func whole(client: Int, seed: UInt64, number: Int = 0) -> [Int32] {
      var sampler = ClientSampler(
        samples: Array(0..<50), client: client, seed: seed, batch: 50)
      return draw(number, of: &sampler)
    }
    let orders = [
      whole(client: 0, seed: 1), whole(client: 1, seed: 1), whole(client: 0, seed: 2),
      whole(client: 0, seed: 1, number: 1),
    ]
    #expect(Set(orders).count == 4)
    #expect(orders.allSatisfy { $0.sorted() == Array(0..<50) })
  }
}
