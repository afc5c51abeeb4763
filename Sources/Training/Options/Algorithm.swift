/// How the gradients of the ranks become an update (`--algorithm`).
///
/// θ is `--momentum`, γ `--lr`, λ `--weight-decay`, s the verdict of the vote, d the number of
/// parameters, N the number of voters, T the number of steps. Each case names the kernel whose
/// documentation has formula, assumptions and rate; memory is that of a rank, parameters and
/// gradient (8 bytes per parameter) included.
public enum Algorithm: String, CaseIterable, Sendable {
  /// signSGD with momentum and majority vote: each rank votes with the signs of its momentum.
  ///
  /// m ← θ·m + (1−θ)·g on each rank, w ← w − γ·vote(sign m) on all: `MomentumPass`. Sun, Wang, Li,
  /// Wang, "Momentum Ensures Convergence of SIGNSGD under Weaker Assumptions", ICML 2023. 12 bytes
  /// per parameter.
  case signum
  /// signSGD with majority vote: θ = 0, the method that fails under skewed noise or small batches.
  ///
  /// Bernstein and others, "signSGD with Majority Vote is Communication Efficient and Fault
  /// Tolerant", ICLR 2019. 12 bytes per parameter.
  case signsgd
  /// `signum` with gradients taken at z = w + θ/(1−θ)·(w − w_prev): the better rate where the
  /// Hessian is Lipschitz.
  ///
  /// `LookAhead`; Sun et al., ICML 2023. Every rank rebuilds z by itself, so the vote stays one
  /// bit. 16 bytes per parameter.
  case signumExtrapolated = "signum-extrapolated"
  /// `signum` with stochastic signs: the vote for ranks whose data differ.
  ///
  /// +1 with probability (R+m)/(2R): `StochasticSign`; Sun et al., ICML 2023. 12 bytes per
  /// parameter.
  case signumStochastic = "signum-stochastic"
  /// `signum` over clients of which some take part in a round, each after local steps.
  ///
  /// `LocalSteps` and `Electorate`; Sun et al., ICML 2023. 8 bytes per parameter, 4 for each hosted
  /// client, 8 with more than one local step.
  case signumFederated = "signum-federated"
  /// Error feedback: scaled signs, and what they left out is added to the next gradient.
  ///
  /// Karimireddy and others, "Error Feedback Fixes SignSGD and other Gradient Compression Schemes",
  /// ICML 2019: the remedy that the paper compares with. `ErrorFeedback`; 20 bytes per parameter.
  case efSignSGD = "ef-signsgd"
  /// Lion: votes with sign(β1·m + (1−β1)·g), then m ← β2·m + (1−β2)·g; β2 is `--momentum`.
  ///
  /// Chen and others, "Symbolic Discovery of Optimization Algorithms", 2023; Liu and others,
  /// "Communication Efficient Distributed Training with Distributed Lion", 2024. `LionPass`; 12
  /// bytes per parameter.
  case lion
  /// Sign descent with recursive variance reduction: two gradients a step on the same samples.
  ///
  /// v ← g + θ·(v − h), h the gradient at the previous parameters: `StormPass`. Jiang and others,
  /// "Efficient Sign-Based Optimization: Accelerating Convergence via Variance Reduction", NeurIPS
  /// 2024. 20 bytes per parameter.
  case ssvr
  /// Stochastic gradient descent on the fp32 mean of the gradients; over clients with local steps
  /// it is federated averaging. `GradientUpdate`; 8 bytes per parameter.
  case sgd
  /// Stochastic gradient descent with heavy-ball momentum on the fp32 mean of the gradients.
  /// `HeavyBall`; 12 bytes per parameter.
  case sgdMomentum = "sgd-momentum"
  /// AdamW on the fp32 mean of the gradients: `AdamW`. 16 bytes per parameter.
  case adamw

  /// What travels between the ranks.
  public enum Exchange: Sendable {
    /// Signs, and a majority decides.
    case vote
    /// Signs with a scale for each tensor, and a mean.
    case scaledSigns
    /// Gradients in fp32, and a mean.
    case mean
  }

  /// What travels between the ranks.
  public var exchange: Exchange {
    switch self {
    case .sgd, .sgdMomentum, .adamw: .mean
    case .efSignSGD: .scaledSigns
    default: .vote
    }
  }

  /// The weight θ of the past in the momentum when none is given; nil where there is no momentum.
  public var defaultMomentum: Double? {
    switch self {
    case .signsgd, .sgd: nil
    case .efSignSGD: 0
    case .lion: 0.99
    default: 0.9
    }
  }

  /// The learning rate γ when none is given, at a schedule that does not define it.
  public var defaultLearningRate: Double {
    switch self {
    case .lion: 3e-4
    case .signumFederated: 1e-3
    case .efSignSGD, .sgd: 0.1
    case .sgdMomentum: 0.05
    case .adamw: 1e-3
    default: 5e-4
    }
  }

  /// The voters of this algorithm may be clients that take local steps.
  public var isFederated: Bool { self == .signumFederated }

  /// Bytes per parameter of a rank, parameters and gradient included, with so many hosted voters.
  func bytesPerParameter(hostedVoters: Int) -> Int {
    let momenta = Memory.product(4, hostedVoters)
    return switch self {
    case .sgd: 8
    case .adamw: 16
    case .signumExtrapolated: Memory.sum(12, momenta)
    case .ssvr: Memory.sum(16, momenta)
    case .efSignSGD: 20
    default: Memory.sum(8, momenta)
    }
  }
}
