import Foundation

extension BadInputCase {
  /// Flags that cannot be used.
  static let flags: [BadInputCase] = [
    BadInputCase(["model": "transformer"], says: ["mlp, gpt, logistic", "transformer"]),
    BadInputCase(["algorithm": "adam2"], says: ["adam2", "sgd-momentum"]),
    BadInputCase(["no-such-flag": "1"], says: ["Unknown option", "--no-such-flag"]),
    BadInputCase(["batch": "0"], says: ["--batch", "positive number or full", "'0'"]),
    BadInputCase(["batch": "many"], says: ["--batch", "'many'"]),
    BadInputCase(["momentum": "1"], says: ["--momentum must lie in [0, 1)", "1.0"]),
    BadInputCase(["momentum": "-0.5"], says: ["--momentum"]),
    BadInputCase(["momentum": "nan"], says: ["--momentum", "nan"]),
    BadInputCase(["lr": "0"], says: ["--lr", "positive"]),
    BadInputCase(["lr": "inf"], says: ["--lr", "inf"]),
    BadInputCase(["lr": "fast"], says: ["--lr", "fast"]),
    BadInputCase(["weight-decay": "-1"], says: ["--weight-decay"]),
    BadInputCase(["steps": "-1"], says: ["--steps"]),
    BadInputCase(["steps": "99999999999999999999"], says: ["--steps"]),
    BadInputCase(["threads": "0"], says: ["--threads", "1"]),
    BadInputCase(["seed": "-1"], says: ["--seed"]),
    BadInputCase(["log-every": "0"], says: ["--log-every", "1 or more"]),
    BadInputCase(["evaluate-every": "-5"], says: ["--evaluate-every"]),
    BadInputCase(["check-replicas": "-5"], says: ["--check-replicas"]),
    BadInputCase(["max-abstentions": "-5"], says: ["--max-abstentions"]),
    BadInputCase(["collective-timeout": "0"], says: ["--collective-timeout", "seconds"]),
    BadInputCase(["schedule": "nonsense"], says: ["--schedule", "nonsense"]),
    BadInputCase(["schedule": "step:0"], says: ["--schedule", "step:0"]),
    BadInputCase(["sign-rule": "coin"], says: ["--sign-rule", "coin", "exact"]),
    BadInputCase(["vote": "telepathy"], says: ["--vote", "telepathy", "gather"]),
    BadInputCase(["hidden": "256,x"], says: ["--hidden", "256,x"]),
    BadInputCase(["hidden": "0"], says: ["--hidden", "positive"]),
    BadInputCase(
      ["hidden": "99999999999,99999999999"],
      says: ["layer0.weight", "[99999999999, 64]", "smaller widths"]),
    BadInputCase(["hidden": "1000000000"], says: ["need", "GiB", "smaller widths"]),
    BadInputCase(["algorithm": "signsgd", "momentum": "0.9"], says: ["signsgd has no momentum"]),
    BadInputCase(["algorithm": "signum", "mean": "fixed"], says: ["--mean belongs to sgd"]),
    BadInputCase(["algorithm": "sgd", "vote": "gather"], says: ["--vote", "sgd averages"]),
    BadInputCase(["coding": "morse"], says: ["--coding", "morse", "delta"]),
    BadInputCase(["algorithm": "sgd", "coding": "delta"], says: ["--coding", "sgd"]),
    BadInputCase(["vote": "allreduce", "coding": "delta"], says: ["--coding delta", "exchange"]),
    BadInputCase(
      ["algorithm": "sgd", "sign-rule": "fair"], says: ["--sign-rule", "sgd averages"]),
    BadInputCase(["schedule": "paper", "momentum": "0.9"], says: ["--momentum", "paper"]),
    BadInputCase(["model": "logistic"], says: ["--hidden belongs to --model mlp"]),
    BadInputCase(["validation": "600"], says: ["600", "599"]),
    BadInputCase(["validation": "-1"], says: ["--validation"]),
    BadInputCase("--epochs with --steps", says: ["--epochs or --steps"]) { _ in
      try TrainRun.arguments(TrainRun.baseFlags()) + ["--epochs", "2"]
    },
    BadInputCase("--log in a missing folder", says: ["/nowhere/at-all", "folder"]) { _ in
      try TrainRun.arguments(TrainRun.baseFlags()) + ["--log", "/nowhere/at-all/log.jsonl"]
    },
    BadInputCase("--save in a missing folder", says: ["/nowhere/at-all", "folder"]) { _ in
      try TrainRun.arguments(TrainRun.baseFlags()) + ["--save", "/nowhere/at-all/w.safetensors"]
    },
    BadInputCase("an argument without a flag", says: ["stray"]) { _ in
      try TrainRun.arguments(TrainRun.baseFlags()) + ["stray"]
    },
  ]

