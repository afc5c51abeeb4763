import AlignedBuffers
import MPIKit
import Objectives
import SignBits
import SignDescent
import Voting

/// Sign descent by majority vote: estimator → sign operator → vote → update.
///
/// Each voter v hosted here: g_v at w (or at a point ahead), m_v from g_v by the estimator, a
/// ballot from m_v by the sign operator; s = majority of all ballots; w ← (1−γλ)·w − γ·s. Rounding
/// is part of the definition: see `MomentumPass` and `SignUpdate`. Memory: 4 bytes per parameter
/// and hosted voter for momenta, d/4 bytes for ballot and verdict, the messages of the route, and
/// what `LookAheadPoint` or `PreviousPoint` say.
final class VotedDescent: DistributedOptimizer {
  private let layout: ParameterLayout
  private let electorate: Electorate
  private let vote: MajorityVote
  private let estimator: Estimator
  private let lookAhead: LookAheadPoint?
  private let previous: PreviousPoint?
  private let stochastic: StochasticBallots?
  private let adversaries: Adversaries?
  /// Where the vote begins before the gradient is complete.
  private var early: EarlyBallot?
  private let updateParts: [UpdatePart]
  /// The momenta of the hosted voters, one after the other.
  private var momenta: AlignedBuffer<Float>

  /// An optimizer with zero momenta.
  ///
  /// Collective: duplicates the communicator.
  init(
    plan: RunPlan, objective: any Objective, electorate: Electorate, patience: Patience,
    world: borrowing Communicator
  ) throws(MPIError) {
    layout = objective.layout
    self.electorate = electorate
    let options = plan.options
    let theta = plan.momentum ?? 0
    let buckets = plan.votesEarly ? VoteBuckets(layout) : nil
    vote = try MajorityVote(
      coordinateCount: layout.count, voters: electorate.ballots, rule: plan.signRule,
      route: plan.route, coding: plan.coding, buckets: buckets?.blocks, seed: options.seed,
      communicator: world)
    estimator = Estimator(
      options.algorithm, momentum: theta, interpolation: plan.interpolation,
      rule: plan.signRule)
    lookAhead = plan.lookAheadForm(for: objective).map {
      LookAheadPoint(form: $0, momentum: theta, count: objective.layout.count)
    }
    previous = estimator.needsPreviousGradient ? PreviousPoint(count: layout.count) : nil
    stochastic = try StochasticBallots(
      plan: plan, layout: layout, voters: electorate.count, patience: patience, world: world)
    adversaries = try Adversaries(
      plan: plan, electorate: electorate, coordinateCount: layout.count, patience: patience,
      world: world)
    updateParts = options.updateParts(of: objective)
    momenta = AlignedBuffer(repeating: 0, count: layout.count * electorate.hosted.count)
    early = buckets.map { buckets in
      EarlyBallot(layout: layout, buckets: buckets, vote: vote) { [unowned self] in
        run(estimator, on: $0, previous: $0, of: electorate.hosted.lowerBound, in: $1)
      }
    }
  }

  var controls: [ControlBlock] { vote.controls }

  var notice: String? { vote.notice }

  var traffic: Traffic {
    var traffic = vote.traffic
    if let stochastic { traffic += stochastic.traffic }
    return traffic
  }

  func begin(
    _ state: ModelState, from source: GradientSource, learningRate: Double,
    control: inout ControlBlock
  ) throws {
    let attending = electorate.voters(at: control.step)
    var report = VoterReport()
    lookAhead?.prepare(state, verdict: vote.verdict)
    previous?.prepare(state)
    stochastic?.begin()
    try early?.open(step: control.step)
    for voter in attending {
      let notFinite = try estimate(voter, state, from: source, &report)
      if let stochastic {
        momentum(of: voter) { stochastic.add($0, of: voter, abstainingIn: notFinite) }
      } else {
        abstain(in: notFinite)
        cast(voter, step: control.step, &report)
      }
    }
    if let stochastic {
      try stochastic.agree(step: control.step)
      for voter in attending {
        momentum(of: voter) {
          stochastic.pack($0, of: voter, step: control.step, into: &vote.ballot)
        }
        cast(voter, step: control.step, &report)
      }
    }
    try adversaries?.collude(step: control.step, attending: attending) { ballot in
      vote.ballot.copy(from: ballot)
      cast()
    }
    report.write(to: &control)
    try vote.begin(control)
  }

