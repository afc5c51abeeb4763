public import ArgumentParser
import Foundation
public import Networks
public import SignBits
import SignDescent
public import Training
public import Voting

extension Algorithm: ExpressibleByArgument {}
extension Attack: ExpressibleByArgument {}
extension CheckpointMemory: ExpressibleByArgument {}
extension ComputeType: ExpressibleByArgument {}
extension FailureResponse: ExpressibleByArgument {}
extension LearningRateScaling: ExpressibleByArgument {}
extension MeanOrder: ExpressibleByArgument {}
extension SignRule: ExpressibleByArgument {}

/// A value by name, or nil for `auto`.
struct Choice<Value>: ExpressibleByArgument
where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  var value: Value?

  init() {}

  init?(argument: String) {
    guard argument != "auto" else { return }
    guard let value = Value(rawValue: argument) else { return nil }
    self.value = value
  }

  static var allValueStrings: [String] { ["auto"] + Value.allCases.map(\.rawValue) }

  var defaultValueDescription: String { "" }
}

/// A value from its text, or an error that names what was expected.
func value<Value: LosslessStringConvertible>(
  _ text: String, _ expected: String
) throws -> Value {
  guard let result = Value(text) else {
    throw ValidationError("expected \(expected): found '\(text)'")
  }
  return result
}

func parseWidths(_ text: String) throws -> [Int] {
  if text.isEmpty { return [] }
  return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
    guard let width = Int(part.trimmingCharacters(in: .whitespaces)) else {
      throw ValidationError("expected widths such as 256,256: found '\(text)'")
    }
    return width
  }
}

func parseModel(_ text: String) throws -> ModelChoice {
  do {
    return try ModelChoice(parsing: text)
  } catch {
    throw ValidationError(error.description)
  }
}

func parseSchedule(_ text: String) throws -> Schedule {
  do {
    return try Schedule(parsing: text)
  } catch {
    throw ValidationError("\(error)")
  }
}
