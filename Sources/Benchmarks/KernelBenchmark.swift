internal import Foundation
internal import SignBits

/// Times the kernels that touch every parameter in every step, beside a triad.
///
/// The kernels are bound by memory: what counts is their bandwidth as a share of the triad's
/// a = b + s·c. Both are timed in turn, repetition by repetition, and the ratio is the median of
/// the ratios of neighbours, so that a machine that slows down for a while slows both. Every
/// kernel's answer is compared with that of a plain loop in the same run.
public struct KernelBenchmark: Sendable {
  /// The sizes measured when none are asked for: in cache, at its edge, in memory.
  public static let standardSizes = [65_536, 1_000_000, 25_000_000]
  /// The repetitions when none are asked for.
  public static let standardRepetitions = 25

  private let sizes: [Int]
  private let repetitions: Int

  /// A benchmark.
  ///
  /// - Parameters:
  ///   - sizes: Numbers of parameters, each at least 1.
  ///   - repetitions: How often each kernel is timed, at least 1.
  /// - Throws: `BenchmarkError` when a number is out of range or memory too small.
  public init(
    sizes: [Int] = standardSizes, repetitions: Int = standardRepetitions
  ) throws(BenchmarkError) {
    guard repetitions >= 1 else { throw .repetitions(repetitions) }
    let memory = ProcessInfo.processInfo.physicalMemory
    for size in sizes {
      guard size >= 1 else { throw .size(size) }
      let (bytes, overflow) = size.multipliedReportingOverflow(by: Workspace.bytesPerParameter)
      guard !overflow, bytes < memory else {
        throw .memory(
          size: size, bytesPerParameter: Workspace.bytesPerParameter, available: memory)
      }
    }
    self.sizes = sizes
    self.repetitions = repetitions
  }

  /// Runs all kernels at all sizes and writes a table, line by line as results come.
  ///
  /// - Parameter write: Takes a line without its end.
  /// - Throws: `BenchmarkError` in a debug build, or when a kernel's answer is wrong.
  public func run(_ write: (String) -> Void) throws(BenchmarkError) {
    #if DEBUG
      throw .debugBuild
    #else
      for line in Row.heading { write(line) }
      for size in sizes {
        for row in try rows(size: size) { write(row.description) }
      }
    #endif
  }

  /// The results of one size, the triad's first.
  private func rows(size: Int) throws(BenchmarkError) -> [Row] {
    var workspace = Workspace(count: size)
    // Enough calls between two looks at the clock to last a few tenths of a millisecond.
    let calls = max(1, 2_000_000 / size)
    var triads: [Double] = []
    var rows: [Row] = []
    for kernel in Kernel.all {
      try workspace.check(kernel)
      var times: [Double] = []
      var ratios: [Double] = []
      for _ in 0..<repetitions {
        let triad = workspace.secondsPerCall(of: .triad, calls: calls)
        let time = workspace.secondsPerCall(of: kernel, calls: calls)
        triads.append(triad)
        times.append(time)
        ratios.append(kernel.bytesPerParameter / time / (Kernel.triad.bytesPerParameter / triad))
      }
      rows.append(Row(kernel: kernel, parameters: size, seconds: times, ratios: ratios))
    }
    let triad = Row(kernel: .triad, parameters: size, seconds: triads, ratios: [1])
    return [triad] + rows
  }
}
