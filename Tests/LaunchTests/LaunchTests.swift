import Testing

/// The program as its users start it: `signum`, alone and under mpirun.
///
/// One after the other: the ranks of each test need the cores, and some tests look at the clock.
@Suite(.serialized) struct LaunchTests {}
