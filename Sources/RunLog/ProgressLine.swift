internal import Foundation

/// The state of a run in one line, for people who watch it.
public struct ProgressLine: Hashable, Sendable {
  /// The epoch, from 1.
  public var epoch: Int
  /// The number of epochs; nil where only steps are counted.
  public var epochs: Int?
  /// The number of steps done.
  public var step: Int
  /// The number of steps of the run.
  public var steps: Int
  /// Samples of all ranks a second.
  public var samplesPerSecond: Double
  /// The last loss.
  public var loss: Double
  /// The last accuracy, from 0 to 1.
  public var accuracy: Double?
  /// The time left.
  public var secondsLeft: Double?
  /// The share of the time spent waiting for the vote, from 0 to 1.
  public var voteShare: Double

  /// A state.
  public init(
    epoch: Int, epochs: Int?, step: Int, steps: Int, samplesPerSecond: Double, loss: Double,
    accuracy: Double?, secondsLeft: Double?, voteShare: Double
  ) {
    self.epoch = epoch
    self.epochs = epochs
    self.step = step
    self.steps = steps
    self.samplesPerSecond = samplesPerSecond
    self.loss = loss
    self.accuracy = accuracy
    self.secondsLeft = secondsLeft
    self.voteShare = voteShare
  }

  /// The whole line, for files and pipes.
  public var text: String { parts.joined(separator: "  ") }

  /// The line for a terminal: the parts, most important first, that fit in its width.
  ///
  /// - Parameter width: The number of columns.
  /// - Returns: At most `width` characters, without control characters.
  public func terminalText(width: Int) -> String {
    var text = ""
    for part in parts {
      let longer = text.isEmpty ? part : text + "  " + part
      if longer.count > width { break }
      text = longer
    }
    return text.isEmpty ? String(parts[0].prefix(max(width, 0))) : text
  }

  private var parts: [String] {
    var parts = [
      "epoch \(epoch)" + (epochs.map { "/\($0)" } ?? ""),
      "step \(step)/\(steps)",
      "loss \(Self.fixed(loss, decimals: 4))",
    ]
    if let accuracy { parts.append("accuracy \(Self.fixed(100 * accuracy, decimals: 2)) %") }
    parts.append("\(Self.fixed(samplesPerSecond, decimals: 0)) samples/s")
    if let secondsLeft { parts.append("\(Self.clock(secondsLeft)) left") }
    parts.append("vote \(Self.fixed(100 * voteShare, decimals: 0)) %")
    return parts
  }

  private static func fixed(_ value: Double, decimals: Int) -> String {
    String(format: "%.\(decimals)f", value)
  }

  /// 0:07, 12:05 or 3:02:09; a question mark where the time is unknown.
  static func clock(_ seconds: Double) -> String {
    guard seconds >= 0, seconds < 1e9 else { return "?" }
    let total = Int(seconds.rounded(.up))
    let text = String(format: "%02d:%02d", total / 60 % 60, total % 60)
    if total >= 3600 { return "\(total / 3600):\(text)" }
    return total < 600 ? String(text.dropFirst()) : text
  }
}
