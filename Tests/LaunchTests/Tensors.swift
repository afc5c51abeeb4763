import Foundation
import Testing

/// The numbers in a safetensors file of 32-bit floats and counts, read without the program's own
/// reader; only the floats are kept.
struct Tensors {
  let values: [String: [Float]]

  init(_ file: URL) throws {
    let data = try Data(contentsOf: file)
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: data[8..<8 + length])
    let entries = try #require(header as? [String: [String: Any]])
    var values: [String: [Float]] = [:]
    for (name, entry) in entries where entry["dtype"] as? String == "F32" {
      let bounds = try #require(entry["data_offsets"] as? [Int])
      let bytes = Array(data[8 + length + bounds[0]..<8 + length + bounds[1]])
      values[name] = bytes.withUnsafeBytes { raw in
        stride(from: 0, to: raw.count, by: 4).map {
          raw.loadUnaligned(fromByteOffset: $0, as: Float.self)
        }
      }
    }
    self.values = values
  }
}
