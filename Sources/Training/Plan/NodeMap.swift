import MPIKit

/// Which ranks share which nodes.
struct NodeMap {
  /// The host of each node, in the order of their first ranks.
  let hosts: [String]
  /// The number of ranks of each of these nodes.
  let ranksPerNode: [Int]
  /// The number of ranks on this rank's node.
  let localRanks: Int

  /// Collective.
  init(_ world: borrowing Communicator) throws(MPIError) {
    let node = try world.splitSharedMemory()
    localRanks = node.size
    let leaders = try world.allGatherStrings(node.rank == 0 ? "\(node.size) \(Machine.host)" : "")
    let nodes = leaders.filter { !$0.isEmpty }.map { $0.split(separator: " ", maxSplits: 1) }
    ranksPerNode = nodes.map { Int($0[0]) ?? 0 }
    hosts = nodes.map { String($0[1]) }
  }

  /// The cores of the node divided by its ranks, at least 1, and no more than the launcher allows
  /// this rank.
  var threadsPerRank: Int {
    max(1, min(Machine.cores / localRanks, Machine.allowedCores))
  }
}
