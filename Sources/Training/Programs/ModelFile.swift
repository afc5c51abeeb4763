import AlignedBuffers
import Checkpoints
import Datasets
import Foundation
import Networks
import Objectives

/// A file of final parameters: safetensors whose metadata say how to make the model again.
enum ModelFile {
  /// Writes the parameters of a run.
  static func write(
    _ state: ModelState, of workload: Workload, options: TrainingOptions, to path: String
  ) throws(CheckpointError) {
    let statistics = workload.objective.statistics
    try Safetensors.write(
      to: target(of: path), tensors: tensors(state.layout, statistics),
      metadata: metadata(of: workload, options: options)
    ) { writer throws(CheckpointError) in
      try state.parameters.withSpan { values throws(CheckpointError) in
        try writer.append(values.bytes)
      }
      try statistics?.evaluated.withSpan { values throws(CheckpointError) in
        try writer.append(values.bytes)
      }
    }
  }

  /// The tensors of a file: the parameters, then the means of running statistics.
  static func tensors(
    _ layout: ParameterLayout, _ statistics: RunningStatistics?
  ) -> [TensorDescription] {
    (layout.tensors + (statistics?.layout.tensors ?? [])).map {
      TensorDescription(name: $0.name, shape: $0.shape)
    }
  }

  /// Reads the tensors of a file; the ranks' own running statistics stay as they are.
  ///
  /// - Throws: `CheckpointError` when it is damaged or holds other tensors.
  static func read(
    _ path: String, into state: ModelState, _ statistics: RunningStatistics?
  ) throws {
    guard let statistics else {
      try state.parameters.withMutableSpan { values in
        _ = try Safetensors.read(from: path, tensors: entries(of: state.layout), into: values)
      }
      return
    }
    let count = state.layout.count
    let averages = entries(of: statistics.layout, from: count)
    var values = AlignedBuffer<Float>(repeating: 0, count: count + statistics.layout.count)
    try values.withMutableSpan {
      _ = try Safetensors.read(from: path, tensors: entries(of: state.layout) + averages, into: $0)
    }
    for index in 0..<count { state.parameters[index] = values[index] }
    for index in 0..<statistics.layout.count { statistics.evaluated[index] = values[count + index] }
  }

  /// What a file says about its model.
  static func metadata(of workload: Workload, options: TrainingOptions) -> [String: String] {
    if options.model == .gpt { return options.gpt.metadata }
    return [
      "model": options.model.description,
      "hidden": (options.hidden ?? [256, 256]).map(String.init).joined(separator: ","),
      "features": shape(of: workload.data?.training),
      "classes": "\(workload.objective.classCount ?? 0)",
    ]
  }

  /// The sizes of the GPT whose parameters a file holds; nil where it holds another model's.
  static func gpt(in path: String) throws -> GPTOptions? {
    GPTOptions(metadata: try Safetensors.readHeader(from: path).metadata)
  }

  /// The objective that a file holds parameters for, and the parameters.
  ///
  /// - Throws: `CheckpointError` for a damaged file, `OptionError` when it is of no model for the
  ///   data.
  static func read(
    _ path: String, for data: LoadedData, localRanks: Int, threads: Int
  ) throws -> (objective: any Objective, state: ModelState) {
    if let gpt = try gpt(in: path) {
      let found = try read(path, of: gpt, localRanks: localRanks, threads: threads)
      return (found.objective, found.state)
    }
    let metadata = try Safetensors.readHeader(from: path).metadata
    guard let model = metadata["model"].flatMap(ModelChoice.init(_:)), !model.isClosedForm
    else { throw OptionError("\(path): its metadata name no model that can be evaluated on data") }
    let expected = [
      "features": shape(of: data.training), "classes": "\(data.training.classCount)",
    ]
    for (name, found) in expected where metadata[name] != found {
      throw OptionError(
        "\(path): made for \(metadata[name] ?? "unknown") \(name), the data have \(found)")
    }
    let hidden = (metadata["hidden"] ?? "").split(separator: ",").compactMap { Int($0) }
    let objective = try Workload.makeObjective(
      model, hidden: hidden, gpt: GPTOptions(), data: data, batch: 1,
      memory: Memory(bytesPerParameter: 8, localRanks: localRanks), threads: threads)
    let state = ModelState(layout: objective.layout)
    try read(path, into: state, objective.statistics)
    return (objective, state)
  }

  /// The network of a GPT that a file holds the parameters of, and the parameters.
  static func read(
    _ path: String, of gpt: GPTOptions, localRanks: Int, threads: Int
  ) throws -> (objective: Network, state: ModelState) {
    let network = try Workload.makeNetwork(
      gpt.model, batch: 1, evaluationBatch: gpt.evaluationBatch,
      memory: Memory(bytesPerParameter: 8, localRanks: localRanks), threads: threads)
    let state = ModelState(layout: network.layout)
    try read(path, into: state, network.statistics)
    return (network, state)
  }

  /// Checks before a run that its end can be saved.
  static func checkPlace(_ path: String) throws(OptionError) {
    let target = target(of: path)
    let folder = (target as NSString).deletingLastPathComponent
    let place = folder.isEmpty ? "." : folder
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) else {
      throw OptionError("--save \(path): no folder \(place) to write to; run: mkdir -p \(place)")
    }
    guard isFolder.boolValue, FileManager.default.isWritableFile(atPath: place) else {
      throw OptionError("--save \(path): \(place) is no folder that can be written to")
    }
    // A file is replaced by a new one, which must not happen to a device or a pipe.
    var status = stat()
    let exists = stat(target, &status) == 0
    guard !target.isEmpty, !target.hasSuffix("/"), !exists || status.st_mode & S_IFMT == S_IFREG
    else { throw OptionError("--save \(path): no file, or none that can be replaced") }
  }

  /// The file that a path means, links to files followed.
  private static func target(of path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Rows x columns of images, or the number of features.
  private static func shape(of data: Dataset?) -> String {
    guard case .dense(let samples) = data else { return "\(data?.width ?? 0)" }
    return samples.shape.map(String.init).joined(separator: "x")
  }

  private static func entries(of layout: ParameterLayout, from start: Int = 0) -> [TensorEntry] {
    layout.tensors.map {
      TensorEntry(
        name: $0.name, shape: $0.shape,
        range: start + $0.range.lowerBound..<start + $0.range.upperBound)
    }
  }
}
