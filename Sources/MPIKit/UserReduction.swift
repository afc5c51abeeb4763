internal import CMPIShim

/// A reduction by a function of our own over blocks of 64-bit words: MPI_Op with its datatype.
///
/// The function runs inside MPI: it must not call MPI, allocate, lock or fail. Grouping is the
/// library's to choose, so it must be associative.
///
/// Operations in flight keep what they need of it, so a value may die before they are complete.
///
/// - Note: MPI 3.1, 5.9.5; the block is a datatype of MPI_Type_contiguous, 4.1.2.
@safe
public struct UserReduction: ~Copyable {
  /// Joins blocks: `accumulated[i] = incoming[i] ⊕ accumulated[i]` for each block.
  ///
  /// The parameters are the incoming blocks, the accumulated ones which are overwritten, the number
  /// of blocks, and the bytes of one block.
  public typealias Combine =
    @convention(c) (
      _ incoming: UnsafeRawPointer, _ accumulated: UnsafeMutableRawPointer, _ blockCount: Int,
      _ blockBytes: Int
    ) -> Void

  /// The number of words in one block.
  public let wordsPerBlock: Int
  /// What is freed at the end; operations in flight keep it too.
  let resource: ReductionResource

  /// Makes a reduction.
  ///
  /// - Parameters:
  ///   - wordsPerBlock: The words that the function takes as one unit; a message is never divided
  ///     within a block.
  ///   - isCommutative: Whether `incoming` and `accumulated` may change places.
  ///   - combine: The function; it captures nothing.
  /// - Precondition: `wordsPerBlock` is positive.
  /// - Note: Local. MPI_Op_create, MPI_Type_contiguous, MPI_Type_commit.
  public init(
    wordsPerBlock: Int, isCommutative: Bool, combine: Combine
  ) throws(MPIError) {
    precondition(wordsPerBlock > 0, "a block has at least one word")
    let wordCount = try checkedCount(
      wordsPerBlock, limit: Int(CInt.max) / MemoryLayout<UInt64>.size, "MPI_Type_contiguous")
    let key = try combineKey.get()
    var operation = unsafe CMPI_OP_NULL()
    var blockType = unsafe CMPI_DATATYPE_NULL()
    do throws(MPIError) {
      try unsafe check(
        MPI_Op_create(
          { incoming, accumulated, count, datatype in
            guard let incoming = unsafe incoming, let accumulated = unsafe accumulated,
              let count = unsafe count, let datatype = unsafe datatype
            else { return }
            unsafe combineBlocks(
              incoming, accumulated, Int(count.pointee), CMPIDatatype(value: datatype.pointee))
          }, isCommutative ? 1 : 0, &operation.value),
        "MPI_Op_create")
      try unsafe check(
        MPI_Type_contiguous(wordCount, CMPI_UINT64_T().value, &blockType.value),
        "MPI_Type_contiguous")
      try unsafe check(MPI_Type_commit(&blockType.value), "MPI_Type_commit")
      try unsafe check(
        MPI_Type_set_attr(
          blockType.value, key, unsafeBitCast(combine, to: UnsafeMutableRawPointer.self)),
        "MPI_Type_set_attr")
    } catch {
      if unsafe operation.value != CMPI_OP_NULL().value {
        _ = unsafe MPI_Op_free(&operation.value)
      }
      if unsafe blockType.value != CMPI_DATATYPE_NULL().value {
        _ = unsafe MPI_Type_free(&blockType.value)
      }
      throw error
    }
    self.wordsPerBlock = wordsPerBlock
    unsafe resource = ReductionResource(operation: operation, blockType: blockType)
  }
}

/// The handles of a reduction, freed when neither its owner nor an operation in flight needs them.
@safe
final class ReductionResource {
  let operation: CMPIOp
  let blockType: CMPIDatatype

  init(operation: CMPIOp, blockType: CMPIDatatype) {
    unsafe self.operation = unsafe operation
    unsafe self.blockType = unsafe blockType
  }

  deinit {
    guard MPI.isRunning else { return }
    var operation = unsafe operation
    var blockType = unsafe blockType
    _ = unsafe MPI_Op_free(&operation.value)
    _ = unsafe MPI_Type_free(&blockType.value)
  }
}

/// The key under which the datatype of a reduction carries its function.
///
/// MPI hands the datatype to the C function of an operation, and nothing else that could tell one
/// Swift function from another. The key is made once, at the first reduction, and lasts.
private let combineKey: Result<CInt, MPIError> = .init { () throws(MPIError) in
  var key: CInt = 0
  try unsafe check(
    MPI_Type_create_keyval(CMPI_TYPE_DUP_FN(), CMPI_TYPE_NULL_DELETE_FN(), &key, nil),
    "MPI_Type_create_keyval")
  return key
}

/// Finds the Swift function and the size of a block in the datatype, and calls the function.
private func combineBlocks(
  _ incoming: UnsafeMutableRawPointer, _ accumulated: UnsafeMutableRawPointer, _ count: Int,
  _ datatype: CMPIDatatype
) {
  var blockBytes: CInt = 0
  var function: UnsafeMutableRawPointer?
  var isFound: CInt = 0
  guard case .success(let key) = combineKey,
    unsafe MPI_Type_size(datatype.value, &blockBytes) == CMPI_SUCCESS(),
    unsafe MPI_Type_get_attr(datatype.value, key, &function, &isFound) == CMPI_SUCCESS(),
    isFound != 0, let function = unsafe function
  else { fatalError("a reduction was called with a datatype that is not its own") }
  let combine = unsafe unsafeBitCast(function, to: UserReduction.Combine.self)
  unsafe combine(incoming, accumulated, count, Int(blockBytes))
}
