/// What a zero momentum and a tied vote count as (`--sign-rule`).
///
/// A sign is −1, 0 or +1, and −0.0 is 0. A rank whose gradient is not finite abstains under every
/// rule.
public enum SignRule: String, CaseIterable, Sendable {
  /// A zero abstains; a tie takes a fair coin, drawn from (seed, coordinate, step div 16), so the
  /// verdict is one bit and has no bias. Where all ranks abstain the coin decides too.
  case fair
  /// A zero abstains; a tie is 0 and does not move the parameter: Sign(0) = 0 as mathematics has
  /// it.
  case exact
  /// Zeros and ties count as +1, as the majority-vote code of 2019 has it: strictly one bit, biased
  /// at even numbers of ranks. For comparison only.
  case positive

  /// Whether a zero casts no vote.
  public var zeroAbstains: Bool { self != .positive }
}
