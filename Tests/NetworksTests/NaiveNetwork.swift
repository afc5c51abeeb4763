import CounterRandom
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
  /// What drop-out draws for; nil to drop nothing.
  var noise: NoisePosition?

  func meanLoss(_ parameters: [Double], _ samples: Samples) -> Double {
    guard case .embedding(let vocabulary, _) = model.layers[0] else {
      return meanClassLoss(parameters, samples)
    }
    var losses: [Double] = []
    for (sample, scores) in scores(parameters, samples).enumerated() {
      for place in 0..<Int(samples.labels[sample]) {
        let own = scores[place * vocabulary..<(place + 1) * vocabulary]
        let target = Int(samples.rows[sample][place + 1])
        losses.append(log(own.map { exp($0) }.reduce(0, +)) - own[own.startIndex + target])
      }
    }
    return losses.reduce(0, +) / Double(losses.count)
  }

  private func meanClassLoss(_ parameters: [Double], _ samples: Samples) -> Double {
    zip(scores(parameters, samples), samples.labels).reduce(0) { sum, next in
      let (scores, label) = next
      return sum + log(scores.map { exp($0) }.reduce(0, +)) - scores[Int(label)]
    } / Double(samples.rows.count)
  }

  func scores(_ parameters: [Double], _ samples: Samples) -> [[Double]] {
    var run = Run(parameters: parameters[...], statistics: statistics?[...], noise: noise)
    let input = Values(shape: model.input, rows: samples.rows.map { $0.map(Double.init) })
    return run.apply(model.layers, to: input).rows
  }

  /// The parameters that are left while the layers take theirs.
  private struct Run {
    var parameters: ArraySlice<Double>
    var statistics: ArraySlice<Double>?
    let noise: NoisePosition?
    /// The embedding of tokens.
    var tokens: [Double] = []
    var vocabulary = 0
    var dropouts = 0

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
        let weights = take(outputs * (input.shape.last ?? 0))
        return products(input, weights, take(outputs))
      case .gelu:
        return map(input) {
          0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
        }
      case .embedding(let vocabulary, let width): return embed(input, vocabulary, width)
      case .layerNormalization: return normalizeTokens(input)
      case .causalAttention(let heads): return attend(input, heads)
      case .dropout(let probability): return drop(input, probability)
      case .unembedding(let tied):
        let weights = tied ? tokens : take(vocabulary * input.shape[1])
        return products(
          input, weights, Array(repeating: 0, count: vocabulary))
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

    /// Sums over the last dimension.
    private func products(_ input: Values, _ weights: [Double], _ biases: [Double]) -> Values {
      let inputs = input.shape.last ?? 0
      return perToken(input) { token in
        biases.indices.map { output in
          (0..<inputs).reduce(biases[output]) { $0 + weights[output * inputs + $1] * token[$1] }
        }
      }
    }

    /// A function of each vector of the last dimension.
    private func perToken(_ input: Values, _ function: ([Double]) -> [Double]) -> Values {
      let width = input.shape.last ?? 0
      let rows = input.rows.map { row in
        stride(from: 0, to: row.count, by: width).map { function(Array(row[$0..<$0 + width])) }
      }
      return Values(
        shape: input.shape.dropLast() + [rows[0][0].count], rows: rows.map { $0.flatMap(\.self) })
    }

    private mutating func embed(_ input: Values, _ vocabulary: Int, _ width: Int) -> Values {
      let count = input.shape[0]
      self.vocabulary = vocabulary
      tokens = take(vocabulary * width)
      let positions = take(count * width)
      return Values(
        shape: [count, width],
        rows: input.rows.map { row in
          (0..<count * width).map {
            tokens[Int(row[$0 / width]) * width + $0 % width] + positions[$0]
          }
        })
    }

    private mutating func normalizeTokens(_ input: Values) -> Values {
      let scale = take(input.shape[1])
      let shift = take(input.shape[1])
      return perToken(input) { token in
        let mean = token.reduce(0, +) / Double(token.count)
        let variance = token.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(token.count)
        return token.indices.map {
          (token[$0] - mean) / (variance + 1e-5).squareRoot() * scale[$0] + shift[$0]
        }
      }
    }

    private func attend(_ input: Values, _ heads: Int) -> Values {
      let (count, stride) = (input.shape[0], input.shape[1])
      let width = stride / 3
      let size = width / heads
      return Values(
        shape: [count, width],
        rows: input.rows.map { row in
          (0..<count * width).map { index in
            let (token, column) = index.quotientAndRemainder(dividingBy: width)
            let head = column / size * size
            let weights = (0...token).map { other in
              exp(
                (0..<size).reduce(0) {
                  $0 + row[token * stride + head + $1] * row[other * stride + width + head + $1]
                } / Double(size).squareRoot())
            }
            let sum = zip(0...token, weights).reduce(0) {
              $0 + $1.1 * row[$1.0 * stride + 2 * width + column]
            }
            return sum / weights.reduce(0, +)
          }
        })
    }

    private mutating func drop(_ input: Values, _ probability: Double) -> Values {
      let layer = dropouts
      dropouts += 1
      guard let noise else { return input }
      let stream = RandomStream(
        seed: noise.seed, purpose: .dropout, owner: noise.rank, step: noise.step)
      var output = input
      let size = input.rows[0].count
      for index in 0..<input.rows.count * size {
        let word = stream.block(at: layer << 32 + index / 4)[index % 4]
        let isDropped = Double(word) < probability * 0x1p32
        output.rows[index / size][index % size] *= isDropped ? 0 : 1 / (1 - probability)
      }
      return output
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
