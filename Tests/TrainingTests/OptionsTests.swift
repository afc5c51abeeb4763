import Testing

@testable import Training

@Suite("Options against each other")
struct OptionsTests {
  @Test func defaults_areValid() throws {
    try TrainingOptions().validate()
  }

  @Test(arguments: Algorithm.allCases)
  func everyAlgorithm_hasValidDefaults(algorithm: Algorithm) throws {
    var options = TrainingOptions()
    options.algorithm = algorithm
    try options.validate()
    let plan = try RunPlan(options, ranks: 2, trainingSamples: 100)
    #expect(plan.learningRate > 0 && plan.momentum.map { $0 >= 0 && $0 < 1 } ?? true)
  }

  @Test(arguments: [
    "mlp", "cnn", "resnet8", "resnet110", "logistic", "quadratic:10:0.5", "flatten, dense 4",
    "residual [relu] [dense 3], dense 3",
  ])
  func model_readsItsOwnText(text: String) throws {
    let model = try #require(ModelChoice(text))
    #expect(model.description == text && ModelChoice(model.description) == model)
  }

  @Test(arguments: [
    "", "MLP", "mlp:3", "quadratic:0:1", "quadratic:5", "quadratic:5:-1", "resnet", "resnet2",
    "resnet21", "resnet-4", "resnet6008", "dense", "flatten, dens 4",
  ])
  func model_refusesOtherTexts(text: String) {
    #expect(ModelChoice(text) == nil)
  }

  @Test(arguments: ["SIGNUM", "throw", "throw:1", "throw:x:3", "melt:1:3", "throw:1:3:4"])
  func fault_refusesOtherTexts(text: String) {
    #expect(throws: OptionError.self) {
      try FaultInjection(rank: 0, environment: ["SIGNUM_FAULT": text])
    }
  }

  @Test func fault_isForItsRankAlone() throws {
    let environment = ["SIGNUM_FAULT": "throw:1:3"]
    #expect(try FaultInjection(rank: 0, environment: environment) == nil)
    let fault = try #require(try FaultInjection(rank: 1, environment: environment))
    try fault.strike(atStep: 2)
    #expect(throws: TrainingError.self) { try fault.strike(atStep: 3) }
    #expect(try FaultInjection(rank: 0, environment: [:]) == nil)
  }
}
