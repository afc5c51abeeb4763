/// What mpirun needs to start ranks on a small machine, perhaps as root.
public enum Launch {
  /// Variables for `runProcess`: those of Open MPI 4 and of Open MPI 5.
  ///
  /// - Parameter ranks: How many ranks the rank tests are to find.
  public static func environment(ranks: Int) -> [String: String] {
    [
      "SIGNUM_EXPECTED_RANKS": "\(ranks)",
      "OMPI_ALLOW_RUN_AS_ROOT": "1",
      "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
      "OMPI_MCA_rmaps_base_oversubscribe": "1",
      "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
      "OMPI_MCA_mpi_yield_when_idle": "1",
      // Tests that run at the same time would all be bound to the first cores.
      "OMPI_MCA_hwloc_base_binding_policy": "none",
      "PRTE_MCA_hwloc_default_binding_policy": "none",
    ]
  }
}
