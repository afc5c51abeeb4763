/* One rank reaches PMIx's fence a second after the others; each prints when it came and when it left.
   MPI_Init ends with such a fence, of no data: whoever leaves it early sends messages to ranks that
   can't take any yet. */
#include <pmix.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

int main(void) {
  pmix_proc_t self;
  if (PMIx_Init(&self, NULL, 0) != PMIX_SUCCESS) return 1;
  if (self.rank == 0) sleep(1);
  double came = seconds();
  if (PMIx_Fence(NULL, 0, NULL, 0) != PMIX_SUCCESS) return 1;
  printf("fence came %.6f left %.6f\n", came, seconds());
  fflush(stdout);
  return PMIx_Finalize(NULL, 0) != PMIX_SUCCESS;
}
