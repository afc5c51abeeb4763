import AlignedBuffers
import MPIKit
import SignBits
import SignDescent
import TestSupport
import Testing
import Voting

/// Error feedback on all ranks against a model that shares no code with it.
@Suite("Mean of scaled signs", .underLauncher)
struct ScaledSignMeanTests {
  /// Lengths of tensors: smaller than the number of ranks; within a word; across words, blocks and
  /// shards; along them; and one long one.
  private static let layouts = [
    [], [1], [1, 1, 1], [5, 60, 2], [4096, 8192], [5, 4090, 1, 1, 4096, 9000, 3, 70],
  ]

  private func tensors(_ lengths: [Int]) -> [Range<Int>] {
    var end = 0
    return lengths.map { length in
      end += length
      return end - length..<end
    }
  }

  /// The gradient of a rank, which every rank can work out; nil where it has no sample.
  private func gradient(rank: Int, step: Int, count: Int) -> [Float]? {
    if step == 4, rank == 0 { return nil }
    var draw = UInt32(truncatingIfNeeded: rank * 1000 + step)
    var gradient = (0..<count).map { index -> Float in
      draw = draw &* 1_664_525 &+ 1_013_904_223
      // Tensors and ranks differ in size and direction; some are 0.
      let noise = Float(draw >> 8) * 0x1p-23 - 1
      return draw >> 28 == 0 ? 0 : noise + Float(index & 7) * 0.25 + Float(rank) * 0.125 - 1
    }
    if step == 7, rank == 1, count > 0 { gradient[count / 2] = .nan }
    if step == 8, count > 0 { gradient[0] = -.infinity }
    return gradient
  }

  /// One rank of a run by one route.
  private struct Worker {
    let mean: ScaledSignMean
    var errors: [Float]
    var parameters: [Float]
    private let tensors: [Range<Int>]

    init(
      tensors: [Range<Int>], route: ScaledRoute, on ranks: borrowing Communicator
    ) throws {
      mean = try ScaledSignMean(tensors: tensors, route: route, communicator: ranks)
      self.tensors = tensors
      errors = Array(repeating: 0, count: tensors.last?.upperBound ?? 0)
      parameters = errors.indices.map { Float($0 % 100) * 0.01 - 0.5 }
    }

    mutating func step(_ gradient: [Float]?, number: Int, rate: Double, decay: Double) throws {
      let mean = mean
      let feedback = ErrorFeedback(learningRate: rate)
      for (tensor, range) in tensors.enumerated() {
        mean.scales[tensor] = 0
        guard let gradient else { continue }
        let scale = feedback.compress(
          gradient.span, error: errors.mutableSpan, coordinates: range, into: &mean.ballot)
        mean.scales[tensor] = scale ?? 0
      }
      var control = ControlBlock()
      control.step = number
      try mean.begin(control)
      try mean.wait(Patience(limitSeconds: 60))
      let update = ScaledSignUpdate(learningRate: rate, weightDecay: decay)
      for (tensor, range) in tensors.enumerated() {
        update.apply(
          mean.mean, scale: mean.meanScales[tensor], to: parameters.mutableSpan,
          coordinates: range)
      }
    }
  }

  @Test(arguments: layouts)
  func bothRoutes_equalTheModel(lengths: [Int]) throws {
    let tensors = tensors(lengths)
    let count = tensors.last?.upperBound ?? 0
    try RankWorld.withEachCommunicator { name, ranks in
      // The long ones on all ranks alone, for time.
      guard name == "world" || count < 1000 else { return }
      var workers = try ScaledRoute.allCases.map {
        try Worker(tensors: tensors, route: $0, on: ranks)
      }
      var model = ScaledSignModel(tensors: tensors, ranks: ranks.size)
      var parameters = workers[0].parameters
      for step in 0..<20 {
        let rate = 0.1 / Double(1 + step)
        let decay = step % 2 == 0 ? 0.01 : 0
        let gradients = (0..<ranks.size).map { gradient(rank: $0, step: step, count: count) }
        model.step(gradients, rate: rate)
        model.apply(to: &parameters, rate: rate, decay: decay)
        for (index, route) in ScaledRoute.allCases.enumerated() {
          try workers[index].step(
            gradients[ranks.rank], number: step, rate: rate, decay: decay)
          let wrong = differences(workers[index], model, rank: ranks.rank, parameters)
          try expectOnAllRanks(
            wrong.isEmpty, "\(name) \(route) \(lengths) step \(step): \(wrong) differ", on: ranks)
        }
      }
    }
  }

