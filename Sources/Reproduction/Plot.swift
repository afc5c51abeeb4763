/// A picture of what was measured, with axes and their units.
struct Plot: Sendable {
  /// What distinguishes the file from others of the claim; empty for the only one.
  var suffix = ""
  let title: String
  let x: Axis
  let y: Axis
  let series: [Series]

  /// One axis.
  struct Axis: Sendable {
    /// What is drawn, with its unit.
    let label: String
    var isLogarithmic = false
    /// The places that are marked; empty for those that suit the range.
    var marks: [Double] = []
    /// Names of the places 0, 1, …, where numbers would say nothing.
    var names: [String] = []
    /// The range drawn; nil for what the data need.
    var range: ClosedRange<Double>?
  }

  /// Points that belong together.
  struct Series: Sendable {
    let name: String
    let points: [Point]
    var style = Style.measured
  }

  /// How a series is drawn.
  enum Style: Sendable {
    /// Points with bars from the smallest to the largest seed, joined by a line.
    case measured
    /// A broken line without points: what theory says.
    case expected
    /// A line without points or bars: a course over time.
    case course
  }

  /// A point, with the spread over seeds where there is one.
  struct Point: Sendable {
    let x: Double
    let y: Double
    let low: Double
    let high: Double

    /// A point without spread.
    init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
      low = y
      high = y
    }

    /// The median of values over seeds, with the smallest and the largest.
    init(_ x: Double, over values: [Double]) {
      self.x = x
      y = values.median
      (low, high) = values.extremes
    }
  }
}

extension Plot {
  /// The data as text, where there is nothing to draw them with.
  var table: [String] {
    var lines = [title, "\(x.label) | \(y.label) | smallest | largest"]
    for series in series {
      lines.append(series.name)
      lines += series.points.map { point in
        let place = Int(point.x)
        let name = x.names.indices.contains(place) ? x.names[place] : number(point.x)
        return "  \(name) | \(number(point.y)) | \(number(point.low)) | \(number(point.high))"
      }
    }
    return lines
  }
}
