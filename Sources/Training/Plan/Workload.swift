import AlignedBuffers
import Datasets
import Networks
import Objectives
import RunLog
import Voting

/// What a run minimises and on which samples.
final class Workload {
  /// The objective.
  let objective: any Objective
  /// The data; nil for objectives in closed form.
  let data: LoadedData?
  /// Which samples of the training set train, and which are held out.
  let split: ValidationSplit?

  /// The training samples of each voter; nil where all draw from the same ones.
  let clientSamples: [[Int32]]?

  /// Loads the data, divides them among the voters and makes the objective.
  ///
  /// Local to the rank.
  ///
  /// - Throws: `DatasetError`, `ParameterLayoutError`, `OptionError` or `OneDNNError`, in one line.
  init(_ options: TrainingOptions, ranks: Int, localRanks: Int, threads: Int) throws {
    let voters = options.cohort?.clients ?? ranks
    let memory = Memory(options, ranks: ranks, localRanks: localRanks)
    if case .closedForm(let form) = options.model {
      try memory.check(parameters: form.dimension)
      objective = try form.makeObjective()
      data = nil
      split = nil
      clientSamples = nil
      return
    }
    let data = try DataSource(parsing: options.dataName).load(context: options.gpt.context)
    let split = try ValidationSplit(
      sampleCount: data.training.count, validationCount: options.validation, seed: options.seed)
    if let augmentation = options.augmentation {
      try Self.check(augmentation, fits: data.training)
    }
    self.data = data
    self.split = split
    let partition = options.partition ?? (options.cohort == nil ? .shared : .iid)
    clientSamples =
      partition == .shared
      ? nil
      : try partition.divide(
        training: split.training, labels: data.training.labels, clients: voters,
        seed: options.seed)
    let batch = Self.batchCapacity(
      options, samples: split.training.count, voters: voters,
      largestPart: clientSamples?.map(\.count).max())
    objective = try Self.makeObjective(
      options.model, hidden: options.hidden ?? [256, 256], gpt: options.gpt, data: data,
      batch: batch, memory: memory, threads: threads, computeType: options.computeType)
    (objective as? Network)?.labelSmoothing = options.labelSmoothing
    guard batch > 1 || objective.statistics == nil else {
      throw OptionError(
        "--batch \(options.batch): batch normalization needs 2 samples a rank or more, found 1")
    }
  }

  /// What is evaluated on without training: a model and data.
  init(objective: any Objective, data: LoadedData) {
    self.objective = objective
    self.data = data
    split = nil
    clientSamples = nil
  }

  /// A closed form for an experiment.
  init(objective: any Objective) {
    self.objective = objective
    data = nil
    split = nil
    clientSamples = nil
  }

  private static func check(
    _ augmentation: Augmentation, fits data: Dataset
  ) throws(OptionError) {
    guard case .dense(let samples) = data, (2...3).contains(samples.shape.count) else {
      throw OptionError("--augment changes images, and the data have none: leave it out")
    }
    let (height, width) = (samples.shape[samples.shape.count - 2], samples.shape.last ?? 0)
    guard augmentation.shift < min(height, width) else {
      throw OptionError(
        "--augment crop:\(augmentation.shift) moves images of \(height) x \(width) pixels out of "
          + "sight: give fewer rows and columns")
    }
  }

  /// The largest number of samples of a gradient.
  static func batchCapacity(
    _ options: TrainingOptions, samples: Int, voters: Int, largestPart: Int?
  ) -> Int {
    let parts = options.accumulate
    let drawn =
      switch options.batch {
      case .perRank(let count): min(Memory.product(count, parts), max(samples, 1))
      case .full: largestPart ?? max((samples + voters - 1) / voters, 1)
      }
    return (drawn + parts - 1) / parts
  }

  /// A model for data.
  ///
  /// - Parameter batch: The largest number of samples of a gradient.
  static func makeObjective(
    _ model: ModelChoice, hidden: [Int], gpt: GPTOptions, data: LoadedData, batch: Int,
    memory: Memory, threads: Int, computeType: ComputeType = .float32
  ) throws -> any Objective {
    let classes = data.training.classCount
    guard let network = try model.network(hidden: hidden, gpt: gpt, for: data.training) else {
      let parameters = Memory.product(Memory.sum(data.training.width, 1), classes)
      try memory.check(
        parameters: parameters,
        bytesBeside: Memory.product(LogisticRegression.bytesPerParameter, parameters))
      return try LogisticRegression(width: data.training.width, classCount: classes)
    }
    let outline = try NetworkOutline(network)
    guard outline.isSequential || outline.classCount == classes else {
      throw OptionError(
        "--model: its last layer gives \(outline.classCount) scores, the data have \(classes) "
          + "classes: end with dense \(classes)")
    }
    return try makeNetwork(
      network, batch: batch,
      evaluationBatch: outline.isSequential ? gpt.evaluationBatch : Evaluator.batchCapacity,
      memory: memory, threads: threads, computeType: computeType)
  }

