import Networks
import RunLog
import SignBits
import SignDescent
import Voting

extension TrainingOptions {
  /// Every flag with its value, as the run log has it; what was not given and depends on the run
  /// is filled in from the plan.
  func configuration(_ plan: RunPlan, threads: Int) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("algorithm", .string(algorithm.rawValue)),
      .init("model", .string(model.description)),
    ]
    if model == .mlp {
      members.append(.init("hidden", .array((hidden ?? [256, 256]).map(JSONValue.integer))))
    }
    if model == .gpt { members += gpt.members }
    if plan.stepsPerEpoch != nil {
      members.append(.init("data", .string(dataName)))
    }
    members.append(.init("batch", .string(batch.description)))
    switch length {
    case .epochs(let count): members.append(.init("epochs", .integer(count)))
    case .steps(let count): members.append(.init("steps", .integer(count)))
    }
    members += [
      .init("lr", .number(plan.learningRate)),
      .init("schedule", .string(schedule.description)),
      .init("weight-decay", .number(weightDecay)),
      .init("seed", .unsigned(seed)),
      .init("threads", .integer(threads)),
      .init("evaluate-every", evaluateEvery.map(JSONValue.integer) ?? .null),
      .init("validation", .integer(validation)),
      .init("check-replicas", .integer(checkReplicas)),
      .init("max-abstentions", .integer(maximumAbstentions)),
      .init("collective-timeout", .number(collectiveTimeout)),
      .init("log", log.map(JSONValue.string) ?? .null),
      .init("log-every", .integer(logEvery)),
      .init("save", save.map(JSONValue.string) ?? .null),
    ]
    if let settings = checkpointSettings {
      members += [
        .init("checkpoint", .string(settings.folder)),
        .init("checkpoint-every", .string(settings.interval.description)),
        .init("keep", .integer(settings.keep)),
        .init("checkpoint-memory", .string(settings.memory.rawValue)),
        .init("resume", .string(settings.resume.description)),
        .init("resume-strict", .bool(settings.isStrict)),
        .init("on-failure", .string(onFailure.rawValue)),
      ]
    }
    if let momentum = plan.momentum { members.append(.init("momentum", .number(momentum))) }
    if algorithm == .lion { members.append(.init("interpolation", .number(plan.interpolation))) }
    if let radius = plan.radius { members.append(.init("radius", .string("\(radius)"))) }
    if let simulateGradient {
      members.append(.init("simulate-gradient", .number(simulateGradient)))
    }
    if accumulate > 1 { members.append(.init("accumulate", .integer(accumulate))) }
    if labelSmoothing > 0 { members.append(.init("label-smoothing", .number(labelSmoothing))) }
    if learningRateScaling != .none {
      members.append(.init("lr-scaling", .string(learningRateScaling.rawValue)))
    }
    if computeType != .float32 { members.append(.init("dtype", .string(computeType.rawValue))) }
    if let augmentation { members.append(.init("augment", .string("\(augmentation)"))) }
    if let startFrom { members.append(.init("start-from", .string(startFrom))) }
    if let stopAt { members.append(.init("stop-at", .string("\(stopAt)"))) }
    if let clip { members.append(.init("clip", .number(clip))) }
    if let cohort = plan.cohort {
      members += [
        .init("clients", .integer(cohort.clients)),
        .init("participation", .number(cohort.participation)),
        .init("local-steps", .integer(cohort.localSteps)),
        .init("local-lr", .number(cohort.localLearningRate)),
      ]
    }
    if plan.stepsPerEpoch != nil {
      members.append(.init("partition", .string("\(plan.partition)")))
    }
    if adversaries > 0 {
      members.append(.init("adversaries", .number(adversaries)))
      members.append(.init("attack", .string(plan.attack.rawValue)))
    }
    switch algorithm.exchange {
    case .vote:
      members.append(.init("sign-rule", .string(plan.signRule.rawValue)))
      members.append(.init("vote", .string(plan.route.rawValue)))
      members.append(.init("coding", .string(plan.coding.rawValue)))
    case .scaledSigns: members.append(.init("vote", .string(plan.route.rawValue)))
    case .mean: members.append(.init("mean", .string(plan.mean.rawValue)))
    }
    return members
  }

  /// The flags that change nothing in the parameters of a run, so that it may go on with others.
  private static let freeFlags: Set = [
    "threads", "stop-at", "evaluate-every", "check-replicas", "max-abstentions",
    "collective-timeout", "log",
    "log-every", "save", "simulate-gradient", "vote", "coding", "checkpoint", "checkpoint-every",
    "keep",
    "checkpoint-memory", "resume", "resume-strict", "on-failure",
  ]

  /// Every flag that the parameters of the run depend on, by name.
  func definingConfiguration(_ plan: RunPlan) -> [String: String] {
    let members = configuration(plan, threads: 0).filter { !Self.freeFlags.contains($0.name) }
    return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value.text) })
  }
}
