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
    let metadata = metadata(of: workload, options: options)
    try state.parameters.withSpan { values throws(CheckpointError) in
      try Safetensors.write(
        to: path, values: values, tensors: entries(of: state.layout), metadata: metadata)
    }
  }

  /// What a file says about its model.
  static func metadata(of workload: Workload, options: TrainingOptions) -> [String: String] {
    if options.model == .gpt { return options.gpt.metadata }
    return [
      "model": options.model.description,
      "hidden": (options.hidden ?? [256, 256]).map(String.init).joined(separator: ","),
      "features": "\(workload.data?.training.width ?? 0)",
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
    guard let model = metadata["model"].flatMap(ModelChoice.init),
      model == .mlp || model == .logistic
    else { throw OptionError("\(path): its metadata name no model that can be evaluated on data") }
    let expected = ["features": data.training.width, "classes": data.training.classCount]
    for (name, found) in expected where metadata[name] != "\(found)" {
      throw OptionError(
        "\(path): made for \(metadata[name] ?? "unknown") \(name), the data have \(found)")
    }
    let hidden = (metadata["hidden"] ?? "").split(separator: ",").compactMap { Int($0) }
    let objective = try Workload.makeObjective(
      model, hidden: hidden, gpt: GPTOptions(), data: data, batch: 1,
      memory: Memory(bytesPerParameter: 8, localRanks: localRanks), threads: threads)
    return (objective, try read(path, layout: objective.layout))
  }

  /// The network of a GPT that a file holds the parameters of, and the parameters.
  static func read(
    _ path: String, of gpt: GPTOptions, localRanks: Int, threads: Int
  ) throws -> (objective: Network, state: ModelState) {
    let network = try Workload.makeNetwork(
      gpt.model, batch: 1, evaluationBatch: gpt.evaluationBatch,
      memory: Memory(bytesPerParameter: 8, localRanks: localRanks), threads: threads)
    return (network, try read(path, layout: network.layout))
  }

  private static func read(_ path: String, layout: ParameterLayout) throws -> ModelState {
    let state = ModelState(layout: layout)
    try state.parameters.withMutableSpan { values in
      _ = try Safetensors.read(from: path, tensors: entries(of: layout), into: values)
    }
    return state
  }

  /// Checks before a run that its end can be saved.
  static func checkFolder(of path: String) throws(OptionError) {
    let folder = (path as NSString).deletingLastPathComponent
    let place = folder.isEmpty ? "." : folder
    guard FileManager.default.isWritableFile(atPath: place) else {
      throw OptionError("--save \(path): no folder \(place) to write to; run: mkdir -p \(place)")
    }
  }

  private static func entries(of layout: ParameterLayout) -> [TensorEntry] {
    layout.tensors.map { TensorEntry(name: $0.name, shape: $0.shape, range: $0.range) }
  }
}