  /// Flags of algorithms, clients and adversaries that cannot be used.
  static let options: [BadInputCase] = [
    BadInputCase(
      ["schedule": "paper", "algorithm": "lion"], says: ["--schedule paper belongs to"]),
    BadInputCase(["interpolation": "0.5"], says: ["--interpolation", "lion", "signum"]),
    BadInputCase(
      ["algorithm": "lion", "interpolation": "1"], says: ["--interpolation", "[0, 1)", "1.0"]),
    BadInputCase(["algorithm": "signsgd", "clip": "1"], says: ["--clip", "θ = 0"]),
    BadInputCase(["momentum": "0", "clip": "1"], says: ["--clip", "θ = 0"]),
    BadInputCase(["clip": "0"], says: ["--clip", "positive"]),
    BadInputCase(["radius": "1"], says: ["--radius", "signum-stochastic"]),
    BadInputCase(["algorithm": "signum-stochastic", "radius": "0"], says: ["--radius", "'0'"]),
    BadInputCase(["algorithm": "signum-stochastic", "radius": "-1"], says: ["--radius", "'-1'"]),
    BadInputCase(
      ["algorithm": "signum-stochastic", "radius": "rms:0"], says: ["--radius", "'rms:0'"]),
    BadInputCase(
      ["algorithm": "ef-signsgd", "vote": "allreduce"], says: ["--vote allreduce", "ef-signsgd"]),
    BadInputCase(
      ["algorithm": "ef-signsgd", "vote": "dense"], says: ["--vote dense", "ef-signsgd"]),
    BadInputCase(["algorithm": "ef-signsgd", "sign-rule": "fair"], says: ["--sign-rule"]),
    BadInputCase(["adversaries": "1", "attack": "invert"], says: ["--adversaries", "[0, 1)"]),
    BadInputCase(["adversaries": "0.4"], says: ["--adversaries 0.4 of 1 voters", "least 0.5"]),
    federated(["adversaries": "0.004"], says: ["--adversaries 0.004 of 100", "least 0.005"]),
    BadInputCase(["adversaries": "-0.1"], says: ["--adversaries", "-0.1"]),
    BadInputCase(["adversaries": "0.3", "attack": "bribe"], says: ["--attack", "bribe"]),
    BadInputCase(["attack": "invert"], says: ["--attack", "--adversaries"]),
    BadInputCase(
      ["algorithm": "sgd", "adversaries": "0.3"], says: ["--adversaries", "sgd holds none"]),
    BadInputCase(["local-steps": "3"], says: ["--local-steps", "signum-federated"]),
    BadInputCase(["clients": "3"], says: ["--clients", "signum-federated"]),
    federated(["participation": "0.001"], says: ["--participation", "100 clients", "none"]),
    federated(["participation": "1.5"], says: ["--participation", "(0, 1]"]),
    federated(["participation": "0"], says: ["--participation", "(0, 1]"]),
    federated(["clients": "0"], says: ["--clients"]),
    federated(["clients": "601"], says: ["601", "600"]),
    federated(["clients": "601", "batch": "full"], says: ["601", "600"]),
    federated(["local-steps": "0"], says: ["--local-steps"]),
    federated(["local-lr": "0"], says: ["--local-lr", "positive"]),
    federated(["partition": "dirichlet:0"], says: ["--partition", "dirichlet:0"]),
    federated(["partition": "shards:0"], says: ["--partition", "shards:0"]),
    federated(["partition": "shards:7"], says: ["600", "100 x 7"]),
  ]

