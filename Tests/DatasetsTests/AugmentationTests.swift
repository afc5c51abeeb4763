import Foundation
import Testing

@testable import Datasets

@Suite("Augmentation")
struct AugmentationTests {
  private static let images = DenseDataset(
    pixels: (0..<48).map { UInt8($0 * 5 + 1) }, shape: [2, 3, 4], labels: [0, 1], classCount: 2)

  private func row(_ sample: Int, _ draw: AugmentedDraw, at place: Int) -> [Float] {
    var row = [Float](repeating: .nan, count: 24)
    var span = row.mutableSpan
    Self.images.copyRow(sample, at: place, of: draw, into: &span)
    return row
  }

  /// Mirrored and moved step by step, as lists of rows.
  private func naive(_ sample: Int, _ change: (isMirrored: Bool, down: Int, right: Int)) -> [Float]
  {
    (0..<2).flatMap { channel -> [Float] in
      var rows = (0..<3).map { row in
        (0..<4).map {
          Self.images.feature(sample, channel * 12 + row * 4 + $0, channel: channel)
        }
      }
      if change.isMirrored { rows = rows.map { $0.reversed() } }
      let outside = Self.images.outside(channel: channel)
      for _ in 0..<abs(change.down) {
        let blank = [Float](repeating: outside, count: 4)
        rows = change.down > 0 ? [blank] + rows.dropLast() : rows.dropFirst() + [blank]
      }
      for _ in 0..<abs(change.right) {
        rows = rows.map {
          change.right > 0 ? [outside] + $0.dropLast() : $0.dropFirst() + [outside]
        }
      }
      return rows.flatMap(\.self)
    }
  }

  @Test(arguments: ["crop:1", "crop:5", "flip", "crop:2,flip"])
  func rows_areMirroredAndMoved(text: String) throws {
    let augmentation = try #require(Augmentation(text))
    let draw = AugmentedDraw(augmentation, seed: 3, voter: 1, draw: 2)
    for place in 0..<200 {
      #expect(row(place % 2, draw, at: place) == naive(place % 2, draw.change(at: place)))
    }
  }

  @Test func changes_areEven() throws {
    let draw = AugmentedDraw(
      try #require(Augmentation("crop:2,flip")), seed: 1, voter: 0, draw: 0)
    let changes = (0..<10_000).map(draw.change(at:))
    // Five standard deviations of a binomial number.
    #expect(abs(changes.count { $0.isMirrored } - 5_000) < 250)
    for shift in -2...2 {
      #expect(abs(changes.count { $0.down == shift } - 2_000) < 200)
      #expect(abs(changes.count { $0.right == shift } - 2_000) < 200)
    }
    #expect(changes.allSatisfy { abs($0.down) <= 2 && abs($0.right) <= 2 })
  }

  @Test func draws_differ() throws {
    let augmentation = try #require(Augmentation("crop:4,flip"))
    func changes(_ seed: UInt64, _ voter: Int, _ draw: Int) -> [String] {
      let draw = AugmentedDraw(augmentation, seed: seed, voter: voter, draw: draw)
      return (0..<20).map { "\(draw.change(at: $0))" }
    }
    let all = [changes(1, 0, 0), changes(2, 0, 0), changes(1, 1, 0), changes(1, 0, 1)]
    #expect(Set(all).count == 4 && changes(1, 0, 0) == all[0])
  }

  @Test(arguments: ["crop:1", "crop:1024", "flip", "crop:4,flip"])
  func text_isReadBack(text: String) throws {
    #expect(try #require(Augmentation(text)).description == text)
  }

  @Test(arguments: [
    "", "crop", "crop:0", "crop:1025", "flip,crop:1", "flip,flip", "crop:1,", "spin",
  ])
  func otherTexts_areRefused(text: String) { #expect(Augmentation(text) == nil) }
}
