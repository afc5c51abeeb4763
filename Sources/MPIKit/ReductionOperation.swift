internal import CMPIShim

/// How a reduction joins the elements of the ranks.
///
/// Sums and products of floating-point numbers depend on the order, which is the library's to
/// choose; all others give the same bits always.
///
/// - Note: MPI 3.1, 5.9.2.
public enum ReductionOperation: Sendable {
  /// MPI_SUM.
  case sum
  /// MPI_PROD.
  case product
  /// MPI_MIN.
  case min
  /// MPI_MAX.
  case max
  /// MPI_BAND; integers only.
  case bitwiseAnd
  /// MPI_BOR; integers only.
  case bitwiseOr
  /// MPI_BXOR; integers only.
  case bitwiseXor

  var handle: CMPIOp {
    switch self {
    case .sum: unsafe CMPI_SUM()
    case .product: unsafe CMPI_PROD()
    case .min: unsafe CMPI_MIN()
    case .max: unsafe CMPI_MAX()
    case .bitwiseAnd: unsafe CMPI_BAND()
    case .bitwiseOr: unsafe CMPI_BOR()
    case .bitwiseXor: unsafe CMPI_BXOR()
    }
  }
}
