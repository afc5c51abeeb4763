import Foundation

extension BadInputCase {
  /// Flags that cannot be used.
  static let flags: [BadInputCase] = [
    BadInputCase(["model": "transformer"], says: ["mlp, cnn, resnet20", "transformer"]),
    BadInputCase(["model": "resnet21"], says: ["resnet21", "6n + 2"]),
    model("convolution 4 3x3, tanh, flatten, dense 4", says: ["no layer 'tanh'", "relu"]),
    model(
      "convolution 4 9x9, flatten, dense 4",
      says: ["layer 1 (convolution 4, 9x9)", "1 x 8 x 8", "larger than its input"]),
    model("convolution 4 3x3, dense 4", says: ["layer 2 (dense 4)", "4 x 6 x 6", "flatten"]),
    BadInputCase("--batch 1 with batch normalization", says: ["--batch 1", "2 samples"]) { _ in
      let changes = ["model": "resnet8", "batch": "1"]
      let flags = try TrainRun.baseFlags().merging(changes) { $1 }
      return TrainRun.arguments(flags.filter { $0.key != "hidden" })
    },
    model("flatten, dense 5", says: ["5 scores", "4 classes", "dense 4"]),
    model(
      "convolution 1000000 3x3 padding 1, relu, flatten, dense 4", says: ["needs", "GiB"]),
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
    BadInputCase(["on-failure": "retry"], says: ["--on-failure", "retry", "shrink"]),
    BadInputCase(["on-failure": "shrink"], says: ["--on-failure shrink needs --checkpoint"]),
    BadInputCase(
      ["on-failure": "shrink", "checkpoint": "/nowhere", "vote": "hierarchical"],
      says: ["--on-failure shrink", "another --vote than hierarchical"]),
    BadInputCase("--on-failure shrink with --resume-strict", says: ["--resume-strict"]) { _ in
      try TrainRun.arguments(TrainRun.baseFlags())
        + ["--on-failure", "shrink", "--checkpoint", "/nowhere", "--resume-strict"]
    },
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
    BadInputCase(["algorithm": "signsgd", "clip": "1"], says: ["--clip", "single gradient"]),
    BadInputCase(["momentum": "0", "clip": "1"], says: ["--clip", "single gradient"]),
    BadInputCase(
      ["algorithm": "lion", "interpolation": "0", "clip": "1"], says: ["--clip", "single gradient"]),
    BadInputCase(
      ["batch": "full", "stop-at": "accuracy:0.5"], says: ["--stop-at", "--evaluate-every"]),
    BadInputCase(["epochs": "9223372036854775807"], says: ["--epochs", "2^40"]),
    BadInputCase("a closed form beyond the memory", says: ["the model needs", "GiB"]) { _ in
      ["--model", "stretched-quadratic:100000000000", "--steps", "3"]
    },
    BadInputCase("--save at --log by another name", says: ["paths of their own"]) { folder in
      ["--log", folder.path + "/run", "--save", folder.path + "/./run"]
    },
    BadInputCase(["clip": "0"], says: ["--clip", "positive"]),
    BadInputCase(["label-smoothing": "1"], says: ["--label-smoothing", "[0, 1)"]),
    BadInputCase(["lr-scaling": "width"], says: ["--lr-scaling", "width"]),
    BadInputCase(
      ["lr-scaling": "fan-in", "algorithm": "sgd"], says: ["--lr-scaling", "the updates of sgd"]),
    BadInputCase(
      ["lr-scaling": "fan-in", "algorithm": "ef-signsgd"],
      says: ["--lr-scaling", "the updates of ef-signsgd"]),
    BadInputCase("--lr-scaling without a network", says: ["--lr-scaling", "quadratic"]) { _ in
      ["--model", "quadratic", "--steps", "3", "--lr-scaling", "fan-in"]
    },
    BadInputCase(["dtype": "float16"], says: ["--dtype", "float16"]),
    BadInputCase("--dtype without a network", says: ["--dtype", "quadratic"]) { _ in
      ["--model", "quadratic", "--steps", "3", "--dtype", "bf16"]
    },
    BadInputCase(["augment": "spin"], says: ["--augment", "crop:C", "'spin'"]),
    BadInputCase(["augment": "crop:40"], says: ["--augment crop:40", "pixels out of sight"]),
    BadInputCase("--augment without images", says: ["--augment", "images"]) { _ in
      let data = "libsvm:\(try TestData.shared.get().dense)"
      return ["--model", "logistic", "--data", data, "--augment", "flip"]
    },
    BadInputCase(["stop-at": "loss:1"], says: ["accuracy:A", "loss:1"]),
    BadInputCase(
      ["stop-at": "accuracy:0.5", "evaluate-every": "0"], says: ["--stop-at", "--evaluate-every 0"]),
    BadInputCase("--stop-at of a GPT", says: ["--model gpt", "no accuracy", "--stop-at"]) { _ in
      ["--model", "gpt", "--data", "bible", "--steps", "1", "--stop-at", "accuracy:0.5"]
    },
    BadInputCase(["save": "/nowhere/w.safetensors"], says: ["--save", "mkdir -p /nowhere"]),
    BadInputCase(["save": "/tmp/x", "log": "/tmp/x"], says: ["--save and --log", "/tmp/x"]),
    BadInputCase(["save": "/tmp/x", "checkpoint": "/tmp/x"], says: ["--save and --checkpoint"]),
    BadInputCase(["save": "/dev/null"], says: ["--save /dev/null", "replaced"]),
    BadInputCase(["save": "/tmp"], says: ["--save /tmp", "replaced"]),
    BadInputCase(["save": "/dev/null/w"], says: ["/dev/null is no folder"]),
    BadInputCase("a log in a file of something else", says: ["expected a log or no file"]) {
      folder in
      let file = folder.appendingPathComponent("notes.txt")
      try Data("not a log\n".utf8).write(to: file)
      return TrainRun.arguments(try TrainRun.baseFlags().merging(["log": file.path]) { $1 })
    },
    BadInputCase(["start-from": "/nowhere/w.safetensors"], says: ["/nowhere/w.safetensors"]),
    BadInputCase(["accumulate": "0"], says: ["--accumulate", "1...2^20"]),
    BadInputCase("--accumulate without samples", says: ["quadratic", "--accumulate"]) { _ in
      ["--model", "quadratic", "--steps", "3", "--accumulate", "2"]
    },
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
    BadInputCase("two files", says: ["--config names one file", "a.yaml", "b.yaml"]) { _ in
      ["--config", "a.yaml", "--config=b.yaml"]
    },
    configuration("not YAML", says: ["run.yaml", "not YAML"], "batch: [1, 2\nlr: }"),
    configuration("empty", says: ["run.yaml", "batch: 64"], ""),
    configuration("no mapping", says: ["run.yaml", "batch: 64"], "just a text\n"),
    configuration("unknown key", says: ["run.yaml:2", "no flag 'bach'"], "lr: 0.1\nbach: 64\n"),
    configuration("nested value", says: ["run.yaml:1"], "lr: {a: 1}\n"),
    configuration("bad value", says: ["--batch", "'0'"], "batch: 0\n"),
    configuration(
      "unknown layer", says: ["no layer 'tanh'"], "model:\n- flatten\n- tanh\n- dense 10\n"),
    configuration("config within", says: ["run.yaml:1", "config"], "config: other.yaml\n"),
  ]

  /// The base run of a network of these layers.
  private static func model(_ layers: String, says words: [String]) -> BadInputCase {
    BadInputCase("--model '\(layers)'", says: words) { _ in
      let flags = try TrainRun.baseFlags().filter { $0.key != "hidden" }
      return TrainRun.arguments(flags.merging(["model": layers]) { $1 })
    }
  }

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
