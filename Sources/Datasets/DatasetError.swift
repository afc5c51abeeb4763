/// A data file, a data source or a split that cannot be used.
///
/// The description is one line: the file, what was expected, what was found, what to do.
public struct DatasetError: Error, Hashable, Sendable {
  /// What is wrong, one case a defect.
  public enum Defect: Hashable, Sendable {
    /// Nothing is at the path; with what to do about it.
    case missing(remedy: String)
    /// The path names a folder, a device or the like.
    case notAFile
    /// The system does not let us read; with its reason.
    case unreadable(reason: String)
    /// The compressed file ends early; with the uncompressed bytes before its end.
    case truncatedArchive(afterBytes: Int)
    /// The compressed file is damaged; with the uncompressed bytes before the damage.
    case damagedArchive(afterBytes: Int, reason: String)
    /// The first bytes are not those of the format.
    case wrongMagic(expected: String, found: String)
    /// The header claims more samples than can be numbered.
    case tooManySamples(found: Int, limit: Int)
    /// The data need more memory than the machine has.
    case tooLarge(bytes: Int, limit: Int)
    /// The file holds fewer bytes than its header promises.
    case truncated(expectedBytes: Int, foundBytes: Int)
    /// The file holds more bytes than its header promises.
    case trailingBytes(expectedBytes: Int)
    /// The file ends within a record.
    case partialRecord(recordBytes: Int, foundBytes: Int)
    /// The file holds no sample.
    case empty
    /// Images and labels are not of one count.
    case countsDiffer(samples: Int, labels: Int, labelFile: String)
    /// A label is not below the number of classes.
    case labelOutOfRange(sample: Int, label: Int, classCount: Int)
    /// The samples of the test set are not shaped as the training set's.
    case shapesDiffer(expected: [Int], found: [Int])
    /// A label or a value is no number.
    case notANumber(text: String)
    /// A label or a value is infinite, NaN, or beyond the range of 32-bit numbers.
    case notFinite(text: String)
    /// A feature is not written as index:value.
    case missingColon(text: String)
    /// An index is not a whole number from 1.
    case indexNotPositive(text: String)
    /// An index is beyond the limit.
    case indexTooLarge(text: String, limit: Int)
    /// The indices of a sample do not ascend.
    case indexNotAscending(index: Int, previous: Int)
    /// A line is longer than the limit.
    case lineTooLong(limit: Int)
    /// A label of the test set does not occur in the training set.
    case unknownLabel(text: String)
    /// A text has no window of the context to train on, or no byte to evaluate on.
    case textTooShort(bytes: Int, context: Int)
    /// The text names no kind of data source.
    case unknownSource
    /// More samples are to be held out than can be spared.
    case validationTooLarge(count: Int, samples: Int)
    /// There are not enough samples for each client to have one.
    case moreClientsThanSamples(clients: Int, samples: Int)
    /// There are not enough samples for each shard to have one.
    case moreShardsThanSamples(clients: Int, perClient: Int, samples: Int)
  }

  /// The file as it was named; for options, the option's value.
  public let file: String
  /// The number of the line in a text file, from 1.
  public let line: Int?
  /// What is wrong.
  public let defect: Defect

  /// An error about a file, or a line of it.
  public init(file: String, line: Int? = nil, _ defect: Defect) {
    self.file = file
    self.line = line
    self.defect = defect
  }
}

extension DatasetError: CustomStringConvertible {
  /// One line: the file, what was expected, what was found, what to do.
  public var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return "\(place): \(defect.message)"
  }
}

extension DatasetError.Defect {
  fileprivate var message: String {
    switch self {
    case .missing, .notAFile, .unreadable, .truncatedArchive, .damagedArchive, .tooLarge, .empty,
      .partialRecord:
      fileMessage
    case .wrongMagic, .tooManySamples, .truncated, .trailingBytes, .countsDiffer,
      .labelOutOfRange, .shapesDiffer:
      idxMessage
    case .validationTooLarge, .moreClientsThanSamples, .moreShardsThanSamples:
      divisionMessage
    default:
      textMessage
    }
  }