  /// What of a worker differs from the model.
  private func differences(
    _ worker: Worker, _ model: ScaledSignModel, rank: Int, _ parameters: [Float]
  ) -> [String] {
    func bits(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }
    let mean = worker.mean
    let kept = mean.withErrors { errors in errors.indices.map { errors[$0] } }
    let checks = [
      ("scales", mean.scales == model.scales[rank]),
      ("errors", bits(worker.errors) == bits(model.workerErrors[rank])),
      ("signs of the mean", haveSameSigns(mean, model)),
      ("scales of the mean", bits(mean.meanScales) == bits(model.meanScales)),
      ("errors of the mean", bits(kept) == bits(model.errors[mean.errorCoordinates])),
      ("parameters", bits(worker.parameters) == bits(parameters)),
    ]
    return checks.filter { !$0.1 }.map(\.0)
  }

  /// Where a scale is 0 its signs mean nothing.
  private func haveSameSigns(_ mean: ScaledSignMean, _ model: ScaledSignModel) -> Bool {
    zip(model.tensors, model.meanScales).allSatisfy { tensor, scale in
      scale == 0 || tensor.allSatisfy { mean.mean[$0] == model.meanSigns[$0] }
    }
  }

  /// One copy of E in all, or one on each rank; none where there is no second compression.
  @Test(arguments: layouts)
  func errors_haveOneCopyInAll(lengths: [Int]) throws {
    let tensors = tensors(lengths)
    let count = tensors.last?.upperBound ?? 0
    let world = try RankWorld.communicator()
    for route in ScaledRoute.allCases {
      let mean = try ScaledSignMean(tensors: tensors, route: route, communicator: world)
      var ends = [Int](repeating: 0, count: 2 * world.size)
      let own = mean.errorCoordinates
      try world.allGather([own.lowerBound, own.upperBound].span, into: ends.mutableSpan)
      let lengths = (0..<world.size).map { ends[2 * $0 + 1] - ends[2 * $0] }
      let isRight =
        world.size == 1
        ? own.isEmpty
        : route == .gather
          ? own == 0..<count
          : lengths.reduce(0, +) == count
            && (1..<world.size).allSatisfy { ends[2 * $0] == ends[2 * $0 - 1] }
            && ends.allSatisfy { $0 % 4096 == 0 || $0 == count }
            && (lengths.max() ?? 0) - (lengths.min() ?? 0) <= 2 * 4096
      try expectOnAllRanks(isRight, "\(route) \(count): \(ends)", on: world)
    }
  }

  /// A run that goes on from saved errors equals the unbroken one.
  @Test(arguments: ScaledRoute.allCases)
  func errors_restored_goOn(route: ScaledRoute) throws {
    let world = try RankWorld.communicator()
    let tensors = tensors([5, 4090, 5000])
    var unbroken = try Worker(tensors: tensors, route: route, on: world)
    var resumed = try Worker(tensors: tensors, route: route, on: world)
    for step in 0..<6 {
      let gradient = gradient(rank: world.rank, step: step, count: 9095)
      try unbroken.step(gradient, number: step, rate: 0.1, decay: 0)
      if step == 2 {
        resumed.errors = unbroken.errors
        resumed.parameters = unbroken.parameters
        let saved = unbroken.mean.withErrors { errors in errors.indices.map { errors[$0] } }
        resumed.mean.withMutableErrors { errors in
          var errors = errors
          for index in errors.indices { errors[index] = saved[index] }
        }
      } else if step > 2 {
        try resumed.step(gradient, number: step, rate: 0.1, decay: 0)
      }
    }
    try expectOnAllRanks(
      resumed.parameters == unbroken.parameters && unbroken.parameters[0] != -0.5, "\(route)",
      on: world)
  }

