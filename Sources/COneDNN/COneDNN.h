// What Swift cannot see of oneDNN, and what differs between oneDNN 2.6 and 3.x.
//
// Every function creates one object from plain numbers; what it needs in between it frees itself.
#pragma once
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <stdint.h>

/// The passes of an inner product.
typedef enum {
  signum_forward,
  signum_forward_relu,
  signum_backward_data,
  signum_backward_weights,
} signum_pass_t;

// A description of plain, row-major Float32: a struct in 2.6, a handle in 3.x.
typedef dnnl_memory_desc_t signum_plain_t;
#if DNNL_VERSION_MAJOR < 3
#define SIGNUM_DESC(plain) (&(plain))
static inline void signum_plain_destroy(signum_plain_t *plain) { (void)plain; }
#else
#define SIGNUM_DESC(plain) (plain)
static inline void signum_plain_destroy(signum_plain_t *plain) { dnnl_memory_desc_destroy(*plain); }
#endif

// `first` x `second` numbers, or a vector where `second` is 0.
static inline dnnl_status_t signum_plain_create(
    signum_plain_t *plain, int64_t first, int64_t second) {
  dnnl_dims_t dims = {first, second};
  int ndims = second > 0 ? 2 : 1;
  dnnl_format_tag_t tag = second > 0 ? dnnl_ab : dnnl_a;
#if DNNL_VERSION_MAJOR < 3
  return dnnl_memory_desc_init_by_tag(plain, ndims, dims, dnnl_f32, tag);
#else
  return dnnl_memory_desc_create_with_tag(plain, ndims, dims, dnnl_f32, tag);
#endif
}

/// A memory object without memory: set its data handle before use.
static inline dnnl_status_t signum_memory_create(
    dnnl_memory_t *memory, dnnl_engine_t engine, int64_t first, int64_t second) {
  signum_plain_t plain;
  dnnl_status_t status = signum_plain_create(&plain, first, second);
  if (status != dnnl_success) return status;
  status = dnnl_memory_create(memory, SIGNUM_DESC(plain), engine, DNNL_MEMORY_NONE);
  signum_plain_destroy(&plain);
  return status;
}

// Attributes: Float32 arithmetic whatever the environment asks for, and ReLU if wanted.
static inline dnnl_status_t signum_attr_create(dnnl_primitive_attr_t *attr, int relu) {
  dnnl_status_t status = dnnl_primitive_attr_create(attr);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_fpmath_mode(*attr, dnnl_fpmath_mode_strict);
  dnnl_post_ops_t ops = NULL;
  if (status == dnnl_success && relu) {
    status = dnnl_post_ops_create(&ops);
    if (status == dnnl_success) {
#if DNNL_VERSION_MAJOR < 3
      status = dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
#else
      status = dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0.0f, 0.0f);
#endif
    }
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attr, ops);
    if (ops) dnnl_post_ops_destroy(ops);
  }
  if (status != dnnl_success) dnnl_primitive_attr_destroy(*attr);
  return status;
}

// The description of one pass; `hint` is the forward pass's, for the backward passes.
static inline dnnl_status_t signum_inner_product_describe(
    dnnl_primitive_desc_t *description, dnnl_engine_t engine, signum_pass_t pass,
    dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr, signum_plain_t *source,
    signum_plain_t *weights, signum_plain_t *bias, signum_plain_t *destination) {
#if DNNL_VERSION_MAJOR < 3
  dnnl_inner_product_desc_t operation;
  dnnl_status_t status;
  if (pass == signum_backward_data)
    status = dnnl_inner_product_backward_data_desc_init(&operation, source, weights, destination);
  else if (pass == signum_backward_weights)
    status = dnnl_inner_product_backward_weights_desc_init(
        &operation, source, weights, bias, destination);
  else
    status = dnnl_inner_product_forward_desc_init(
        &operation, dnnl_forward_training, source, weights, bias, destination);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(description, &operation, attr, engine, hint);
#else
  if (pass == signum_backward_data)
    return dnnl_inner_product_backward_data_primitive_desc_create(
        description, engine, *source, *weights, *destination, hint, attr);
  if (pass == signum_backward_weights)
    return dnnl_inner_product_backward_weights_primitive_desc_create(
        description, engine, *source, *weights, *bias, *destination, hint, attr);
  return dnnl_inner_product_forward_primitive_desc_create(
      description, engine, dnnl_forward_training, *source, *weights, *bias, *destination, attr);
#endif
}

static inline dnnl_status_t signum_inner_product_from(
    dnnl_primitive_t *primitive, dnnl_engine_t engine, signum_pass_t pass,
    dnnl_primitive_attr_t attr, signum_plain_t plain[4]) {
  int forward = pass == signum_forward || pass == signum_forward_relu;
  dnnl_primitive_desc_t hint = NULL, description = NULL;
  dnnl_status_t status = dnnl_success;
  if (!forward)
    status = signum_inner_product_describe(&hint, engine, signum_forward, NULL, attr, &plain[0],
                                           &plain[1], &plain[2], &plain[3]);
  if (status == dnnl_success)
    status = signum_inner_product_describe(&description, engine, pass, hint, attr, &plain[0],
                                           &plain[1], &plain[2], &plain[3]);
  if (status == dnnl_success) status = dnnl_primitive_create(primitive, description);
  if (description) dnnl_primitive_desc_destroy(description);
  if (hint) dnnl_primitive_desc_destroy(hint);
  return status;
}

/// One pass of destination[batch, outputs] = source[batch, inputs] weights[outputs, inputs]' + bias.
static inline dnnl_status_t signum_inner_product_create(
    dnnl_primitive_t *primitive, dnnl_engine_t engine, signum_pass_t pass, int64_t batch,
    int64_t inputs, int64_t outputs) {
  int64_t shapes[4][2] = {{batch, inputs}, {outputs, inputs}, {outputs, 0}, {batch, outputs}};
  signum_plain_t plain[4];
  int made = 0;
  dnnl_status_t status = dnnl_success;
  while (made < 4 && status == dnnl_success) {
    status = signum_plain_create(&plain[made], shapes[made][0], shapes[made][1]);
    if (status == dnnl_success) made++;
  }
  dnnl_primitive_attr_t attr;
  if (status == dnnl_success) status = signum_attr_create(&attr, pass == signum_forward_relu);
  if (status == dnnl_success) {
    status = signum_inner_product_from(primitive, engine, pass, attr, plain);
    dnnl_primitive_attr_destroy(attr);
  }
  while (made > 0) signum_plain_destroy(&plain[--made]);
  return status;
}

/// Sets the calling thread's OpenMP threads; 0 where no OpenMP runtime is in the process.
static inline int signum_set_threads(int count) {
  void (*set)(int) = (void (*)(int))dlsym((void *)0, "omp_set_num_threads");
  if (!set) return 0;
  set(count);
  return 1;
}

// Macros, which Swift does not import.
static inline int signum_arg_source(void) { return DNNL_ARG_SRC; }
static inline int signum_arg_weights(void) { return DNNL_ARG_WEIGHTS; }
static inline int signum_arg_bias(void) { return DNNL_ARG_BIAS; }
static inline int signum_arg_destination(void) { return DNNL_ARG_DST; }
static inline int signum_arg_diff_source(void) { return DNNL_ARG_DIFF_SRC; }
static inline int signum_arg_diff_weights(void) { return DNNL_ARG_DIFF_WEIGHTS; }
static inline int signum_arg_diff_bias(void) { return DNNL_ARG_DIFF_BIAS; }
static inline int signum_arg_diff_destination(void) { return DNNL_ARG_DIFF_DST; }
