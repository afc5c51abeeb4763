// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target; the proposals are named beside the features.
let common: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),  // SE-0335
  .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
  .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
]
/// Wider vectors for the kernels, on request.
///
/// `SIGNUM_MARCH=native swift build …` builds them for this machine's processor, and for no older
/// one; the results are the same to the bit. Without it they run on any of the architecture.
let kernel: [SwiftSetting] =
  Context.environment["SIGNUM_MARCH"].map { [.unsafeFlags(["-Xcc", "-march=\($0)"])] } ?? []
/// The MPI library, by the name that pkg-config knows it by.
///
/// `SIGNUM_MPI=NAME swift build --scratch-path FOLDER …` builds with another one than the system's
/// Open MPI; each needs a build folder of its own.
let messagePassing = Context.environment["SIGNUM_MPI"] ?? "ompi"
/// For the targets that handle raw memory: every unsafe expression is marked (SE-0458).
let memorySafe: [SwiftSetting] = common + [.strictMemorySafety()]
/// For the owners of memory, whose spans depend on their lifetime (SE-0446, SE-0456).
let owner: [SwiftSetting] = memorySafe + [.enableExperimentalFeature("Lifetimes")]

/// A unit-test target `NameTests` that imports the target `Name`.
func tests(
  of name: String, also dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name + "Tests",
    dependencies: [.byName(name: name), "TestSupport"] + dependencies, exclude: exclude,
    swiftSettings: common)
}

let package = Package(
  name: "signum",
  products: [.executable(name: "signum", targets: ["signum"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // C libraries
    .systemLibrary(
      name: "CMPIShim", path: "CMPIShim", pkgConfig: messagePassing,
      providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "CBFloat16"),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CVectorMask"),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Ground: memory and random numbers
    .target(name: "AlignedBuffers", swiftSettings: owner),
    .target(name: "CounterRandom", swiftSettings: common),

    // Signs and descent: pure
    .target(
      name: "SignBits", dependencies: ["CVectorMask", "AlignedBuffers", "CounterRandom"],
      swiftSettings: memorySafe + kernel),
    .target(
      name: "SignDescent",
      dependencies: ["CVectorMask", "SignBits", "AlignedBuffers", "CounterRandom"],
      swiftSettings: memorySafe + kernel),

    // Communication
    .target(
      name: "MPIKit", dependencies: ["CMPIShim", "AlignedBuffers"], swiftSettings: owner),
    .target(
      name: "Voting",
      dependencies: [
        "CXXHash", "CZstd", "SignBits", "SignDescent", "MPIKit", "AlignedBuffers",
      ],
      swiftSettings: memorySafe),

    // What is minimised, and on what
    .target(
      name: "Objectives", dependencies: ["AlignedBuffers", "CounterRandom"],
      swiftSettings: memorySafe),
    .target(
      name: "Networks",
      dependencies: ["CBFloat16", "COneDNN", "Objectives", "AlignedBuffers", "CounterRandom"],
      swiftSettings: memorySafe + kernel),
    .target(
      name: "Datasets", dependencies: ["CXXHash", "CZlib", "CounterRandom"],
      swiftSettings: common),

    // What stays on disk
    .target(name: "Checkpoints", dependencies: ["CXXHash"], swiftSettings: common),
    .target(name: "RunLog", swiftSettings: common),

    // What logs say, without MPI
    .target(name: "Plots", swiftSettings: common),
    .target(name: "Comparison", dependencies: ["Plots", "RunLog"], swiftSettings: common),

    // The program
    .target(
      name: "Benchmarks",
      dependencies: [
        "SignBits", "SignDescent", "AlignedBuffers", "CounterRandom", "MPIKit", "Networks",
        "Objectives", "RunLog", "Training", "Voting",
      ],
      swiftSettings: common + kernel),
    .target(
      name: "Training",
      dependencies: [
        "AlignedBuffers", "CounterRandom", "SignBits", "SignDescent", "MPIKit", "Voting",
        "Objectives", "Networks", "Datasets", "Checkpoints", "RunLog",
      ],
      swiftSettings: common),
    .target(
      name: "Reproduction",
      dependencies: [
        "AlignedBuffers", "CounterRandom", "SignBits", "SignDescent", "Objectives", "MPIKit",
        "Voting", "Training", "RunLog", "Plots",
      ],
      swiftSettings: common),
    .executableTarget(
      name: "signum",
      dependencies: [
        "Benchmarks", "Comparison", "Datasets", "Objectives", "Reproduction", "SignBits",
        "SignDescent",
        "Training", "Voting", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: common),

    // Tests
    .target(
      name: "TestSupport", dependencies: ["CounterRandom", "MPIKit"], path: "Tests/TestSupport",
      swiftSettings: common),
    tests(of: "AlignedBuffers"),
    tests(of: "CounterRandom"),
    tests(of: "SignBits", also: ["AlignedBuffers", "CounterRandom"]),
    tests(of: "SignDescent", also: ["SignBits", "AlignedBuffers", "CounterRandom"]),
    tests(of: "Objectives", also: ["AlignedBuffers", "CounterRandom"]),
    tests(
      of: "Networks", also: ["Objectives", "AlignedBuffers", "Checkpoints", "CounterRandom"],
      exclude: ["References"]),
    tests(of: "Datasets", also: ["CounterRandom"]),
    tests(of: "Checkpoints"),
    tests(of: "RunLog"),
    tests(of: "Comparison", also: ["Plots", "RunLog"]),
    tests(of: "Voting", also: ["SignBits", "AlignedBuffers"]),
    tests(
      of: "Training",
      also: ["AlignedBuffers", "Datasets", "Networks", "Objectives", "SignDescent", "Voting"]),
    tests(of: "Reproduction", also: ["Plots", "SignBits", "Training", "MPIKit"]),
    .testTarget(
      name: "RankTests",
      dependencies: [
        "MPIKit", "Voting", "SignBits", "SignDescent", "AlignedBuffers", "CounterRandom",
        "TestSupport",
      ],
      swiftSettings: common),
    .testTarget(
      name: "DocumentationTests",
      dependencies: ["AlignedBuffers", "Objectives", "RunLog", "SignBits", "SignDescent"],
      swiftSettings: common),
    .testTarget(
      name: "JobTests", dependencies: ["TestSupport"], exclude: ["fence.c", "scenario.sh"],
      swiftSettings: common),
    .testTarget(
      name: "LaunchTests", dependencies: ["TestSupport"], exclude: ["Allocations", "Replay"],
      swiftSettings: common),
  ],
  swiftLanguageModes: [.v6]
)
