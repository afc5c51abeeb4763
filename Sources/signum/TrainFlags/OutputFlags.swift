import ArgumentParser
import Training

/// The flags of `signum train` for what a run leaves.
struct OutputFlags: ParsableArguments {
  @Option(help: "Run log to append to, JSON lines.", completion: .file())
  var log: String?

  @Option(parsing: .unconditional, help: "Steps between records of the log and lines of progress.")
  var logEvery = 50

  @Option(help: "File for the final parameters, safetensors.", completion: .file())
  var save: String?

  func apply(to options: inout TrainingOptions) {
    options.log = log
    options.logEvery = logEvery
    options.save = save
  }
}
