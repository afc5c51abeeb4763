/// Why a benchmark cannot run, or what it found wrong.
public enum BenchmarkError: Error, Equatable, CustomStringConvertible {
  /// The program was built without optimization.
  case debugBuild
  /// A number of parameters that is not positive.
  case size(Int)
  /// A number of repetitions that is not positive.
  case repetitions(Int)
  /// A number of samples or threads that cannot be.
  case count(of: String, Int)
  /// A share that is none.
  case flipRate(Double)
  /// A rate of the link that is not positive.
  case linkRate(Double)
  /// A size whose arrays, so many bytes a parameter, exceed the machine's memory in bytes.
  case memory(size: Int, bytesPerParameter: Int, available: UInt64)
  /// An answer that differs from that of the reference.
  case wrongAnswer(of: String, reference: String, parameters: Int, coordinate: Int)

  /// One line: what happened and what to do.
  public var description: String {
    switch self {
    case .debugBuild:
      "a debug build says nothing about speed: build with 'swift build -c release'"
    case .size(let size): "expected a number of parameters of at least 1, found \(size)"
    case .repetitions(let count): "expected at least 1 repetition, found \(count)"
    case .count(let what, let count): "expected 1 to 65536 \(what), found \(count)"
    case .flipRate(let rate): "expected a flip rate from 0 to 1, found \(rate)"
    case .linkRate(let rate): "expected a link of more than 0 Gbit/s, found \(rate)"
    case .memory(let size, let bytesPerParameter, let available):
      "\(size) parameters need \(bytesPerParameter) bytes each, and this machine has "
        + "\(available) in all: ask for fewer"
    case .wrongAnswer(let subject, let reference, let parameters, let coordinate):
      "'\(subject)' gave another answer than \(reference) with \(parameters) parameters, first at "
        + "coordinate \(coordinate): times are worthless; report this build, processor and MPI"
    }
  }
}
