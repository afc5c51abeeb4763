// What Swift cannot see of <mpi.h>, as functions.
//
// The standard leaves open whether handles and constants are macros, enumerators or addresses, and
// MPI libraries differ. Each function below names one of them; nothing else belongs here.
//
// Handles are numbers in one library and addresses in another. Here they are structs, which Swift
// takes for unsafe whatever is in them, so that one source fits all libraries.
#ifndef CMPISHIM_H
#define CMPISHIM_H

// For mallopt, which the module Glibc leaves out.
#include <malloc.h>
#include <mpi.h>
#if defined(OPEN_MPI) && __has_include(<mpi-ext.h>)
#include <mpi-ext.h>
#endif

#define CMPI_HANDLE(name, type) \
  typedef struct __attribute__((swift_attr("@unsafe"))) name { \
    type value; \
  } name
CMPI_HANDLE(CMPIComm, MPI_Comm);
CMPI_HANDLE(CMPIDatatype, MPI_Datatype);
CMPI_HANDLE(CMPIOp, MPI_Op);
CMPI_HANDLE(CMPIRequest, MPI_Request);
CMPI_HANDLE(CMPIWin, MPI_Win);

// Communicators and their kinds
static inline CMPIComm CMPI_COMM_WORLD(void) { return (CMPIComm){MPI_COMM_WORLD}; }
static inline CMPIComm CMPI_COMM_SELF(void) { return (CMPIComm){MPI_COMM_SELF}; }
static inline CMPIComm CMPI_COMM_NULL(void) { return (CMPIComm){MPI_COMM_NULL}; }
static inline int CMPI_COMM_TYPE_SHARED(void) { return MPI_COMM_TYPE_SHARED; }
static inline int CMPI_UNDEFINED(void) { return MPI_UNDEFINED; }
static inline MPI_Info CMPI_INFO_NULL(void) { return MPI_INFO_NULL; }

// Errors
static inline MPI_Errhandler CMPI_ERRORS_RETURN(void) { return MPI_ERRORS_RETURN; }
static inline int CMPI_SUCCESS(void) { return MPI_SUCCESS; }
static inline int CMPI_ERR_COUNT(void) { return MPI_ERR_COUNT; }
static inline int CMPI_ERR_OP(void) { return MPI_ERR_OP; }
static inline int CMPI_ERR_RANK(void) { return MPI_ERR_RANK; }
static inline int CMPI_ERR_ROOT(void) { return MPI_ERR_ROOT; }
static inline int CMPI_ERR_TRUNCATE(void) { return MPI_ERR_TRUNCATE; }
static inline int CMPI_ERR_IN_STATUS(void) { return MPI_ERR_IN_STATUS; }
static inline int CMPI_MAX_ERROR_STRING(void) { return MPI_MAX_ERROR_STRING; }

// Failures of processes: ULFM, an extension that Open MPI has from version 5 on
#if defined(OMPI_HAVE_MPI_EXT_FTMPI)
#define CMPI_WITH_ULFM(code) (code)
#else
#define CMPI_WITH_ULFM(code) MPI_ERR_UNSUPPORTED_OPERATION
#endif
static inline int CMPI_ERR_PROC_FAILED(void) { return CMPI_WITH_ULFM(MPIX_ERR_PROC_FAILED); }
static inline int CMPI_ERR_REVOKED(void) { return CMPI_WITH_ULFM(MPIX_ERR_REVOKED); }
static inline int CMPI_Comm_revoke(CMPIComm ranks) {
  return CMPI_WITH_ULFM(MPIX_Comm_revoke(ranks.value));
}
static inline int CMPI_Comm_agree(CMPIComm ranks, int *flag) {
  return CMPI_WITH_ULFM(MPIX_Comm_agree(ranks.value, flag));
}
static inline int CMPI_Comm_shrink(CMPIComm ranks, CMPIComm *rest) {
  return CMPI_WITH_ULFM(MPIX_Comm_shrink(ranks.value, &rest->value));
}

/// Whether the library has ULFM.
static inline int CMPI_HAS_ULFM(void) { return CMPI_WITH_ULFM(MPI_SUCCESS) == MPI_SUCCESS; }

/// Whether the launcher was told to use it.
static inline int CMPI_ULFM_IS_ENABLED(void) {
#if defined(OMPI_HAVE_MPI_EXT_FTMPI)
  int *value = 0;
  int isFound = 0;
  int code = MPI_Comm_get_attr(MPI_COMM_WORLD, MPIX_FT, &value, &isFound);
  return code == MPI_SUCCESS && isFound && *value;
#else
  return 0;
#endif
}

/// Whether a rank of these is known to be dead.
static inline int CMPI_Comm_has_dead(CMPIComm ranks) {
#if defined(OMPI_HAVE_MPI_EXT_FTMPI)
  MPI_Group dead = MPI_GROUP_NULL;
  int count = 0;
  if (!CMPI_ULFM_IS_ENABLED()) return 0;
  if (MPIX_Comm_get_failed(ranks.value, &dead) != MPI_SUCCESS) return 0;
  MPI_Group_size(dead, &count);
  MPI_Group_free(&dead);
  return count > 0;
#else
  (void)ranks;
  return 0;
#endif
}

