/// A picture of what was measured, with axes and their units.
package struct Plot: Sendable {
  /// What distinguishes the file from others that belong with it; empty for the only one.
  package var suffix: String
  /// What is shown.
  package let title: String
  /// The axis to the right.
  package let x: Axis
  /// The axis upwards.
  package let y: Axis
  /// What is drawn, in the order of the legend.
  package let series: [Series]

  /// A plot of series over two axes.
  package init(suffix: String = "", title: String, x: Axis, y: Axis, series: [Series]) {
    self.suffix = suffix
    self.title = title
    self.x = x
    self.y = y
    self.series = series
  }

  /// One axis.
  package struct Axis: Sendable {
    /// What is drawn, with its unit.
    package let label: String
    /// Whether equal lengths are equal ratios.
    package let isLogarithmic: Bool
    /// The places that are marked; empty for those that suit the range.
    package let marks: [Double]
    /// Names of the places 0, 1, …, where numbers would say nothing.
    package let names: [String]
    /// The range drawn; nil for what the data need.
    package let range: ClosedRange<Double>?

    /// An axis.
    package init(
      label: String, isLogarithmic: Bool = false, marks: [Double] = [], names: [String] = [],
      range: ClosedRange<Double>? = nil
    ) {
      self.label = label
      self.isLogarithmic = isLogarithmic
      self.marks = marks
      self.names = names
      self.range = range
    }
  }

  /// Points that belong together.
  package struct Series: Sendable {
    /// Its name in the legend.
    package let name: String
    /// The points, from left to right.
    package let points: [Point]
    /// How they are drawn.
    package let style: Style

    /// A series.
    package init(name: String, points: [Point], style: Style = .measured) {
      self.name = name
      self.points = points
      self.style = style
    }
  }

  /// How a series is drawn.
  package enum Style: Sendable {
    /// Points with bars from the smallest to the largest value, joined by a line.
    case measured
    /// A broken line without points: what theory says.
    case expected
    /// A line without points or bars: a course over time.
    case course
  }

  /// A point, with the spread over repetitions where there is one.
  package struct Point: Sendable {
    /// Where it lies to the right.
    package let x: Double
    /// Where it lies upwards.
    package let y: Double
    /// The smallest of what it stands for.
    package let low: Double
    /// The largest of what it stands for.
    package let high: Double

    /// A point without spread.
    package init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
      low = y
      high = y
    }

    /// A point whose values reach from a smallest to a largest one.
    package init(_ x: Double, _ y: Double, low: Double, high: Double) {
      self.x = x
      self.y = y
      self.low = low
      self.high = high
    }

    /// The median of values over repetitions, with the smallest and the largest.
    package init(_ x: Double, over values: [Double]) {
      self.x = x
      y = values.median
      (low, high) = values.extremes
    }
  }
}

extension Plot {
  /// The data as text, where there is nothing to draw them with.
  package var table: [String] {
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