  /// Updates a voter's momentum; its signs are in the vote's ballot then.
  ///
  /// - Returns: The numbers of the tensors in which it abstains.
  private func estimate(
    _ voter: Int, _ state: ModelState, from source: GradientSource, _ report: inout VoterReport
  ) throws -> [Int] {
    let draw = try withPoint(of: state) { point in
      try source.gradient(of: voter, at: point, into: &state.gradient, observer: early)
    }
    let isUsable = report.add(draw)
    if let early {
      let numbers = state.gradient.withSpan { early.complete($0, usable: isUsable) }
      report.addNotFinite(numbers)
      return []
    }
    guard isUsable else { return Array(layout.tensors.indices) }
    try previous?.compute(from: source)
    let isFinite = state.gradient.withSpan { gradient in
      withPreviousGradient(or: gradient) { previous in
        run(estimator, on: gradient, previous: previous, of: voter, in: nil)
      }
    }
    guard !isFinite else { return [] }
    var numbers = layout.tensorsNotFinite(in: state.gradient)
    if let previous {
      numbers = Set(numbers + layout.tensorsNotFinite(in: previous.gradient)).sorted()
    }
    report.addNotFinite(numbers)
    return numbers
  }

  /// Updates a voter's momentum and the vote's ballot; whether the gradients are finite.
  private func run(
    _ estimator: Estimator, on gradient: Span<Float>, previous: Span<Float>, of voter: Int,
    in coordinates: Range<Int>?
  ) -> Bool {
    momenta.withMutableSpan(in: place(of: voter)) {
      estimator.run(
        momentum: $0, gradient: gradient, previous: previous, coordinates: coordinates,
        into: &vote.ballot)
    }
  }

  private func abstain(in tensors: [Int]) {
    for number in tensors { vote.ballot.abstain(in: layout.tensors[number].range) }
  }

  private func cast(_ voter: Int, step: Int, _ report: inout VoterReport) {
    report.addAbstained(in: &vote.ballot)
    if adversaries?.replace(&vote.ballot, of: voter, step: step) ?? true { cast() }
  }

  /// Casts the ballot; where each rank has one voter the vote takes it as it is.
  private func cast() {
    if electorate.areClients { vote.cast() }
  }

  func wait(_ patience: Patience) throws {
    try vote.wait(patience)
  }

  func apply(to state: ModelState, learningRate: Double) {
    vote.tally()
    lookAhead?.remember(state, learningRate: learningRate)
    previous?.remember(state)
    for part in updateParts {
      let update = SignUpdate(
        learningRate: learningRate * part.rateFactor, weightDecay: part.weightDecay)
      state.parameters.withMutableSpan {
        update.apply(vote.verdict, to: $0, coordinates: part.coordinates)
      }
    }
  }
}

extension VotedDescent {
  private func place(of voter: Int) -> Range<Int> {
    let first = (voter - electorate.hosted.lowerBound) * layout.count
    return first..<first + layout.count
  }

  /// Lends the momentum of a hosted voter.
  func momentum<Result>(of voter: Int, _ body: (Span<Float>) throws -> Result) rethrows -> Result {
    try momenta.withSpan { try body($0.extracting(place(of: voter))) }
  }

  /// Lends the point at which gradients are taken.
  private func withPoint<Result>(
    of state: ModelState, _ body: (Span<Float>) throws -> Result
  ) rethrows -> Result {
    if let lookAhead { return try lookAhead.point.withSpan(body) }
    return try state.parameters.withSpan(body)
  }

  /// Lends the gradient at the previous parameters, or another where there is none.
  private func withPreviousGradient<Result>(
    or gradient: Span<Float>, _ body: (Span<Float>) -> Result
  ) -> Result {
    if let previous { return previous.gradient.withSpan(body) }
    return body(gradient)
  }
}

extension VotedDescent {
  func withState(_ state: ModelState, _ body: StateVisitor) throws {
    try momenta.visit("momentum", electorate.place(elementsPerVoter: layout.count), body)
    try lookAhead?.withState(state, verdict: vote.verdict, body)
    try previous?.withState(state, body)
    try adversaries?.withState(body)
  }
}