// Thread levels
static inline int CMPI_THREAD_SINGLE(void) { return MPI_THREAD_SINGLE; }
static inline int CMPI_THREAD_FUNNELED(void) { return MPI_THREAD_FUNNELED; }
static inline int CMPI_THREAD_SERIALIZED(void) { return MPI_THREAD_SERIALIZED; }
static inline int CMPI_THREAD_MULTIPLE(void) { return MPI_THREAD_MULTIPLE; }

// Special addresses
static inline void *CMPI_IN_PLACE(void) { return MPI_IN_PLACE; }
static inline MPI_Status *CMPI_STATUS_IGNORE(void) { return MPI_STATUS_IGNORE; }

// Datatypes
static inline CMPIDatatype CMPI_DATATYPE_NULL(void) { return (CMPIDatatype){MPI_DATATYPE_NULL}; }
static inline CMPIDatatype CMPI_FLOAT(void) { return (CMPIDatatype){MPI_FLOAT}; }
static inline CMPIDatatype CMPI_DOUBLE(void) { return (CMPIDatatype){MPI_DOUBLE}; }
static inline CMPIDatatype CMPI_INT8_T(void) { return (CMPIDatatype){MPI_INT8_T}; }
static inline CMPIDatatype CMPI_UINT8_T(void) { return (CMPIDatatype){MPI_UINT8_T}; }
static inline CMPIDatatype CMPI_INT32_T(void) { return (CMPIDatatype){MPI_INT32_T}; }
static inline CMPIDatatype CMPI_UINT32_T(void) { return (CMPIDatatype){MPI_UINT32_T}; }
static inline CMPIDatatype CMPI_INT64_T(void) { return (CMPIDatatype){MPI_INT64_T}; }
static inline CMPIDatatype CMPI_UINT64_T(void) { return (CMPIDatatype){MPI_UINT64_T}; }
static inline MPI_Type_copy_attr_function *CMPI_TYPE_DUP_FN(void) { return MPI_TYPE_DUP_FN; }
static inline MPI_Type_delete_attr_function *CMPI_TYPE_NULL_DELETE_FN(void) {
  return MPI_TYPE_NULL_DELETE_FN;
}

// Reductions
static inline CMPIOp CMPI_OP_NULL(void) { return (CMPIOp){MPI_OP_NULL}; }
static inline CMPIOp CMPI_SUM(void) { return (CMPIOp){MPI_SUM}; }
static inline CMPIOp CMPI_PROD(void) { return (CMPIOp){MPI_PROD}; }
static inline CMPIOp CMPI_MIN(void) { return (CMPIOp){MPI_MIN}; }
static inline CMPIOp CMPI_MAX(void) { return (CMPIOp){MPI_MAX}; }
static inline CMPIOp CMPI_BAND(void) { return (CMPIOp){MPI_BAND}; }
static inline CMPIOp CMPI_BOR(void) { return (CMPIOp){MPI_BOR}; }
static inline CMPIOp CMPI_BXOR(void) { return (CMPIOp){MPI_BXOR}; }

// Windows
static inline CMPIWin CMPI_WIN_NULL(void) { return (CMPIWin){MPI_WIN_NULL}; }
static inline int CMPI_MODE_NOCHECK(void) { return MPI_MODE_NOCHECK; }
static inline int CMPI_ERR_RMA_SHARED(void) { return MPI_ERR_RMA_SHARED; }

/// Whether what one process stores in a window is what another one loads, without calls of MPI.
static inline int CMPI_WIN_IS_UNIFIED(CMPIWin window) {
  int *model = 0;
  int isFound = 0;
  int code = MPI_Win_get_attr(window.value, MPI_WIN_MODEL, &model, &isFound);
  return code == MPI_SUCCESS && isFound && *model == MPI_WIN_UNIFIED;
}

// Requests
static inline CMPIRequest CMPI_REQUEST_NULL(void) { return (CMPIRequest){MPI_REQUEST_NULL}; }
static inline MPI_Request *CMPI_REQUESTS(CMPIRequest *requests) { return &requests->value; }

// Limits and names
static inline int CMPI_MAX_LIBRARY_VERSION_STRING(void) { return MPI_MAX_LIBRARY_VERSION_STRING; }
static inline int CMPI_MAX_PROCESSOR_NAME(void) { return MPI_MAX_PROCESSOR_NAME; }

/// The MPI library whose header this is, as its version string names it; empty when unknown.
static inline const char *CMPI_HEADER_LIBRARY(void) {
#if defined(OPEN_MPI)
  return "Open MPI";
#elif defined(I_MPI_VERSION)
  return "Intel(R) MPI";
#elif defined(MPICH_VERSION)
  return "MPICH";
#else
  return "";
#endif
}

#endif
