/// How the gradients of the ranks become an update (`--algorithm`).
public enum Algorithm: String, CaseIterable, Sendable {
  /// signSGD with momentum and majority vote: each rank votes with the signs of its momentum.
  ///
  /// m ← θ·m + (1−θ)·g on each rank, w ← w − γ·vote(sign m) on all. Sun, Wang, Li, Wang,
  /// "Momentum Ensures Convergence of SIGNSGD under Weaker Assumptions", ICML 2023; 12 bytes of
  /// memory per parameter and rank.
  case signum
  /// signSGD with majority vote: θ = 0, the method that fails under skewed noise or small batches.
  case signsgd
  /// Stochastic gradient descent on the fp32 mean of the gradients.
  case sgd
  /// Stochastic gradient descent with heavy-ball momentum on the fp32 mean of the gradients.
  case sgdMomentum = "sgd-momentum"

  /// Whether the ranks vote with signs; otherwise they average gradients in fp32.
  public var votes: Bool {
    switch self {
    case .signum, .signsgd: true
    case .sgd, .sgdMomentum: false
    }
  }

  /// The weight θ of the past in the momentum when none is given; nil where there is no momentum.
  public var defaultMomentum: Double? {
    switch self {
    case .signum, .sgdMomentum: 0.9
    case .signsgd, .sgd: nil
    }
  }

  /// The learning rate γ when none is given.
  public var defaultLearningRate: Double {
    switch self {
    case .signum, .signsgd: 5e-4
    case .sgd: 0.1
    case .sgdMomentum: 0.05
    }
  }
}
