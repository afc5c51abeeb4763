import AlignedBuffers
import Objectives
import SignBits
import SignDescent
import Voting

/// What the hosted voters of a rank say of their gradients in a step, for its control block.
struct VoterReport {
  private var voters = 0
  private var withoutSample = 0
  private var lossesNotFinite = 0
  private var samples = 0
  private var weightedLoss = 0.0
  private var abstaining = 0
  /// Of the voter that abstains in the fewest: how many, and the first.
  private var tensors: (count: Int, first: Int)?
  private var abstainedShare = 0.0

  /// Takes in a voter's draw.
  ///
  /// - Returns: Whether its gradient can be used: it has samples, and a finite loss.
  mutating func add(_ draw: GradientSource.Draw) -> Bool {
    voters += 1
    samples += draw.samples
    guard draw.samples > 0 else {
      withoutSample += 1
      return false
    }
    weightedLoss += draw.loss * Double(draw.samples)
    guard draw.loss.isFinite else {
      lossesNotFinite += 1
      return false
    }
    return true
  }

  /// Takes in the tensors in which a voter's gradient is not finite, by their numbers.
  mutating func addNotFinite(_ numbers: [Int]) {
    guard let first = numbers.first else { return }
    abstaining += 1
    if numbers.count < tensors?.count ?? .max { tensors = (numbers.count, first) }
  }

  /// Takes in the share of coordinates in which a voter abstains.
  ///
  /// - Parameter ballot: Its ballot. It is not changed: what a class lends to be read only takes an
  ///   allocation.
  mutating func addAbstained(in ballot: inout SignPlanes) {
    abstainedShare += Double(ballot.abstentionCount) / Double(max(ballot.count, 1))
  }

  /// Writes the report into the rank's control block.
  ///
  /// Where only some of several voters abstain for numbers that are not finite, the rank does not
  /// count as abstaining itself.
  func write(to control: inout ControlBlock) {
    control.samples = UInt32(clamping: samples)
    control.loss = weightedLoss / Double(max(samples, 1))
    control.abstainedShare = voters == 0 ? 1 : Float(abstainedShare / Double(voters))
    if withoutSample == voters { control.flags.insert(.noSample) }
    let trouble = lossesNotFinite + abstaining
    if trouble > 0, trouble < voters {
      control.flags.insert(.someVoterAbstains)
      return
    }
    if let tensors {
      control.abstainedTensors = UInt32(tensors.count)
      control.firstAbstainedTensor = UInt32(tensors.first)
    } else if lossesNotFinite > 0 {
      control.flags.insert(.lossNotFinite)
    }
  }
}

extension ParameterLayout {
  /// The numbers of the tensors with a value that is not finite.
  func tensorsNotFinite(in values: borrowing AlignedBuffer<Float>) -> [Int] {
    values.withSpan { values in
      var numbers: [Int] = []
      for (number, tensor) in tensors.enumerated() where !isFinite(values, in: tensor.range) {
        numbers.append(number)
      }
      return numbers
    }
  }
}
