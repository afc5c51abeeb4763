/// Files of named tensors in the safetensors format, elements F32 or U64.
///
/// The format: the length of the header as a 64-bit number, low byte first; the header in JSON,
/// `{"__metadata__": {name: text, …}, tensor: {"dtype": "F32", "shape": [rows, columns],
/// "data_offsets": [start, end]}, …}`, padded by blanks to a multiple of 8; the tensors' data
/// without gaps, elements low byte first, offsets counted from the header's end.
///
/// Source: the safetensors repository, README, section "Format". Not supported: element types
/// other than these two.
public enum Safetensors {
  /// The longest header in bytes, the limit of the official reader too.
  public static let maximumHeaderBytes = 100_000_000
  /// The key of the metadata in the header; no tensor can have this name.
  static let metadataKey = "__metadata__"
}

#if _endian(big)
  #error("weights are written as they lie in memory, low byte first")
#endif
