// What Swift cannot see of <mpi.h>, as functions.
//
// The standard leaves open whether handles and constants are macros, enumerators or addresses, and
// MPI libraries differ. Each function below names one of them; nothing else belongs here.
#ifndef CMPISHIM_H
#define CMPISHIM_H

#include <mpi.h>

// Communicators and their kinds
static inline MPI_Comm CMPI_COMM_WORLD(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm CMPI_COMM_SELF(void) { return MPI_COMM_SELF; }
static inline MPI_Comm CMPI_COMM_NULL(void) { return MPI_COMM_NULL; }
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
static inline int CMPI_ERR_PENDING(void) { return MPI_ERR_PENDING; }
static inline int CMPI_MAX_ERROR_STRING(void) { return MPI_MAX_ERROR_STRING; }

// Thread levels
static inline int CMPI_THREAD_SINGLE(void) { return MPI_THREAD_SINGLE; }
static inline int CMPI_THREAD_FUNNELED(void) { return MPI_THREAD_FUNNELED; }
static inline int CMPI_THREAD_SERIALIZED(void) { return MPI_THREAD_SERIALIZED; }
static inline int CMPI_THREAD_MULTIPLE(void) { return MPI_THREAD_MULTIPLE; }

// Special addresses
static inline void *CMPI_IN_PLACE(void) { return MPI_IN_PLACE; }
static inline MPI_Status *CMPI_STATUS_IGNORE(void) { return MPI_STATUS_IGNORE; }

// Datatypes
static inline MPI_Datatype CMPI_DATATYPE_NULL(void) { return MPI_DATATYPE_NULL; }
static inline MPI_Datatype CMPI_FLOAT(void) { return MPI_FLOAT; }
static inline MPI_Datatype CMPI_DOUBLE(void) { return MPI_DOUBLE; }
static inline MPI_Datatype CMPI_INT8_T(void) { return MPI_INT8_T; }
static inline MPI_Datatype CMPI_UINT8_T(void) { return MPI_UINT8_T; }
static inline MPI_Datatype CMPI_INT32_T(void) { return MPI_INT32_T; }
static inline MPI_Datatype CMPI_UINT32_T(void) { return MPI_UINT32_T; }
static inline MPI_Datatype CMPI_INT64_T(void) { return MPI_INT64_T; }
static inline MPI_Datatype CMPI_UINT64_T(void) { return MPI_UINT64_T; }
static inline MPI_Type_copy_attr_function *CMPI_TYPE_DUP_FN(void) { return MPI_TYPE_DUP_FN; }
static inline MPI_Type_delete_attr_function *CMPI_TYPE_NULL_DELETE_FN(void) {
  return MPI_TYPE_NULL_DELETE_FN;
}

// Reductions
static inline MPI_Op CMPI_OP_NULL(void) { return MPI_OP_NULL; }
static inline MPI_Op CMPI_SUM(void) { return MPI_SUM; }
static inline MPI_Op CMPI_PROD(void) { return MPI_PROD; }
static inline MPI_Op CMPI_MIN(void) { return MPI_MIN; }
static inline MPI_Op CMPI_MAX(void) { return MPI_MAX; }
static inline MPI_Op CMPI_BAND(void) { return MPI_BAND; }
static inline MPI_Op CMPI_BOR(void) { return MPI_BOR; }
static inline MPI_Op CMPI_BXOR(void) { return MPI_BXOR; }

// Windows
static inline MPI_Win CMPI_WIN_NULL(void) { return MPI_WIN_NULL; }
static inline int CMPI_MODE_NOCHECK(void) { return MPI_MODE_NOCHECK; }
static inline int CMPI_ERR_RMA_SHARED(void) { return MPI_ERR_RMA_SHARED; }

/// Whether what one process stores in a window is what another one loads, without calls of MPI.
static inline int CMPI_WIN_IS_UNIFIED(MPI_Win window) {
  int *model = 0;
  int isFound = 0;
  int code = MPI_Win_get_attr(window, MPI_WIN_MODEL, &model, &isFound);
  return code == MPI_SUCCESS && isFound && *model == MPI_WIN_UNIFIED;
}

// Requests: a struct, so that Swift sees one name for an array of them whatever a handle is
typedef struct CMPIRequest {
  MPI_Request handle;
} CMPIRequest;
static inline CMPIRequest CMPI_REQUEST_NULL(void) {
  CMPIRequest request = {MPI_REQUEST_NULL};
  return request;
}
static inline MPI_Request *CMPI_REQUESTS(CMPIRequest *requests) { return &requests->handle; }

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
