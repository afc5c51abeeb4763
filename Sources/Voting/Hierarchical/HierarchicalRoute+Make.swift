internal import MPIKit

/// How ranks are taken to lie on nodes.
package struct NodeLayout {
  /// The number of the node of a rank; nil for the nodes that there are.
  package var nodeOfRank: ((Int) -> Int)?
  /// Whether ranks may share memory.
  package var sharesMemory = true

  /// The nodes that there are.
  package init(sharesMemory: Bool = true, nodeOfRank: ((Int) -> Int)? = nil) {
    self.nodeOfRank = nodeOfRank
    self.sharesMemory = sharesMemory
  }
}

extension HierarchicalRoute {
  /// Finds the nodes, and makes the route: with a window on each of them; by messages in groups of
  /// √N ranks where no node has two, or on nodes without room for a window.
  ///
  /// - Returns: The route; with what the user should know where it takes another way than expected.
  ///
  /// Collective.
  static func make(
    _ shape: VoteShape, _ layout: NodeLayout, on communicator: borrowing Communicator
  ) throws(MPIError) -> (route: any BallotRoute, notice: String?) {
    let node: Communicator
    if let nodeOfRank = layout.nodeOfRank {
      guard
        let part = try communicator.split(color: nodeOfRank(communicator.rank), key: 0)
      else { preconditionFailure("a rank without a node") }
      node = part
    } else {
      node = try communicator.splitSharedMemory()
    }
    let nodes = try nodes(node, of: communicator)
    guard nodes.contains(where: { $0.count > 1 }) else {
      let plan = NodePlan(shape, nodes: groups(ranks: communicator.size))
      return (HierarchicalRoute(shape, plan: plan, group: NodeMessages(shape, plan: plan)), nil)
    }
    let plan = NodePlan(shape, nodes: nodes)
    let window = layout.sharesMemory ? try NodeWindow(shape, plan: plan, on: node) : nil
    var isRoom = [window == nil ? 0 : 1]
    try communicator.allReduce(inPlace: isRoom.mutableSpan, operation: .min)
    guard isRoom[0] == 1, let window else {
      let messages = NodeMessages(shape, plan: plan)
      return (
        HierarchicalRoute(shape, plan: plan, group: messages),
        "--vote hierarchical: no room for shared memory on some node (df /dev/shm); the ranks of "
          + "a node exchange messages instead"
      )
    }
    return (HierarchicalRoute(shape, plan: plan, group: window), nil)
  }

  /// About √N groups of about √N ranks each, which differ by one at most.
  static func groups(ranks: Int) -> [[Int]] {
    let count = max(1, Int(Double(ranks).squareRoot().rounded()))
    return (0..<count).map { Array($0 * ranks / count..<($0 + 1) * ranks / count) }
  }

  /// The ranks of each node, the node of the lowest rank first.
  private static func nodes(
    _ node: borrowing Communicator, of communicator: borrowing Communicator
  ) throws(MPIError) -> [[Int]] {
    var leader = [communicator.rank]
    try node.broadcast(leader.mutableSpan, root: 0)
    var leaders = [Int](repeating: 0, count: communicator.size)
    try communicator.allGather(leader.span, into: leaders.mutableSpan)
    return leaders.indices.filter { leaders[$0] == $0 }.map { first in
      leaders.indices.filter { leaders[$0] == first }
    }
  }
}
