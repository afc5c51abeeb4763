import AlignedBuffers
import Objectives

/// What is measured while a trial runs, a number for each copy.
extension Run {
  /// Runs to the end; the means over time of ‖∇f(w)‖₁ without noise.
  ///
  /// - Parameter first: The first step whose parameters count.
  func meanGradientNorms(from first: Int = 0) throws -> [Double] {
    let copies = objective.copies
    let dimension = objective.dimension
    var gradient = AlignedBuffer<Float>(repeating: 0, count: copies * dimension)
    var sums = [Double](repeating: 0, count: copies)
    try advance(to: first)
    try advance { run in
      run.withParameters { run.objective.exactGradient(at: $0, into: gradient.mutableSpan) }
      let gradient = gradient.span
      for copy in 0..<copies {
        var norm: Float = 0
        for index in copy * dimension..<(copy + 1) * dimension { norm += abs(gradient[index]) }
        sums[copy] += Double(norm)
      }
    }
    return sums.map { $0 / Double(trial.steps - first) }
  }

  /// Runs to the end; the means over time of f(w).
  ///
  /// - Parameter first: The first step whose parameters count.
  func meanValues(from first: Int) throws -> [Double] {
    var sums = [Double](repeating: 0, count: objective.copies)
    try advance(to: first)
    try advance { run in
      let values = run.values
      for copy in values.indices { sums[copy] += values[copy] }
    }
    return sums.map { $0 / Double(trial.steps - first) }
  }

  /// Runs to the end; the means over time of each parameter.
  ///
  /// - Parameter first: The first step whose parameters count.
  func meanParameters(from first: Int) throws -> [Double] {
    var sums = [Double](repeating: 0, count: objective.layout.count)
    try advance(to: first)
    try advance { run in
      run.withParameters { parameters in
        for index in parameters.indices { sums[index] += Double(parameters[index]) }
      }
    }
    return sums.map { $0 / Double(trial.steps - first) }
  }

  /// Runs to the end; f summed over the copies, before every so many steps and after the last.
  func course(every interval: Int) throws -> [Double] {
    var course: [Double] = []
    try advance { run in
      if run.stepsDone % interval == 0 { course.append(run.values.reduce(0, +)) }
    }
    return course + [values.reduce(0, +)]
  }

  /// f(w) without noise, now.
  var values: [Double] {
    withParameters { parameters in
      (0..<objective.copies).map { objective.value(at: parameters, copy: $0) }
    }
  }
}
