internal import CMPIShim

extension MPI {
  /// The name and version of the MPI library, one line.
  ///
  /// - Note: Local; allowed before the start. MPI_Get_library_version, MPI 3.1, 8.1.1.
  public static var libraryVersion: String {
    get throws(MPIError) {
      let text = try unsafe readText(capacity: CMPI_MAX_LIBRARY_VERSION_STRING()) {
        characters, length throws(MPIError) in
        try unsafe check(
          MPI_Get_library_version(characters, &length), "MPI_Get_library_version")
      }
      return String(text.prefix { !$0.isNewline })
    }
  }

  /// The version of the MPI standard that the library implements, such as "3.1".
  ///
  /// - Note: Local; allowed before the start. MPI_Get_version, MPI 3.1, 8.1.1.
  public static var standardVersion: String {
    get throws(MPIError) {
      var major: CInt = 0
      var minor: CInt = 0
      try unsafe check(MPI_Get_version(&major, &minor), "MPI_Get_version")
      return "\(major).\(minor)"
    }
  }

  /// The thread level that the library provides to this process.
  ///
  /// - Note: Local. MPI_Query_thread, MPI 3.1, 12.4.3.
  public static var threadLevel: ThreadLevel {
    get throws(MPIError) {
      var level: CInt = 0
      try unsafe check(MPI_Query_thread(&level), "MPI_Query_thread")
      return ThreadLevel(rawValue: level)
    }
  }

  /// The name of the node that this process runs on, as MPI has it.
  ///
  /// - Note: Local. MPI_Get_processor_name, MPI 3.1, 8.1.3.
  public static var processorName: String {
    get throws(MPIError) {
      try unsafe readText(capacity: CMPI_MAX_PROCESSOR_NAME()) {
        characters, length throws(MPIError) in
        try unsafe check(MPI_Get_processor_name(characters, &length), "MPI_Get_processor_name")
      }
    }
  }

  /// Whether the calling thread is the one that started MPI.
  ///
  /// - Note: Local. MPI_Is_thread_main, MPI 3.1, 12.4.3.
  public static var isMainThread: Bool {
    get throws(MPIError) {
      var isMain: CInt = 0
      try unsafe check(MPI_Is_thread_main(&isMain), "MPI_Is_thread_main")
      return isMain != 0
    }
  }

  /// Seconds since a moment in the past that is fixed for this process.
  ///
  /// - Note: Local. MPI_Wtime, MPI 3.1, 8.6.
  public static var wallTimeSeconds: Double { MPI_Wtime() }

  /// Reads a text that a C function writes into a buffer and whose length it returns.
  static func readText(
    capacity: CInt,
    _ read: (UnsafeMutablePointer<CChar>, inout CInt) throws(MPIError) -> Void
  ) throws(MPIError) -> String {
    var characters = [CChar](repeating: 0, count: Int(capacity) + 1)
    var length: CInt = 0
    try unsafe characters.withUnsafeMutableBufferPointer { buffer throws(MPIError) in
      guard let base = buffer.baseAddress else { return }
      try unsafe read(base, &length)
    }
    // Open MPI counts the closing NUL of some texts in, so the length is only an upper bound.
    let text = characters.prefix(Int(length)).prefix { $0 != 0 }
    return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
