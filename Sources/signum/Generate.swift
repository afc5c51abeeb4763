import ArgumentParser
import Foundation
import Training

/// `signum generate`.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Text by a trained GPT.",
    discussion: "The same flags give the same text. No launcher is needed.")

  @Argument(
    help: "Parameters that 'signum train --model gpt --save' wrote, safetensors.",
    completion: .file())
  var weights: String

  @Option(parsing: .unconditional, help: "What the text goes on from. (default: a new line)")
  var prompt: String?

  @Option(parsing: .unconditional, help: "Bytes to write.")
  var length = 200

  @Option(
    parsing: .unconditional,
    help: "What scores are divided by: below 1 more likely bytes, 0 the likeliest one.")
  var temperature = 0.8

  @Option(parsing: .unconditional, help: "Seed of the draws.")
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: "Threads.")
  var threads = 1

  func validate() throws {
    if prompt?.isEmpty == true { throw ValidationError("--prompt needs at least one byte") }
    if length < 0 { throw ValidationError("--length must be 0 or more: found \(length)") }
    if !(temperature >= 0 && temperature.isFinite) {
      throw ValidationError("--temperature must be 0 or more: found \(temperature)")
    }
    if threads < 1 || threads > 4096 {
      throw ValidationError("--threads must lie in 1...4096: found \(threads)")
    }
  }

  func run() throws {
    do {
      try GenerationProgram.run(
        weights: weights, prompt: Array((prompt ?? "\n").utf8), length: length,
        choice: .init(temperature: temperature, seed: seed), threads: threads
      ) { byte in
        StandardOutput.write(Data([byte]))
      }
    } catch {
      throw ValidationError("\(error)")
    }
    StandardOutput.write(Data("\n".utf8))
  }
}
