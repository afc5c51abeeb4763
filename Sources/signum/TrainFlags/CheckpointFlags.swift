import ArgumentParser
import Training

/// The flags of `signum train` for checkpoints and resume.
struct CheckpointFlags: ParsableArguments {
  @Option(
    help: """
      Folder for checkpoints, shared by all nodes; a run that finds some goes on. (default: none \
      are written)
      """, completion: .directory)
  var checkpoint: String?

  @Option(
    parsing: .unconditional,
    help: "Steps between checkpoints, or minutes as in 10m. (default: 10m)",
    transform: { try value($0, "a number of steps, or of minutes as in 10m") })
  var checkpointEvery: CheckpointInterval?

  @Option(parsing: .unconditional, help: "Checkpoints that stay, the newest. (default: 2)")
  var keep: Int?

  @Option(
    help: """
      Steps go on while a copy of the state is written, as a rule 8 bytes per parameter; or none, \
      and they wait. (default: copy)
      """)
  var checkpointMemory: CheckpointMemory?

  @Option(
    help: """
      What to go on from: the newest checkpoint without damage (auto), that of a STEP, or none \
      (never), when the folder must hold none. (default: auto)
      """,
    transform: { try value($0, "auto, never or a step") })
  var resume: ResumeChoice?

  @Flag(
    help: """
      Go on only where gradients have the same bits: ranks, threads, oneDNN, processor. (default: \
      go on, and say what differs)
      """)
  var resumeStrict = false

  func apply(to options: inout TrainingOptions) {
    options.checkpoint = checkpoint
    options.checkpointEvery = checkpointEvery
    options.keep = keep
    options.checkpointMemory = checkpointMemory
    options.resume = resume
    options.resumeStrict = resumeStrict
  }
}
