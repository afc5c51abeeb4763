import AlignedBuffers
import CounterRandom
import Foundation
import Networks

/// `signum generate`: text by a trained GPT.
public enum GenerationProgram {
  /// How the next byte is chosen.
  public struct Choice: Sendable {
    /// What scores are divided by; 0 takes the byte with the highest one.
    public var temperature: Double
    /// The seed of the draws.
    public var seed: UInt64

    /// A way to choose.
    public init(temperature: Double, seed: UInt64) {
      self.temperature = temperature
      self.seed = seed
    }

    /// The byte at a place of the generated text.
    ///
    /// Byte k is drawn with a probability proportional to exp(score k / temperature), by
    /// `uniform(at: place)` of the stream (seed, `generation`, 0).
    func next(_ scores: [Float], at place: Int) -> UInt8 {
      let highest = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
      guard temperature > 0 else { return UInt8(highest) }
      let weights = scores.map { exp((Double($0) - Double(scores[highest])) / temperature) }
      let stream = RandomStream(seed: seed, purpose: .generation)
      var rest = stream.uniform(at: place) * weights.reduce(0, +)
      for (number, weight) in weights.enumerated() {
        rest -= weight
        if rest < 0 { return UInt8(number) }
      }
      return UInt8(highest)
    }
  }

  /// Writes bytes that a GPT finds likely after a prompt, without MPI.
  ///
  /// - Parameters:
  ///   - path: The safetensors file that `train --save` or a checkpoint wrote.
  ///   - prompt: At least one byte, of which the last ones up to the context count.
  ///   - length: The number of bytes.
  ///   - write: Takes each byte as soon as it is there, those of the prompt first.
  public static func run(
    weights path: String, prompt: [UInt8], length: Int, choice: Choice, threads: Int,
    write: (UInt8) -> Void
  ) throws {
    guard let gpt = try ModelFile.gpt(in: path) else {
      throw OptionError("\(path): its metadata name no GPT; give what train --model gpt has saved")
    }
    let (network, state) = try ModelFile.read(path, of: gpt, localRanks: 1, threads: threads)
    for byte in prompt { write(byte) }
    var text = prompt
    for place in 0..<length {
      let scores = try state.parameters.withSpan { parameters in
        try network.scores(after: text.suffix(gpt.context), at: parameters)
      }
      guard scores.allSatisfy(\.isFinite) else {
        throw OptionError("\(path): its scores are not finite; train it anew")
      }
      text.append(choice.next(scores, at: place))
      write(text[text.count - 1])
    }
  }
}
