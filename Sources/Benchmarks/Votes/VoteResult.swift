internal import Foundation
internal import MPIKit
internal import RunLog
internal import SignBits
internal import Voting

/// One line of the table of votes.
struct VoteResult: CustomStringConvertible {
  /// Bytes on an Ethernet with frames of 1500 for each byte of payload: headers of Ethernet, IP and
  /// TCP with time stamps.
  static let wireBytesPerByte = 1514.0 / 1448

  let benchmark: VoteBenchmark
  let route: String
  let coding: Coding
  let parameters: Int
  let ranks: Int
  let times: VoteTimes
  /// The reduction's median time in this run.
  let fp32Median: Double
  let traffic: MeanTraffic

  init(
    _ benchmark: VoteBenchmark, route: String, coding: Coding, parameters: Int, ranks: Int,
    times: VoteTimes, fp32Median: Double, traffic: MeanTraffic
  ) {
    self.benchmark = benchmark
    self.route = route
    self.coding = coding
    self.parameters = parameters
    self.ranks = ranks
    self.times = times
    self.fp32Median = fp32Median
    self.traffic = traffic
  }

  /// The bits that a rank sends for a parameter.
  var bitsPerParameter: Double { 8 * traffic.bytesSent / Double(parameters) }

  /// The seconds in which the link could carry an uncoded vote.
  ///
  /// 2(N−1)/N bits a parameter each way; under the exact rule 1 bit of ballots and 1.6 of verdicts.
  var minimumSeconds: Double? {
    guard let linkGbps = benchmark.linkGbps, ranks > 1 else { return nil }
    let bits = (benchmark.rule == .exact ? 2.6 : 2) * Double(ranks - 1) / Double(ranks)
    return bits * Double(parameters) * Self.wireBytesPerByte / (linkGbps * 1e9)
  }

  /// What was run and what the columns mean.
  static func heading(_ benchmark: VoteBenchmark, ranks: Int) -> [String] {
    let version = (try? MPI.libraryVersion)?.split(separator: ",").first ?? "unknown"
    let ballots =
      benchmark.flipRate.map { "coherent, flip rate \($0) of ballots and verdict" }
      ?? "random, of each rank its own"
    return [
      "# signum bench vote",
      "# \(ranks) ranks, \(version), sign rule \(benchmark.rule.rawValue), ballots \(ballots)",
      "# Times are of votes back to back, from the begin to the verdict: t_min, t_avg, t_max over",
      "#   ranks of a rank's mean; t_med: median over repetitions of the ranks' mean.",
      "# The verdict of every route's last timed vote was compared with that of 'dense'.",
      "# fp32[B]: bytes of the fp32 vector. sent, recv: payload of a rank's messages in a vote, the",
      "#   mean; ~ by the formula of the usual algorithm, since MPI keeps its messages to itself.",
      "# bits: sent for a parameter. fp32/t: t_med of MPI_Allreduce of fp32 in this run over t_med.",
      "# t/wire: t_med over the least time of an uncoded vote on a link of "
        + (benchmark.linkGbps.map { "\($0) Gbit/s," } ?? "--link-gbps,"),
      "#   frames of 1514 bytes for 1448 of payload: "
        + (benchmark.rule == .exact ? "(1 + 1.6)(N-1)/N" : "2(N-1)/N") + " bits a parameter.",
      "#Route[/coding]      parameters      fp32[B]  reps  t_min[usec]  t_max[usec]  t_avg[usec]"
        + "  t_med[usec]      sent[B]      recv[B]     bits    fp32/t   t/wire",
    ]
  }

  var description: String {
    let mark = traffic.isModelled ? "~" : ""
    let columns: [(text: String, width: Int)] = [
      (String(parameters), 11), (String(4 * parameters), 13), (String(times.count), 6),
      (Self.number(times.minimum * 1e6, 2), 13), (Self.number(times.maximum * 1e6, 2), 13),
      (Self.number(times.average * 1e6, 2), 13), (Self.number(times.median * 1e6, 2), 13),
      (mark + Self.number(traffic.bytesSent, 0), 13),
      (mark + Self.number(traffic.bytesReceived, 0), 13),
      (Self.number(bitsPerParameter, 4), 9), (Self.number(fp32Median / times.median, 2), 10),
      (minimumSeconds.map { Self.number(times.median / $0, 3) } ?? "-", 9),
    ]
    let name = (coding == .none ? route : "\(route)/\(coding)").padding(
      toLength: 19, withPad: " ", startingAt: 0)
    return columns.reduce(name) { line, column in
      line + String(repeating: " ", count: max(1, column.width - column.text.count)) + column.text
    }
  }

  /// The line of the log.
  var record: JSONValue {
    .object([
      .init("type", .string("vote")),
      .init("route", .string(route)),
      .init("ranks", .integer(ranks)),
      .init("coding", .string(coding.rawValue)),
      .init("signRule", .string(benchmark.rule.rawValue)),
      .init("flipRate", benchmark.flipRate.map(JSONValue.number) ?? .null),
      .init("linkGbps", benchmark.linkGbps.map(JSONValue.number) ?? .null),
      .init("parameters", .integer(parameters)),
      .init("repetitions", .integer(times.count)),
      .init("minimumSeconds", .number(times.minimum)),
      .init("averageSeconds", .number(times.average)),
      .init("maximumSeconds", .number(times.maximum)),
      .init("medianSeconds", .number(times.median)),
      .init("lowQuartileSeconds", .number(times.lowQuartile)),
      .init("highQuartileSeconds", .number(times.highQuartile)),
      .init("bytesSentPerRank", .number(traffic.bytesSent)),
      .init("bytesReceivedPerRank", .number(traffic.bytesReceived)),
      .init("bytesModelled", .bool(traffic.isModelled)),
      .init("bitsPerParameter", .number(bitsPerParameter)),
      .init("fp32Ratio", .number(fp32Median / times.median)),
      .init("wireRatio", minimumSeconds.map { .number(times.median / $0) } ?? .null),
    ])
  }

  private static func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
