import Foundation
import Networks
import Objectives

/// A network in plain arrays of Double, from the definitions.
struct NaiveNetwork {
  /// Numbers of one shape, samples x the shape.
  struct Values {
    var shape: [Int]
    var rows: [[Double]]
  }

  let model: NetworkModel
  /// Mean and variance of each normalization; nil to take those of the batch.
  var statistics: [Double]?

  func meanLoss(_ parameters: [Double], _ samples: Samples) -> Double {
    zip(scores(parameters, samples), samples.labels).reduce(0) { sum, next in
      let (scores, label) = next
      return sum + log(scores.map { exp($0) }.reduce(0, +)) - scores[Int(label)]
    } / Double(samples.rows.count)
  }

  func scores(_ parameters: [Double], _ samples: Samples) -> [[Double]] {
    var run = Run(parameters: parameters[...], statistics: statistics?[...])
    let input = Values(shape: model.input, rows: samples.rows.map { $0.map(Double.init) })
    return run.apply(model.layers, to: input).rows
  }

  /// The parameters that are left while the layers take theirs.
  private struct Run {
    var parameters: ArraySlice<Double>
    var statistics: ArraySlice<Double>?

    mutating func take(_ count: Int) -> [Double] {
      defer { parameters = parameters.dropFirst(count) }
      return Array(parameters.prefix(count))
    }

    mutating func apply(_ layers: [Layer], to input: Values) -> Values {
      layers.reduce(input) { apply($1, to: $0) }
    }

    mutating func apply(_ layer: Layer, to input: Values) -> Values {
      let channels = input.shape[0]
      switch layer {
      case .relu: return map(input) { max($0, 0) }
      case .flatten: return Values(shape: [input.shape.reduce(1, *)], rows: input.rows)
      case .dense(let outputs):
        let weights = take(outputs * channels)
        let biases = take(outputs)
        return Values(
          shape: [outputs],
          rows: input.rows.map { row in
            (0..<outputs).map { output in
              (0..<channels).reduce(biases[output]) {
                $0 + weights[output * channels + $1] * row[$1]
              }
            }
          })
      case .convolution(let outputs, let kernel, let stride, let padding, let bias):
        let size = channels * kernel * kernel
        let weights = take(outputs * size)
        let biases = bias ? take(outputs) : Array(repeating: 0, count: outputs)
        return slide(input, outputs, [kernel, kernel], stride, padding) { output, window in
          window.reduce(biases[output]) { sum, cell in
            sum + weights[output * size + cell.place] * cell.value
          }
        }
      case .maximumPooling(let size, let stride, let padding):
        return slide(input, channels, [size, size], stride, padding) { channel, window in
          window.filter { $0.place / (size * size) == channel && $0.isInside }
            .reduce(-.infinity) { max($0, $1.value) }
        }
      case .averagePooling(let size, let stride, let padding):
        return slide(input, channels, [size, size], stride, padding) { channel, window in
          window.filter { $0.place / (size * size) == channel }.reduce(0) { $0 + $1.value }
            / Double(size * size)
        }
      case .globalAveragePooling:
        let area = input.shape[1] * input.shape[2]
        return Values(
          shape: [channels, 1, 1],
          rows: input.rows.map { row in
            (0..<channels).map { row[$0 * area..<($0 + 1) * area].reduce(0, +) / Double(area) }
          })
      case .batchNormalization: return normalize(input)
      case .residual(let path, let shortcut):
        let first = apply(path, to: input)
        let second = apply(shortcut, to: input)
        return Values(
          shape: first.shape, rows: zip(first.rows, second.rows).map { zip($0, $1).map(+) })
      }
    }

    private func map(_ input: Values, _ function: (Double) -> Double) -> Values {
      Values(shape: input.shape, rows: input.rows.map { $0.map(function) })
    }

    private mutating func normalize(_ input: Values) -> Values {
      let channels = input.shape[0]
      let area = input.shape[1] * input.shape[2]
      let scale = take(channels)
      let shift = take(channels)
      let given = statistics.map { Array($0.prefix(2 * channels)) }
      statistics = statistics?.dropFirst(2 * channels)
      var output = input
      for channel in 0..<channels {
        let part = channel * area..<(channel + 1) * area
        let all = input.rows.flatMap { $0[part] }
        let mean = given?[channel] ?? all.reduce(0, +) / Double(all.count)
        let variance =
          given?[channels + channel]
          ?? all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(all.count)
        for sample in output.rows.indices {
          for place in part {
            output.rows[sample][place] =
              (input.rows[sample][place] - mean) / (variance + 1e-5).squareRoot() * scale[channel]
              + shift[channel]
          }
        }
      }
      return output
    }

    /// A number in a window, its place in (channel, row, column) of the window.
    struct Cell {
      let place: Int
      let value: Double
      let isInside: Bool
    }

    private func slide(
      _ input: Values, _ outputs: Int, _ window: [Int], _ stride: Int, _ padding: Int,
      _ function: (Int, [Cell]) -> Double
    ) -> Values {
      let (channels, height, width) = (input.shape[0], input.shape[1], input.shape[2])
      let rows = (height + 2 * padding - window[0]) / stride + 1
      let columns = (width + 2 * padding - window[1]) / stride + 1
      return Values(
        shape: [outputs, rows, columns],
        rows: input.rows.map { image in
          var result = [Double](repeating: 0, count: outputs * rows * columns)
          for row in 0..<rows {
            for column in 0..<columns {
              var cells: [Cell] = []
              for place in 0..<channels * window[0] * window[1] {
                let y = row * stride - padding + place / window[1] % window[0]
                let x = column * stride - padding + place % window[1]
                let isInside = (0..<height).contains(y) && (0..<width).contains(x)
                let channel = place / (window[0] * window[1])
                let value = isInside ? image[(channel * height + y) * width + x] : 0
                cells.append(Cell(place: place, value: value, isInside: isInside))
              }
              for output in 0..<outputs {
                result[(output * rows + row) * columns + column] = function(output, cells)
              }
            }
          }
          return result
        })
    }
  }
}
