/// How the routes `exchange` and `gather` shorten their messages (`--coding`).
///
/// Momentum makes signs coherent in time: of pure noise a share of arccos(θ)/π of them changes in a
/// step (0.14 / 0.078 / 0.045 at θ = 0.9 / 0.97 / 0.99), which takes 0.59 / 0.40 / 0.27 bit.
/// Coding changes bytes, never bits.
public enum Coding: String, CaseIterable, Sendable {
  /// Planes travel as they are: one bit per parameter.
  case none
  /// A chunk travels as what changed since the sender's last one, entropy coded; as it is where that
  /// is no shorter. See `DeltaCoder`.
  case delta
}