  @Test func traffic_isCounted() throws {
    let world = try RankWorld.communicator()
    let (ranks, rank) = (world.size, world.rank)
    // A tensor a block and a short one: as many parts as blocks, one more in the last.
    let blocks = 3 * ranks + 1
    let tensors = tensors([blocks * 4096 - 100, 36])
    for route in ScaledRoute.allCases {
      let mean = try ScaledSignMean(tensors: tensors, route: route, communicator: world)
      try mean.begin(ControlBlock())
      try mean.wait(Patience(limitSeconds: 60))
      var expected = (sent: (ranks - 1) * (64 + blocks * 512), received: 0)
      expected.received = expected.sent
      if route == .exchange {
        // The last rank owns four blocks, 3·4096 + 4032 coordinates of them in all; others three.
        let words = { $0 == ranks - 1 ? 3 * 64 + 63 : 3 * 64 }
        let result = { 8 * (words($0) + ($0 == ranks - 1 ? 5 : 3)) }
        let others = (0..<ranks).filter { $0 != rank }
        expected.sent =
          others.reduce(0) { $0 + 64 + 8 + 8 * words($1) } + (ranks - 1) * result(rank)
        expected.received =
          (ranks - 1) * (64 + 8 + 8 * words(rank)) + others.reduce(0) { $0 + result($1) }
      }
      let traffic = mean.traffic
      try expectOnAllRanks(
        traffic.bytesSent == expected.sent && traffic.bytesReceived == expected.received
          && traffic.isModelled == (route == .gather),
        "\(route): \(traffic), not \(expected)", on: world)
    }
  }

  @Test(arguments: ScaledRoute.allCases)
  func controls_reachAllRanks(route: ScaledRoute) throws {
    let world = try RankWorld.communicator()
    // Fewer coordinates than ranks: owners of nothing hear of all ranks too.
    let mean = try ScaledSignMean(tensors: [0..<1], route: route, communicator: world)
    for step in [0, 1 << 39] {
      func control(of rank: Int) -> ControlBlock {
        var control = ControlBlock()
        control.step = step
        control.flags = [.carriesHash]
        control.hash = .max - UInt64(rank)
        control.loss = -Double(rank)
        return control
      }
      try mean.begin(control(of: world.rank))
      try mean.wait(Patience(limitSeconds: 60))
      try expectOnAllRanks(
        mean.controls == (0..<world.size).map { control(of: $0) }, "\(route): \(mean.controls)",
        on: world)
    }
  }

  @Test(arguments: ScaledRoute.allCases)
  func aRankOutOfStep_isNamed(route: ScaledRoute) throws {
    let world = try RankWorld.communicator()
    let last = world.size - 1
    let mean = try ScaledSignMean(tensors: [0..<9000], route: route, communicator: world)
    var control = ControlBlock()
    control.step = world.rank == last ? 8 : 7
    try mean.begin(control)
    let expected: VotingError? =
      world.size == 1
      ? nil
      : world.rank == last
        ? .outOfStep(rank: 0, itsStep: 7, step: 8) : .outOfStep(rank: last, itsStep: 8, step: 7)
    let found = failure(of: mean, limitSeconds: 60)
    try expectOnAllRanks(found == expected, "\(route): \(String(describing: found))", on: world)
  }

  @Test func aSilentRank_isNamed() throws {
    let world = try RankWorld.communicator()
    let last = world.size - 1
    let mean = try ScaledSignMean(tensors: [0..<9000], route: .exchange, communicator: world)
    // The last rank takes no part, as if it were dead; it waits until the others have given up.
    let isSilent = world.rank == last && world.size > 1
    var found: VotingError?
    if !isSilent {
      try mean.begin(ControlBlock())
      found = failure(of: mean, limitSeconds: 0.3)
    }
    let expected: VotingError? =
      isSilent || world.size == 1 ? nil : .peersMissing(ranks: [last], step: 0, seconds: 0.3)
    try expectOnAllRanks(found == expected, String(describing: found), on: world)
  }

  private func failure(of mean: ScaledSignMean, limitSeconds: Double) -> VotingError? {
    do {
      try mean.wait(Patience(limitSeconds: limitSeconds))
      return nil
    } catch {
      return error as? VotingError
    }
  }
}
