internal import CMPIShim

/// A number that MPI knows: the elements of all messages.
///
/// The set is closed: `Float`, `Double`, `Int`, and the integers of 8, 32 and 64 bits.
public protocol MPIScalar: BitwiseCopyable, Numeric, Sendable {
  /// Which number it is.
  static var scalarKind: MPIScalarKind { get }
}

/// Names one of the numbers that MPI knows; only MPIKit makes values of it.
public struct MPIScalarKind: Sendable {
  fileprivate enum Kind { case float, double, int8, uint8, int32, uint32, int64, uint64 }
  fileprivate let kind: Kind
}

extension MPIScalar {
  /// The C datatype.
  static var datatype: CMPIDatatype {
    switch scalarKind.kind {
    case .float: unsafe CMPI_FLOAT()
    case .double: unsafe CMPI_DOUBLE()
    case .int8: unsafe CMPI_INT8_T()
    case .uint8: unsafe CMPI_UINT8_T()
    case .int32: unsafe CMPI_INT32_T()
    case .uint32: unsafe CMPI_UINT32_T()
    case .int64: unsafe CMPI_INT64_T()
    case .uint64: unsafe CMPI_UINT64_T()
    }
  }
}

extension Float: MPIScalar {
  /// MPI_FLOAT.
  public static var scalarKind: MPIScalarKind { MPIScalarKind(kind: .float) }
}

extension Double: MPIScalar {
  /// MPI_DOUBLE.
  public static var scalarKind: MPIScalarKind { MPIScalarKind(kind: .double) }
}

extension Int: MPIScalar {
  /// MPI_INT64_T; Swift's `Int` has 64 bits on every machine that MPIKit is built for.
  public static var scalarKind: MPIScalarKind { MPIScalarKind(kind: .int64) }
}

extension Int8: MPIScalar {
  /// MPI_INT8_T.
  public static var scalarKind: MPIScalarKind { MPIScalarKind(kind: .int8) }
}

extension UInt8: MPIScalar {
  /// MPI_UINT8_T.
  public static var scalarKind: MPIScalarKind { MPIScalarKind(kind: .uint8) }
}

extension Int32: MPIScalar {
  /// MPI_INT32_T.
  public static var scalarKind: MPIScalarKind { MPIScalarKind(kind: .int32) }
}

extension UInt32: MPIScalar {
  /// MPI_UINT32_T.
  public static var scalarKind: MPIScalarKind { MPIScalarKind(kind: .uint32) }
}

extension Int64: MPIScalar {
  /// MPI_INT64_T.
  public static var scalarKind: MPIScalarKind { MPIScalarKind(kind: .int64) }
}

extension UInt64: MPIScalar {
  /// MPI_UINT64_T.
  public static var scalarKind: MPIScalarKind { MPIScalarKind(kind: .uint64) }
}
