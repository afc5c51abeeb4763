public import MPIKit
public import Testing

/// Checks a condition on all ranks and makes one report that names those where it is false.
///
/// Collective, unlike `#expect`: no rank goes on before all have checked, so a rank that fails does
/// not leave its peers waiting elsewhere.
///
/// - Parameters:
///   - condition: What must hold on this rank.
///   - comment: What is checked, and what was found on this rank.
///   - communicator: The ranks that check.
///   - sourceLocation: Where to report.
public func expectOnAllRanks(
  _ condition: Bool, _ comment: @autoclosure () -> String, on communicator: borrowing Communicator,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var flags = [UInt8](repeating: 0, count: communicator.size)
  try communicator.allGather([condition ? 1 : 0].span, into: flags.mutableSpan)
  let failing = flags.indices.filter { flags[$0] == 0 }
  guard failing.first == communicator.rank else { return }
  Issue.record(
    "\(comment()) (false on ranks \(failing) of \(communicator.size))",
    sourceLocation: sourceLocation)
}
