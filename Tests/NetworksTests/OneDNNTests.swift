import Testing

@testable import Networks

@Suite struct OneDNNTests {
  @Test func versionAndInstructionSet_areNamed() {
    #expect(OneDNN.version.split(separator: ".").compactMap { Int($0) }.count == 3)
    let name = OneDNN.instructionSet
    #expect(OneDNN.hasAVX512 == name.hasPrefix("avx512") || name.hasPrefix("isa"))
  }

  @Test func setThreads_isAccepted() throws {
    try OneDNN.setThreads(2)
    try OneDNN.setThreads(1)
  }

  @Test func failedCall_namesCallStatusAndShape() throws {
    let error = #expect(throws: OneDNNError.self) { try Format([-1, 2]) }
    #expect(error?.call == "dnnl_memory_desc_init")
    #expect(
      error?.description.contains(
        "dnnl_memory_desc_init returned invalid_arguments (2) for [-1, 2]") == true)
  }
}