  /// A network, where the memory has room for it.
  static func makeNetwork(
    _ network: NetworkModel, batch: Int, evaluationBatch: Int, memory: Memory, threads: Int,
    computeType: ComputeType = .float32
  ) throws -> Network {
    let outline = try NetworkOutline(network)
    // First without the arena: what is too large by far shall not be compiled.
    try memory.check(parameters: outline.layout.count)
    let width = outline.featureShape.reduce(1, Memory.product)
    // Two batches: the next one is loaded ahead.
    let samples = Memory.sum(Memory.product(2, batch), evaluationBatch)
    let features = Memory.product(Memory.product(4, width), samples)
    return try Network(
      network, trainingCapacity: batch, evaluationCapacity: evaluationBatch, threads: threads,
      computeType: computeType
    ) { arenaBytes in
      try memory.check(
        parameters: outline.layout.count, bytesBeside: Memory.sum(arenaBytes, features))
    }
  }

  /// Samples per call of an evaluation, at most.
  var evaluationBatch: Int {
    (objective as? Network)?.evaluationCapacity ?? Evaluator.batchCapacity
  }

  /// Whether losses are those of bytes.
  var isText: Bool {
    if case .text = data?.training { true } else { false }
  }

  /// The number of samples that train; 0 for objectives in closed form.
  var trainingCount: Int { split?.training.count ?? data?.training.count ?? 0 }

  /// What is evaluated on while the run goes on: held-out samples, so that the test set is read
  /// once.
  var interimSplit: Evaluation.Split {
    (split?.validation.isEmpty ?? true) ? finalSplit : .validation
  }

  /// What is evaluated on at the end.
  var finalSplit: Evaluation.Split { data?.test == nil ? .train : .test }

  /// A batch of the shape of the data.
  func makeBatch(capacity: Int) -> Batch {
    switch data?.training {
    case .dense(let dataset): Batch(capacity: capacity, width: dataset.width)
    case .sparse(let dataset): Batch(capacity: capacity, width: dataset.width, storage: .sparse)
    case .text(let dataset): Batch(capacity: capacity, width: dataset.context + 1)
    case nil: Batch(capacity: capacity, width: 0)
    }
  }

  /// Fills a batch with samples of the training set.
  ///
  /// - Parameters:
  ///   - first: The place of the first one in its draw.
  ///   - draw: How the draw changes its images; nil where they stay as they are.
  func load(
    _ batch: inout Batch, samples: Span<Int32>, from first: Int, changedBy draw: AugmentedDraw?
  ) {
    batch.removeAll()
    guard let data else {
      batch.removeAll(leaving: samples.count)
      return
    }
    for index in samples.indices {
      data.training.append(
        Int(samples[index]), to: &batch, changedBy: draw.map { ($0, first + index) })
    }
  }

  /// The samples of a set to evaluate on that a rank takes.
  func part(of split: Evaluation.Split, rank: Int, ranks: Int) -> Range<Int> {
    let count =
      switch split {
      case .test: data?.test?.count ?? 0
      case .validation: self.split?.validation.count ?? 0
      // A closed form is evaluated once, as one sample.
      case .train: data == nil ? 1 : trainingCount
      }
    return ContiguousPartition(count: count, parts: ranks)[rank]
  }

  /// Fills a batch with samples of a set to evaluate on.
  func load(_ batch: inout Batch, from set: Evaluation.Split, _ range: Range<Int>) {
    batch.removeAll()
    guard let data else {
      batch.removeAll(leaving: range.count)
      return
    }
    for index in range {
      switch set {
      case .test: data.test?.append(index, to: &batch)
      case .validation: data.training.append(Int(split?.validation[index] ?? 0), to: &batch)
      case .train: data.training.append(Int(split?.training[index] ?? Int32(index)), to: &batch)
      }
    }
  }
}

extension Dataset {
  /// Adds a sample to a batch of this data's shape.
  ///
  /// - Parameter change: A draw that changes its images, and the sample's place in it.
  func append(
    _ sample: Int, to batch: inout Batch, changedBy change: (draw: AugmentedDraw, place: Int)? = nil
  ) {
    switch self {
    case .dense(let dataset):
      batch.append(label: dataset.labels[sample]) { row in
        if let change {
          dataset.copyRow(sample, at: change.place, of: change.draw, into: &row)
        } else {
          dataset.copyRow(sample, into: &row)
        }
      }
    case .text(let dataset):
      batch.append(label: Int32(dataset.predictedCount(of: sample))) {
        dataset.copyRow(sample, into: &$0)
      }
    case .sparse(let dataset):
      let row = dataset.row(sample)
      batch.append(
        label: dataset.labels[sample], columns: dataset.columns.span.extracting(row),
        values: dataset.values.span.extracting(row))
    }
  }
}

extension Workload {
  /// The number of samples of each class that each voter holds; nil where all draw from the same.
  var classesPerClient: [[Int]]? {
    guard let clientSamples, let data else { return nil }
    return ClientPartition.classCounts(
      of: clientSamples, labels: data.training.labels, classCount: data.training.classCount)
  }
}
