import AlignedBuffers
import Foundation
import Testing

@Suite struct AlignedBufferTests {
  @Test(arguments: [0, 1, 15, 16, 17, 1000])
  func addresses_areMultiplesOf64(count: Int) {
    let floats = AlignedBuffer<Float>(repeating: 1, count: count)
    let bytes = AlignedBuffer<UInt8>(repeating: 1, count: count)
    floats.span.withUnsafeBytes { #expect(Int(bitPattern: $0.baseAddress) % 64 == 0) }
    bytes.span.withUnsafeBytes { #expect(Int(bitPattern: $0.baseAddress) % 64 == 0) }
    #expect(floats.count == count && floats.span.count == count)
  }

  /// In a process of its own: memory keeps its flag when it is given back, and a small buffer may come
  /// to lie there.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/sys/kernel/mm/transparent_hugepage")))
  func largeBuffers_askForHugePages() async {
    await #expect(processExitsWith: .success) {
      let small = AlignedBuffer<Float>(repeating: 0, count: 1 << 10)
      let large = AlignedBuffer<Float>(repeating: 0, count: 1 << 20)
      let place = large.span.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
      try #require(place % (1 << 21) == 0)
      let (smallIsHuge, largeIsHuge) = (try isHuge(small), try isHuge(large))
      try #require(largeIsHuge && !smallIsHuge)
    }
  }

  @Test func elements_areThoseWritten() {
    var buffer = AlignedBuffer<Int32>(repeating: 7, count: 5)
    #expect((0..<5).allSatisfy { buffer[$0] == 7 })
    buffer[2] = -1
    var all = buffer.mutableSpan
    all[0] = 3
    var part = buffer.mutableSpan(in: 3..<5)
    part[1] = 9
    #expect((0..<5).map { buffer[$0] } == [3, 7, -1, 7, 9])
    #expect(buffer.span[4] == 9)
    buffer.fill(with: 4)
    #expect((0..<5).allSatisfy { buffer[$0] == 4 })
  }

  @Test func emptyRange_isAnEmptySpan() {
    var buffer = AlignedBuffer<Float>(repeating: 0, count: 3)
    let part = buffer.mutableSpan(in: 3..<3)
    let count = part.count
    #expect(count == 0)
  }

  @Test func indexOutside_traps() async {
    await #expect(processExitsWith: .failure) {
      let buffer = AlignedBuffer<Float>(repeating: 0, count: 3)
      print(buffer[3])
    }
    await #expect(processExitsWith: .failure) {
      var buffer = AlignedBuffer<Float>(repeating: 0, count: 3)
      let part = buffer.mutableSpan(in: 2..<4)
      print(part.count)
    }
  }
}

/// Whether huge pages were asked for, which Linux notes as the flag `hg` of the mapping.
private func isHuge(_ buffer: borrowing AlignedBuffer<Float>) throws -> Bool {
  let address = buffer.span.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
  var isInside = false
  let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
  for line in String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self).split(
    separator: "\n")
  {
    let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap {
      UInt($0, radix: 16)
    }
    if bounds.count == 2 { isInside = bounds[0] <= address && address < bounds[1] }
    if isInside, line.hasPrefix("VmFlags:") { return line.split(separator: " ").contains("hg") }
  }
  return false
}
