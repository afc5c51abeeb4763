internal import Foundation

/// One line of the table.
struct Row: CustomStringConvertible {
  let kernel: Kernel
  let parameters: Int
  let seconds: [Double]
  /// The kernel's bandwidth over the triad's, one for each repetition.
  let ratios: [Double]

  /// What the columns mean.
  static var heading: [String] {
    let bytes = ([.triad] + Kernel.all).map { "\($0.name) \(number($0.bytesPerParameter, 3))" }
    return [
      "# signum bench kernels",
      "# Every answer was compared with a plain loop's in this run.",
      "# GB/s: 10^9 bytes read and written by the median call. Bytes a parameter:",
    ]
      + stride(from: 0, to: bytes.count, by: 4).map {
        "#   " + bytes[$0..<min($0 + 4, bytes.count)].joined(separator: ", ")
      }
      + [
        "# Tallies are of \(Workspace.ranks) ranks without masks.",
        "# Ratio: GB/s over those of the triad timed just before, a = b + s*c: median and quartiles.",
        "# Kernel          Parameters  Repeats    t_min[us]    t_med[us]    t_max[us]"
          + "     GB/s  ratio     q1     q3",
      ]
  }

  var description: String {
    let time = seconds.sorted()
    let ratio = ratios.sorted()
    let median = Self.quantile(0.5, of: time)
    let columns: [(text: String, width: Int)] = [
      (String(parameters), 10), (String(time.count), 9),
      (Self.number(time[0] * 1e6, 2), 13), (Self.number(median * 1e6, 2), 13),
      (Self.number(time[time.count - 1] * 1e6, 2), 13),
      (Self.number(kernel.bytesPerParameter * Double(parameters) / median / 1e9, 2), 9),
      (Self.number(Self.quantile(0.5, of: ratio), 3), 7),
      (Self.number(Self.quantile(0.25, of: ratio), 3), 7),
      (Self.number(Self.quantile(0.75, of: ratio), 3), 7),
    ]
    let name = kernel.name.padding(toLength: 18, withPad: " ", startingAt: 0)
    return columns.reduce(name) { line, column in
      line + String(repeating: " ", count: max(1, column.width - column.text.count)) + column.text
    }
  }

  /// The value below which a share of sorted values lies, between neighbours linearly.
  static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = sorted[Int(place)]
    return low + (sorted[min(Int(place) + 1, sorted.count - 1)] - low)
      * (place - place.rounded(.down))
  }

  private static func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
