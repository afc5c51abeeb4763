internal import Foundation

/// Where training and test data come from, as `--data` names it.
public enum DataSource: Hashable, Sendable {
  /// Fashion-MNIST as Debian's package dataset-fashion-mnist installs it: `fashion-mnist`.
  case fashionMNIST
  /// A folder with the four files of MNIST's names, plain or with .gz: `idx:FOLDER`.
  case idx(folder: String)
  /// A folder with the files of CIFAR-10's binary version, plain or with .gz: `cifar-10:FOLDER`.
  case cifar10(folder: String)
  /// A folder with the files of CIFAR-100's binary version, plain or with .gz: `cifar-100:FOLDER`.
  case cifar100(folder: String)
  /// A training set in LIBSVM's format, its test set beside it with `.t` appended:
  /// `libsvm:FILE`.
  case libsvm(file: String)
  /// The bytes of a file, plain or .gz: `text:FILE`.
  case text(file: String)
  /// The King James Bible as Debian's packages have it: `bible`.
  case bible

  /// Reads the text of `--data`.
  ///
  /// - Throws: `DatasetError` that lists the forms when the text has none of them.
  public init(parsing text: String) throws(DatasetError) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    switch (parts.first, parts.count) {
    case ("fashion-mnist", 1) where text == "fashion-mnist": self = .fashionMNIST
    case ("idx", 2): self = .idx(folder: parts[1])
    case ("cifar-10", 2): self = .cifar10(folder: parts[1])
    case ("cifar-100", 2): self = .cifar100(folder: parts[1])
    case ("libsvm", 2): self = .libsvm(file: parts[1])
    case ("text", 2): self = .text(file: parts[1])
    case ("bible", 1) where text == "bible": self = .bible
    default: throw DatasetError(file: text, .unknownSource)
    }
  }
}

extension DataSource: CustomStringConvertible {
  /// The text that `init(parsing:)` reads.
  public var description: String {
    switch self {
    case .fashionMNIST: "fashion-mnist"
    case .idx(let folder): "idx:\(folder)"
    case .cifar10(let folder): "cifar-10:\(folder)"
    case .cifar100(let folder): "cifar-100:\(folder)"
    case .libsvm(let file): "libsvm:\(file)"
    case .text(let file): "text:\(file)"
    case .bible: "bible"
    }
  }
}

/// A training set, and a test set where there is one.
public struct LoadedData: Sendable {
  /// The training set.
  public let training: Dataset
  /// The test set, of the training set's width and classes; nil where the source has none.
  public let test: Dataset?
}

/// Labelled samples, dense or sparse, or windows of a text.
public enum Dataset: Sendable {
  /// Every feature of each sample.
  case dense(DenseDataset)
  /// The features that are not 0.
  case sparse(SparseDataset)
  /// Bytes, each to be predicted from those before it.
  case text(TextDataset)

  /// The number of samples.
  public var count: Int {
    switch self {
    case .dense(let dataset): dataset.count
    case .sparse(let dataset): dataset.count
    case .text(let dataset): dataset.count
    }
  }

  /// The number of features of a sample; of a text its bytes with the last one to be predicted.
  public var width: Int {
    switch self {
    case .dense(let dataset): dataset.width
    case .sparse(let dataset): dataset.width
    case .text(let dataset): dataset.context + 1
    }
  }

  /// The number of classes; the samples of a text are all of one.
  public var classCount: Int {
    switch self {
    case .dense(let dataset): dataset.classCount
    case .sparse(let dataset): dataset.classCount
    case .text: 1
    }
  }

  /// The class of each sample.
  public var labels: [Int32] {
    switch self {
    case .dense(let dataset): dataset.labels
    case .sparse(let dataset): dataset.labels
    case .text(let dataset): Array(repeating: 0, count: dataset.count)
    }
  }
}

extension DataSource {
  /// Where Debian's package puts Fashion-MNIST.
  public static let fashionMNISTFolder = "/usr/share/datasets/fashion-mnist"

  /// Whether its samples are windows of a text.
  public var isText: Bool {
    switch self {
    case .text, .bible: true
    default: false
    }
  }

  /// Reads the training set, and the test set where there is one.
  ///
  /// - Parameter context: The bytes of a window of a text.
  /// - Throws: `DatasetError` when a file is missing, unreadable, damaged or does not fit.
  public func load(context: Int = 1) throws(DatasetError) -> LoadedData {
    try load(context: context, fashionMNISTFolder: Self.fashionMNISTFolder)
  }

  /// Loads with Fashion-MNIST in a given folder.
  func load(context: Int = 1, fashionMNISTFolder: String) throws(DatasetError) -> LoadedData {
    switch self {
    case .fashionMNIST:
      guard FileManager.default.fileExists(atPath: fashionMNISTFolder) else {
        throw DatasetError(
          file: fashionMNISTFolder,
          .missing(remedy: "run: sudo apt-get install dataset-fashion-mnist"))
      }
      return try Self.loadIDX(folder: fashionMNISTFolder, classCount: 10)
    case .idx(let folder):
      return try Self.loadIDX(folder: folder, classCount: nil)
    case .cifar10(let folder):
      return try Self.loadCIFAR(
        .cifar10, training: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin",
        in: folder)
    case .cifar100(let folder):
      return try Self.loadCIFAR(.cifar100, training: ["train.bin"], test: "test.bin", in: folder)
    case .text(let file):
      var input = try FileInput(path: file)
      return try TextDataset.load(try input.readAll(), name: file, context: context)
    case .bible: return try TextDataset.load(try Bible.load(), name: "bible", context: context)
    case .libsvm(let file):
      let training = try SparseDataset(libsvm: file)
      let testFile = file + ".t"
      guard FileManager.default.fileExists(atPath: testFile) else {
        return LoadedData(training: .sparse(training), test: nil)
      }
      let test = try SparseDataset(libsvm: testFile, training: training)
      return LoadedData(training: .sparse(training), test: .sparse(test))
    }
  }

  private static func loadIDX(
    folder: String, classCount: Int?
  ) throws(DatasetError) -> LoadedData {
    let training = try DenseDataset(
      imagePath: path(of: "train-images-idx3-ubyte", in: folder),
      labelPath: path(of: "train-labels-idx1-ubyte", in: folder), classCount: classCount)
    let testImages = path(of: "t10k-images-idx3-ubyte", in: folder)
    let testLabels = path(of: "t10k-labels-idx1-ubyte", in: folder)
    guard [testImages, testLabels].contains(where: FileManager.default.fileExists) else {
      return LoadedData(training: .dense(training), test: nil)
    }
    let test = try DenseDataset(imagePath: testImages, labelPath: testLabels, training: training)
    return LoadedData(training: .dense(training), test: .dense(test))
  }

  private static func loadCIFAR(
    _ format: CIFARFormat, training names: [String], test name: String, in folder: String
  ) throws(DatasetError) -> LoadedData {
    let training = try DenseDataset(cifar: names.map { path(of: $0, in: folder) }, format)
    let test = path(of: name, in: folder)
    guard FileManager.default.fileExists(atPath: test) else {
      return LoadedData(training: .dense(training), test: nil)
    }
    return LoadedData(
      training: .dense(training),
      test: .dense(try DenseDataset(cifar: [test], format, training: training)))
  }

  /// The plain file where it exists, else the compressed one.
  private static func path(of name: String, in folder: String) -> String {
    let plain = folder + "/" + name
    return FileManager.default.fileExists(atPath: plain) ? plain : plain + ".gz"
  }
}
