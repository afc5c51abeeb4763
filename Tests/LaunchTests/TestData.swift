import Foundation

/// The small data sets of these tests, written once and gone with the process.
final class TestData: Sendable {
  /// The data of all tests.
  static let shared: Result<TestData, any Error> = {
    atexit {
      if let data = try? TestData.shared.get() {
        try? FileManager.default.removeItem(at: data.folder)
      }
    }
    return Result { try TestData() }
  }()

  /// Four IDX files of 600 and 200 images of 8 x 8 in four classes.
  let images: String
  /// 101 samples of two classes, +1 and -1, each with all 7 features.
  let dense: String
  /// 203 samples of five classes, each with some of 40 features; two fifths of the labels are
  /// drawn blindly, so that a long enough run turns back in every parameter.
  let sparse: String

  private let folder: URL

  private init() throws {
    folder = try makeTemporaryFolder("data")
    images = folder.path
    try Images(count: 600, classes: 4, seed: 1).write(to: folder, "train")
    try Images(count: 200, classes: 4, seed: 2).write(to: folder, "t10k")
    dense = folder.appendingPathComponent("dense.libsvm").path
    sparse = folder.appendingPathComponent("sparse.libsvm").path
    try Self.denseText(seed: 3).write(toFile: dense, atomically: true, encoding: .utf8)
    try Self.sparseText(seed: 4).write(toFile: sparse, atomically: true, encoding: .utf8)
  }

  private static func denseText(seed: UInt64) -> String {
    var random = SeededNumbers(seed: seed)
    return (0..<101).map { _ in
      let features = (0..<7).map { _ in random.unit() * 2 - 1 }
      let sums = features.enumerated().map { $0 % 2 == 0 ? $1 : -$1 }
      let score = sums.reduce(0, +) + random.unit() - 0.5
      let pairs = features.enumerated().map { "\($0 + 1):\($1)" }
      return "\(score > 0 ? "+1" : "-1") \(pairs.joined(separator: " "))\n"
    }.joined()
  }

  private static func sparseText(seed: UInt64) -> String {
    var random = SeededNumbers(seed: seed)
    return (0..<203).map { sample in
      let label = random.below(5)
      let kept = (1...40).filter { $0 % 5 == label || random.below(4) == 0 || sample == 0 }
      let pairs = kept.map { "\($0):\(random.unit() - ($0 % 5 == label ? 0 : 0.5))" }
      let given = random.below(5) < 3 ? label : random.below(5)
      return "\(given * 3) \(pairs.joined(separator: " "))\n"
    }.joined()
  }
}

/// Labelled images of 8 x 8 pixels, each class with a brighter quarter; IDX files are made of them.
struct Images {
  var pixels: [UInt8]
  var labels: [UInt8]

  init(count: Int, classes: Int, seed: UInt64) {
    var random = SeededNumbers(seed: seed)
    pixels = []
    labels = []
    for index in 0..<count {
      let label = index % classes
      labels.append(UInt8(label))
      for row in 0..<8 {
        for column in 0..<8 {
          let quarter = row / 4 * 2 + column / 4
          pixels.append(UInt8(random.below(150) + (quarter == label ? 100 : 0)))
        }
      }
    }
  }

  /// The image file.
  var imageFile: Data { Self.header([0x803, labels.count, 8, 8]) + Data(pixels) }

  /// The label file.
  var labelFile: Data { Self.header([0x801, labels.count]) + Data(labels) }

  /// Writes both files under their standard names.
  func write(to folder: URL, _ part: String) throws {
    try imageFile.write(to: folder.appendingPathComponent("\(part)-images-idx3-ubyte"))
    try labelFile.write(to: folder.appendingPathComponent("\(part)-labels-idx1-ubyte"))
  }

  /// Numbers as an IDX header has them: four bytes each, the most significant first.
  static func header(_ numbers: [Int]) -> Data {
    Data(
      numbers.flatMap { number in
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
      })
  }
}

/// Pseudo-random numbers from a seed (SplitMix64).
struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A whole number in 0..<limit.
  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

  /// A number in [0, 1) with four decimals.
  mutating func unit() -> Double { Double(below(10_000)) / 10_000 }
}

/// A new folder for one test or one process.
func makeTemporaryFolder(_ name: String) throws -> URL {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("signum-\(name)-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}

/// Runs a body with a folder that is removed afterwards.
func withTemporaryFolder<R>(_ body: (URL) async throws -> R) async throws -> R {
  let folder = try makeTemporaryFolder("test")
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}
