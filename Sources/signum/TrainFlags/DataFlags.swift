import ArgumentParser
import Datasets
import Training

/// The flags of `signum train` for samples and batches.
struct DataFlags: ParsableArguments {
  @Option(
    help: """
      Samples: fashion-mnist, idx:DIR (four IDX files, plain or .gz), cifar-10:DIR, cifar-100:DIR \
      (the binary version), libsvm:FILE (test set in FILE.t); bible or text:FILE for a GPT. \
      (default: fashion-mnist; bible for a GPT)
      """)
  var data: String?

  @Option(
    parsing: .unconditional,
    help: "Training samples held out, and evaluated instead of the test set until the end.")
  var validation = 0

  @Option(
    help: """
      Which samples a rank or client draws from: shared, iid, dirichlet:ALPHA, shards:K. \
      (default: shared; iid with clients)
      """,
    transform: { try value($0, "shared, iid, dirichlet:ALPHA with ALPHA > 0, or shards:K") })
  var partition: ClientPartition?

  @Option(
    help: """
      Samples per rank and step, or 'full': rank r takes all of the r-th of N parts. (default: 64)
      """,
    transform: { try value($0, "a positive number or full") })
  var batch: BatchSize = .perRank(64)

  @Option(
    parsing: .unconditional,
    help: """
      Batches of a rank in a step, one after the other; it votes with their mean gradient, as with a \
      larger batch that does not fit in memory.
      """)
  var accumulate = 1

  @Option(
    help: """
      Changes of training images: crop:C moves them by up to C pixels each way, flip mirrors half of \
      them; crop:4,flip does both. (default: none)
      """,
    transform: { try value($0, "crop:C, flip or crop:C,flip") })
  var augment: Augmentation?

  @Option(
    parsing: .unconditional,
    help: "Share of a label that is spread over all classes, in training, in [0, 1).")
  var labelSmoothing = 0.0

  func apply(to options: inout TrainingOptions) {
    options.data = data
    options.validation = validation
    options.partition = partition
    options.batch = batch
    options.accumulate = accumulate
    options.augmentation = augment
    options.labelSmoothing = labelSmoothing
  }
}
