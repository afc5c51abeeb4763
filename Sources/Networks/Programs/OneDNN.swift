internal import COneDNN

/// The numerical library: version, instruction set and number of threads.
public enum OneDNN {
  /// The version of the library that is loaded, such as `2.6.3`.
  public static var version: String {
    guard let version = unsafe dnnl_version() else { return "unknown" }
    return unsafe "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
  }

  /// The widest instruction set that the library uses on this processor, such as `avx512_core`.
  ///
  /// Gradients depend on it to the last bits, so it belongs into logs and checkpoints.
  public static var instructionSet: String {
    let names: [(dnnl_cpu_isa_t, String)] = [
      (dnnl_cpu_isa_sse41, "sse41"), (dnnl_cpu_isa_avx, "avx"), (dnnl_cpu_isa_avx2, "avx2"),
      (dnnl_cpu_isa_avx2_vnni, "avx2_vnni"), (dnnl_cpu_isa_avx512_core, "avx512_core"),
      (dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"),
      (dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"),
      (dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"),
    ]
    let current = dnnl_get_effective_cpu_isa()
    guard let known = names.first(where: { $0.0 == current }) else {
      return "isa_0x" + String(current.rawValue, radix: 16)
    }
    return known.1
  }

  /// Whether the library uses AVX-512, under whatever name.
  static var hasAVX512: Bool {
    dnnl_get_effective_cpu_isa().rawValue & dnnl_cpu_isa_avx512_core.rawValue
      == dnnl_cpu_isa_avx512_core.rawValue
  }

  /// Sets how many threads the library uses for work started by the calling thread.
  ///
  /// - Throws: When more than one thread is asked for and the library is built without OpenMP.
  /// - Precondition: `count` is positive.
  public static func setThreads(_ count: Int) throws(OneDNNError) {
    precondition(count > 0, "the library cannot work with \(count) threads")
    guard signum_set_threads(CInt(clamping: count)) == 1 || count == 1 else {
      throw OneDNNError(
        call: "omp_set_num_threads", status: dnnl_unimplemented, about: "\(count) threads")
    }
  }
}

/// A call of oneDNN that failed.
public struct OneDNNError: Error, Hashable, CustomStringConvertible {
  /// The function's name.
  public let call: String
  /// The status it returned, as a number (`dnnl_status_t`).
  public let status: Int
  /// What was asked for: the operation and its shapes.
  public let about: String

  init(call: String, status: dnnl_status_t, about: String) {
    self.call = call
    self.status = Int(status.rawValue)
    self.about = about
  }

  /// One line: the call, its status, the shapes and what to do.
  public var description: String {
    let name = unsafe dnnl_status2str(dnnl_status_t(UInt32(status))).map {
      unsafe String(cString: $0)
    }
    let advice =
      status == Int(dnnl_out_of_memory.rawValue)
      ? "use a smaller batch or model" : "check the installed oneDNN (signum doctor)"
    return "oneDNN \(OneDNN.version): \(call) returned \(name ?? "status") (\(status)) "
      + "for \(about): \(advice)"
  }

  /// Throws unless a call succeeded.
  static func check(
    _ status: dnnl_status_t, _ call: String, _ about: @autoclosure () -> String
  ) throws(OneDNNError) {
    guard status == dnnl_success else {
      throw OneDNNError(call: call, status: status, about: about())
    }
  }
}