  /// Files that cannot be used.
  static let files: [BadInputCase] = [
    BadInputCase(["data": "idx:/nowhere/at-all"], says: ["/nowhere/at-all"]),
    BadInputCase(["data": "libsvm:/nowhere/at-all"], says: ["/nowhere/at-all"]),
    BadInputCase(["data": "parquet:/nowhere"], says: ["parquet", "fashion-mnist"]),
    imageFile("truncated .gz", says: ["train-images-idx3-ubyte.gz", "ends early"]) { folder, data in
      let path = folder.appendingPathComponent(trainingImages)
      try data.imageFile.write(to: path)
      let zipped = try await Program.outcome(of: "gzip", ["-n", path.path])
      guard zipped.succeeded else { throw LaunchError("\(zipped)") }
      let whole = try Data(contentsOf: path.appendingPathExtension("gz"))
      try whole.prefix(whole.count / 2).write(to: path.appendingPathExtension("gz"))
    },
    imageFile("wrong magic", says: [trainingImages, "IDX"]) { folder, data in
      let file = Images.header([0x1234_5678, 600, 8, 8]) + Data(data.pixels)
      try file.write(to: folder.appendingPathComponent(trainingImages))
    },
    imageFile("2^31 images", says: [trainingImages, "2147483648"]) { folder, data in
      let file = Images.header([0x803, 1 << 31, 8, 8]) + Data(data.pixels)
      try file.write(to: folder.appendingPathComponent(trainingImages))
    },
    imageFile("2^31 - 1 images of 65535 x 65535", says: [trainingImages]) { folder, data in
      let file = Images.header([0x803, 1 << 31 - 1, 65535, 65535]) + Data(data.pixels)
      try file.write(to: folder.appendingPathComponent(trainingImages))
    },
    imageFile("short image file", says: [trainingImages, "bytes"]) { folder, data in
      let file = data.imageFile.dropLast(10)
      try file.write(to: folder.appendingPathComponent(trainingImages))
    },
    imageFile("empty image file", says: [trainingImages]) { folder, data in
      try Data().write(to: folder.appendingPathComponent(trainingImages))
    },
    imageFile("fewer labels than images", says: ["600 samples", "599 labels"]) { folder, data in
      var fewer = data
      fewer.labels.removeLast()
      try fewer.labelFile.write(to: folder.appendingPathComponent("train-labels-idx1-ubyte"))
    },
    imageFile("test label out of range", says: ["t10k-labels-idx1-ubyte", "0...3", "9"]) {
      folder, _ in
      var test = Images(count: 200, classes: 4, seed: 2)
      test.labels[17] = 9
      try test.write(to: folder, "t10k")
    },
    imageFile("missing label file", says: ["train-labels-idx1-ubyte"]) { folder, _ in
      let path = folder.appendingPathComponent("train-labels-idx1-ubyte")
      try FileManager.default.removeItem(at: path)
    },
    textFile("text in a value", says: ["data.libsvm:2", "blue"], "1 1:0.5\n2 1:blue\n"),
    textFile("text in a label", says: ["data.libsvm:1", "cat"], "cat 1:0.5\n2 1:1\n"),
    textFile("infinite value", says: ["data.libsvm:2", "inf"], "1 1:0.5\n2 1:inf\n"),
    textFile("index zero", says: ["data.libsvm:1", "0"], "1 0:0.5\n2 1:1\n"),
    textFile("huge index", says: ["data.libsvm:1"], "1 99999999999999999999:0.5\n2 1:1\n"),
    textFile("descending indices", says: ["data.libsvm:1", "ascending"], "1 2:1 1:1\n2 1:1\n"),
    textFile("empty", says: ["data.libsvm", "samples"], ""),
  ]

  /// Configuration files that cannot be used.
  static let configurations: [BadInputCase] = [
    BadInputCase("--config of no file", says: ["/nowhere/run.yaml", "cannot be read"]) { _ in
      ["--config", "/nowhere/run.yaml"]
    },
    BadInputCase("--config without a file", says: ["--config"]) { _ in ["--config"] },
    configuration("not YAML", says: ["run.yaml", "not YAML"], "batch: [1, 2\nlr: }"),
    configuration("no mapping", says: ["run.yaml", "batch: 64"], "just a text\n"),
    configuration("unknown key", says: ["run.yaml:2", "no flag 'bach'"], "lr: 0.1\nbach: 64\n"),
    configuration("nested value", says: ["run.yaml:1"], "lr: {a: 1}\n"),
    configuration("bad value", says: ["--batch", "'0'"], "batch: 0\n"),
    configuration("config within", says: ["run.yaml:1", "config"], "config: other.yaml\n"),
  ]

  /// The base run of 100 clients with other flags.
  private static func federated(
    _ changes: KeyValuePairs<String, String>, says words: [String]
  ) -> BadInputCase {
    let base = [(key: "algorithm", value: "signum-federated"), (key: "clients", value: "100")]
    return BadInputCase(base + changes.map { $0 }, says: words)
  }

  private static let trainingImages = "train-images-idx3-ubyte"

  /// A good folder of images that a body then spoils.
  private static func imageFile(
    _ name: String, says words: [String],
    _ spoil: @escaping @Sendable (URL, Images) async throws -> Void
  ) -> BadInputCase {
    BadInputCase(name, says: words) { folder in
      let images = Images(count: 600, classes: 4, seed: 1)
      try images.write(to: folder, "train")
      try Images(count: 200, classes: 4, seed: 2).write(to: folder, "t10k")
      if name.contains(".gz") {
        try FileManager.default.removeItem(at: folder.appendingPathComponent(trainingImages))
      }
      try await spoil(folder, images)
      let flags = try TrainRun.baseFlags().merging(["data": "idx:\(folder.path)"]) { $1 }
      return TrainRun.arguments(flags)
    }
  }

  private static func textFile(
    _ name: String, says words: [String], _ text: String
  ) -> BadInputCase {
    BadInputCase("LIBSVM: " + name, says: words) { folder in
      let path = folder.appendingPathComponent("data.libsvm").path
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return ["--model", "logistic", "--data", "libsvm:\(path)", "--steps", "3"]
    }
  }

  private static func configuration(
    _ name: String, says words: [String], _ text: String
  ) -> BadInputCase {
    BadInputCase("--config: " + name, says: words) { folder in
      let path = folder.appendingPathComponent("run.yaml").path
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return ["--config", path]
    }
  }
}
