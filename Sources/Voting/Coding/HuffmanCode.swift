internal import CZstd

/// Codes words as bytes by Huffman codes: zstd without its search for repetitions.
///
/// For signs that flip often, where there are no repetitions to be found: within 3 % of the entropy
/// at flip rates of 0.14 to 0.05, a word in 9 ns on one core and back in 4 (0.596 bit at 0.14, 0.377
/// at 0.07). A byte takes one bit at least, so that few flips are dear.
///
/// Collet, Kucherawy, "Zstandard Compression", RFC 8878.
@safe
final class HuffmanCode {
  /// How far apart the places are at which repetitions are looked for: as long as a chunk of the route
  /// `exchange`.
  private static let neverSearch: CInt = 131_072

  private let coder: OpaquePointer
  private let decoder: OpaquePointer

  init() {
    guard let coder = unsafe ZSTD_createCCtx(), let decoder = unsafe ZSTD_createDCtx() else {
      preconditionFailure("no memory for zstd")
    }
    unsafe self.coder = unsafe coder
    unsafe self.decoder = unsafe decoder
    let parameters: [(ZSTD_cParameter, CInt)] = [
      (ZSTD_c_compressionLevel, -100), (CZstdLiteralMode(), CInt(ZSTD_ps_enable.rawValue)),
      (ZSTD_c_targetLength, Self.neverSearch),
    ]
    for (parameter, value) in parameters {
      let code = unsafe ZSTD_CCtx_setParameter(coder, parameter, value)
      precondition(ZSTD_isError(code) == 0, "zstd knows no parameter \(parameter.rawValue)")
    }
  }

  deinit {
    unsafe ZSTD_freeCCtx(coder)
    unsafe ZSTD_freeDCtx(decoder)
  }

  /// Codes words.
  ///
  /// - Parameters:
  ///   - words: The words.
  ///   - target: Where the code goes.
  ///   - room: The words of it that the code may take.
  /// - Returns: The bytes of the code; nil when there is no room for it.
  /// - Complexity: O(words); allocates in the first calls only.
  func code(
    _ words: Span<UInt64>, into target: inout MutableSpan<UInt64>, _ room: Range<Int>
  ) -> Int? {
    precondition(
      room.lowerBound >= 0 && room.upperBound <= target.count, "a room outside the message")
    let size = unsafe words.withUnsafeBytes { words in
      unsafe target.withUnsafeMutableBytes { target in
        unsafe ZSTD_compress2(
          coder, target.baseAddress.map { unsafe $0 + 8 * room.lowerBound }, 8 * room.count,
          words.baseAddress, words.count)
      }
    }
    return ZSTD_isError(size) == 0 ? size : nil
  }

  /// Decodes words.
  ///
  /// - Parameters:
  ///   - code: The words that hold the code.
  ///   - byteCount: The bytes of the code.
  ///   - words: All written, if the code is one.
  /// - Returns: Whether it was a code of exactly so many words.
  /// - Complexity: O(words); no allocation.
  func decode(_ code: Span<UInt64>, byteCount: Int, into words: consuming MutableSpan<UInt64>)
    -> Bool
  {
    let bytes = 8 * words.count
    guard byteCount >= 0, byteCount <= 8 * code.count else { return false }
    return unsafe code.withUnsafeBytes { code in
      unsafe words.withUnsafeMutableBytes { words in
        unsafe ZSTD_decompressDCtx(
          decoder, words.baseAddress, bytes, code.baseAddress, byteCount) == bytes
      }
    }
  }
}