  private var fileMessage: String {
    switch self {
    case .missing(let remedy):
      "expected a file, found none; \(remedy)"
    case .notAFile:
      "expected a file, found a folder or a device; name the file itself"
    case .unreadable(let reason):
      "expected a readable file, found: \(reason); check the path and its permissions"
    case .truncatedArchive(let bytes):
      "the compressed file ends early, after \(bytes) bytes of data; copy it again"
    case .damagedArchive(let bytes, let reason):
      "the compressed file is damaged after \(bytes) bytes of data (\(reason)); copy it again"
    case .tooLarge(let bytes, let limit):
      "the data take \(bytes) bytes or more, this machine has \(limit); use a smaller file"
    case .partialRecord(let recordBytes, let foundBytes):
      "expected records of \(recordBytes) bytes each, found \(foundBytes) bytes in all; copy it again"
    default:
      "expected samples, found none; check that it is the right file"
    }
  }

  private var idxMessage: String {
    switch self {
    case .wrongMagic(let expected, let found):
      "expected an IDX file that starts with \(expected), found \(found); check that it is "
        + "the right file"
    case .tooManySamples(let found, let limit):
      "the header claims \(found) samples, the limit is \(limit); the file is damaged or "
        + "must be split"
    case .truncated(let expected, let found):
      "expected \(expected) bytes by its header, found at most \(found); copy it again"
    case .trailingBytes(let expected):
      "expected \(expected) bytes by its header, found more; copy it again"
    case .countsDiffer(let samples, let labels, let labelFile):
      "expected as many samples as labels, found \(samples) samples and \(labels) labels in "
        + "\(labelFile); use files that belong together"
    case .labelOutOfRange(let sample, let label, let classCount):
      "expected labels 0...\(classCount - 1), found \(label) at sample \(sample) (counted "
        + "from 0); check that images and labels belong together"
    case .shapesDiffer(let expected, let found):
      "expected samples of \(expected.map(String.init).joined(separator: " x ")) as in the "
        + "training set, found \(found.map(String.init).joined(separator: " x ")); use files "
        + "that belong together"
    default:
      "unusable"
    }
  }

  private var textMessage: String {
    switch self {
    case .notANumber(let text):
      "expected a number, found '\(text)'; mend the line"
    case .notFinite(let text):
      "expected a finite 32-bit number, found '\(text)'; mend the line"
    case .missingColon(let text):
      "expected index:value, found '\(text)'; mend the line"
    case .indexNotPositive(let text):
      "expected a whole number from 1 as index, found '\(text)'; number the features from 1"
    case .indexTooLarge(let text, let limit):
      "expected an index up to \(limit), found '\(text)'; number the features without gaps"
    case .indexNotAscending(let index, let previous):
      "expected indices in ascending order, found \(index) after \(previous); sort the line"
    case .lineTooLong(let limit):
      "expected a line of at most \(limit) bytes, found a longer one; check that it is a "
        + "LIBSVM file"
    case .unknownLabel(let text):
      "expected a label of the training set, found \(text); use files that belong together"
    case .textTooShort(let bytes, let context):
      "expected a text whose first 95 % are more than a context of \(context) bytes, found "
        + "\(bytes) bytes in all; use a longer text or a smaller --context"
    case .unknownSource:
      "expected fashion-mnist, idx:FOLDER, cifar-10:FOLDER, cifar-100:FOLDER, libsvm:FILE, text:FILE "
        + "or bible as the data; use one of these forms"
    default:
      "unusable"
    }
  }

  private var divisionMessage: String {
    switch self {
    case .validationTooLarge(let count, let samples):
      "cannot hold out \(count) of \(samples) samples; choose a number from 0 to \(samples - 1)"
    case .moreClientsThanSamples(let clients, let samples):
      "cannot give each of \(clients) clients one of \(samples) training samples; choose "
        + "\(samples) clients or fewer"
    case .moreShardsThanSamples(let clients, let perClient, let samples):
      "cannot cut \(samples) training samples into \(clients) x \(perClient) shards; choose "
        + "fewer clients or shards"
    default:
      "unusable"
    }
  }
}
