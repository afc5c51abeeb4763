// What Swift cannot see of oneDNN, and what differs between oneDNN 2.6 and 3.x.
//
// Every function creates one object from plain numbers; what it needs in between it frees itself.
// `signum_…_describe` describes an operation between memory of given formats; `hint` is the
// description of the forward pass where a backward pass is described, NULL otherwise.
#pragma once
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <stdint.h>
#include <stdlib.h>

/// The passes of an operation.
typedef enum {
  signum_training,
  signum_inference,
  signum_backward_data,
  signum_backward_weights,
} signum_pass_t;

// The shape, layout and type of numbers in memory: a struct in 2.6, kept on the heap here; a handle
// in 3.x.
#if DNNL_VERSION_MAJOR < 3
typedef dnnl_memory_desc_t *signum_format_t;
static inline void signum_format_destroy(signum_format_t format) { free(format); }
static inline dnnl_status_t signum_format_keep(
    signum_format_t *format, const dnnl_memory_desc_t *made) {
  *format = malloc(sizeof **format);
  if (!*format) return dnnl_out_of_memory;
  **format = *made;
  return dnnl_success;
}
#else
typedef dnnl_memory_desc_t signum_format_t;
static inline void signum_format_destroy(signum_format_t format) {
  dnnl_memory_desc_destroy(format);
}
#endif

// Memory of 1 to 4 dimensions in a layout that has a name.
static inline dnnl_status_t signum_format_of_tag(
    signum_format_t *format, int count, const int64_t *shape, dnnl_data_type_t type,
    dnnl_format_tag_t tag) {
  dnnl_dims_t dims = {0};
  for (int i = 0; i < count; i++) dims[i] = shape[i];
#if DNNL_VERSION_MAJOR < 3
  dnnl_memory_desc_t made;
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(&made, count, dims, type, tag);
  return status == dnnl_success ? signum_format_keep(format, &made) : status;
#else
  return dnnl_memory_desc_create_with_tag(format, count, dims, type, tag);
#endif
}

/// Plain, row-major memory of 1 to 4 dimensions, or `any`: the layout that an operation likes best; of
/// Float32 or of bfloat16.
static inline dnnl_status_t signum_format_create(
    signum_format_t *format, int count, const int64_t *shape, int bf16, int any) {
  static const dnnl_format_tag_t plain[] = {dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd};
  if (count < 1 || count > 4) return dnnl_invalid_arguments;
  return signum_format_of_tag(
      format, count, shape, bf16 ? dnnl_bf16 : dnnl_f32,
      any ? dnnl_format_tag_any : plain[count - 1]);
}

/// Memory of 1 to 4 dimensions with the numbers between neighbours in each; of Float32 or of bfloat16.
static inline dnnl_status_t signum_strided_format_create(
    signum_format_t *format, int count, const int64_t *shape, const int64_t *strides, int bf16) {
  dnnl_dims_t dims = {0}, steps = {0};
  if (count < 1 || count > 4) return dnnl_invalid_arguments;
  for (int i = 0; i < count; i++) dims[i] = shape[i], steps[i] = strides[i];
  dnnl_data_type_t type = bf16 ? dnnl_bf16 : dnnl_f32;
#if DNNL_VERSION_MAJOR < 3
  dnnl_memory_desc_t made;
  dnnl_status_t status = dnnl_memory_desc_init_by_strides(&made, count, dims, type, steps);
  return status == dnnl_success ? signum_format_keep(format, &made) : status;
#else
  return dnnl_memory_desc_create_with_strides(format, count, dims, type, steps);
#endif
}

/// Layouts of images, N x channels x rows x columns.
typedef enum {
  signum_plain_image,
  signum_channels_by_8,
  signum_channels_by_16,
  signum_channels_last,
} signum_image_layout_t;

/// Memory of images of Float32 in a layout.
static inline dnnl_status_t signum_image_format_create(
    signum_format_t *format, const int64_t *shape, signum_image_layout_t layout) {
  static const dnnl_format_tag_t tags[] = {dnnl_nchw, dnnl_nChw8c, dnnl_nChw16c, dnnl_nhwc};
  return signum_format_of_tag(format, 4, shape, dnnl_f32, tags[layout]);
}

/// The format that a described operation expects of an operand.
static inline dnnl_status_t signum_format_query(
    signum_format_t *format, dnnl_primitive_desc_t description, dnnl_query_t what, int index) {
#if DNNL_VERSION_MAJOR < 3
  const dnnl_memory_desc_t *found = dnnl_primitive_desc_query_md(description, what, index);
  return found ? signum_format_keep(format, found) : dnnl_invalid_arguments;
#else
  const_dnnl_memory_desc_t found = dnnl_primitive_desc_query_md(description, what, index);
  return found ? dnnl_memory_desc_clone(format, found) : dnnl_invalid_arguments;
#endif
}

// Attributes: Float32 arithmetic whatever the environment asks for, scratch memory from the caller,
// and ReLU behind the operation if wanted.
static inline dnnl_status_t signum_attr_create(dnnl_primitive_attr_t *attr, int relu) {
  dnnl_status_t status = dnnl_primitive_attr_create(attr);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_fpmath_mode(*attr, dnnl_fpmath_mode_strict);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
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

static inline dnnl_prop_kind_t signum_propagation(signum_pass_t pass) {
  return pass == signum_training ? dnnl_forward_training : dnnl_forward_inference;
}

/// destination[n, outputs] = source[n, inputs…] weights[outputs, inputs…]' + bias.
static inline dnnl_status_t signum_inner_product_describe(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, signum_pass_t pass,
    dnnl_primitive_desc_t hint, int relu, signum_format_t source, signum_format_t weights,
    signum_format_t bias, signum_format_t destination) {
  dnnl_primitive_attr_t attr;
  dnnl_status_t status = signum_attr_create(&attr, relu);
  if (status != dnnl_success) return status;
#if DNNL_VERSION_MAJOR < 3
  dnnl_inner_product_desc_t operation;
  if (pass == signum_backward_data)
    status = dnnl_inner_product_backward_data_desc_init(&operation, source, weights, destination);
  else if (pass == signum_backward_weights)
    status = dnnl_inner_product_backward_weights_desc_init(
        &operation, source, weights, bias, destination);
  else
    status = dnnl_inner_product_forward_desc_init(
        &operation, signum_propagation(pass), source, weights, bias, destination);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(made, &operation, attr, engine, hint);
#else
  if (pass == signum_backward_data)
    status = dnnl_inner_product_backward_data_primitive_desc_create(
        made, engine, source, weights, destination, hint, attr);
  else if (pass == signum_backward_weights)
    status = dnnl_inner_product_backward_weights_primitive_desc_create(
        made, engine, source, weights, bias, destination, hint, attr);
  else
    status = dnnl_inner_product_forward_primitive_desc_create(
        made, engine, signum_propagation(pass), source, weights, bias, destination, attr);
#endif
  dnnl_primitive_attr_destroy(attr);
  return status;
}

// A convolution by an algorithm; forward as in training for inference too, where some algorithms would
// take images in another layout than others.
static inline dnnl_status_t signum_convolution_describe_by(
    dnnl_alg_kind_t algorithm, dnnl_primitive_desc_t *made, dnnl_engine_t engine,
    signum_pass_t pass, dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
    signum_format_t source, signum_format_t weights, signum_format_t bias,
    signum_format_t destination, int64_t stride, int64_t padding) {
  dnnl_dims_t strides = {stride, stride}, pads = {padding, padding};
#if DNNL_VERSION_MAJOR < 3
  dnnl_status_t status;
  dnnl_convolution_desc_t operation;
  if (pass == signum_backward_data)
    status = dnnl_convolution_backward_data_desc_init(
        &operation, algorithm, source, weights, destination, strides, pads, pads);
  else if (pass == signum_backward_weights)
    status = dnnl_convolution_backward_weights_desc_init(
        &operation, algorithm, source, weights, bias, destination, strides, pads, pads);
  else
    status = dnnl_convolution_forward_desc_init(
        &operation, dnnl_forward_training, algorithm, source, weights, bias, destination, strides,
        pads, pads);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(made, &operation, attr, engine, hint);
#else
  dnnl_dims_t dense = {0, 0};
  if (pass == signum_backward_data)
    return dnnl_convolution_backward_data_primitive_desc_create(
        made, engine, algorithm, source, weights, destination, strides, dense, pads, pads, hint,
        attr);
  if (pass == signum_backward_weights)
    return dnnl_convolution_backward_weights_primitive_desc_create(
        made, engine, algorithm, source, weights, bias, destination, strides, dense, pads, pads,
        hint, attr);
  return dnnl_convolution_forward_primitive_desc_create(
      made, engine, dnnl_forward_training, algorithm, source, weights, bias, destination, strides,
      dense, pads, pads, attr);
#endif
}

/// A two-dimensional convolution, the same in both directions; `bias` may be NULL.
///
/// With `winograd` by Winograd's algorithm where this processor has one for the shapes.
static inline dnnl_status_t signum_convolution_describe(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, signum_pass_t pass,
    dnnl_primitive_desc_t hint, int winograd, int relu, signum_format_t source,
    signum_format_t weights, signum_format_t bias, signum_format_t destination, int64_t stride,
    int64_t padding) {
  dnnl_primitive_attr_t attr;
  dnnl_status_t status = signum_attr_create(&attr, relu);
  if (status != dnnl_success) return status;
  status = dnnl_unimplemented;
  if (winograd)
    status = signum_convolution_describe_by(
        dnnl_convolution_winograd, made, engine, pass, hint, attr, source, weights, bias,
        destination, stride, padding);
  if (status == dnnl_unimplemented)
    status = signum_convolution_describe_by(
        dnnl_convolution_direct, made, engine, pass, hint, attr, source, weights, bias,
        destination, stride, padding);
  dnnl_primitive_attr_destroy(attr);
  return status;
}

/// The mean over windows of rows x columns, padding counted as zeros.
static inline dnnl_status_t signum_pooling_describe(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, signum_pass_t pass,
    dnnl_primitive_desc_t hint, signum_format_t source, signum_format_t destination,
    int64_t rows, int64_t columns, int64_t stride, int64_t padding) {
  dnnl_primitive_attr_t attr;
  dnnl_status_t status = signum_attr_create(&attr, 0);
  if (status != dnnl_success) return status;
  dnnl_alg_kind_t kind = dnnl_pooling_avg_include_padding;
  dnnl_dims_t strides = {stride, stride}, kernel = {rows, columns}, pads = {padding, padding};
#if DNNL_VERSION_MAJOR < 3
  dnnl_pooling_desc_t operation;
  if (pass == signum_backward_data)
    status = dnnl_pooling_backward_desc_init(
        &operation, kind, source, destination, strides, kernel, pads, pads);
  else
    status = dnnl_pooling_forward_desc_init(
        &operation, signum_propagation(pass), kind, source, destination, strides, kernel, pads,
        pads);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(made, &operation, attr, engine, hint);
#else
  dnnl_dims_t dense = {0, 0};
  if (pass == signum_backward_data)
    status = dnnl_pooling_backward_primitive_desc_create(
        made, engine, kind, source, destination, strides, kernel, dense, pads, pads, hint, attr);
  else
    status = dnnl_pooling_forward_primitive_desc_create(
        made, engine, signum_propagation(pass), kind, source, destination, strides, kernel, dense,
        pads, pads, attr);
#endif
  dnnl_primitive_attr_destroy(attr);
  return status;
}

/// Batch normalization with scale and shift, with ReLU behind it if wanted.
///
/// Training forms mean and variance of the batch, inference takes those it is given.
static inline dnnl_status_t signum_batch_normalization_describe(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, signum_pass_t pass,
    dnnl_primitive_desc_t hint, int relu, signum_format_t data, float epsilon) {
  dnnl_primitive_attr_t attr;
  dnnl_status_t status = signum_attr_create(&attr, 0);
  if (status != dnnl_success) return status;
  unsigned flags = dnnl_use_scale | dnnl_use_shift;
  if (relu) flags |= dnnl_fuse_norm_relu;
  if (pass == signum_inference) flags |= dnnl_use_global_stats;
#if DNNL_VERSION_MAJOR < 3
  dnnl_batch_normalization_desc_t operation;
  if (pass == signum_backward_data)
    status = dnnl_batch_normalization_backward_desc_init(
        &operation, dnnl_backward, data, data, epsilon, flags);
  else
    status = dnnl_batch_normalization_forward_desc_init(
        &operation, signum_propagation(pass), data, epsilon, flags);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(made, &operation, attr, engine, hint);
#else
  if (pass == signum_backward_data)
    status = dnnl_batch_normalization_backward_primitive_desc_create(
        made, engine, dnnl_backward, data, data, data, epsilon, flags, hint, attr);
  else
    status = dnnl_batch_normalization_forward_primitive_desc_create(
        made, engine, signum_propagation(pass), data, data, epsilon, flags, attr);
#endif
  dnnl_primitive_attr_destroy(attr);
  return status;
}

/// ReLU, whose backward pass reads the outputs.
static inline dnnl_status_t signum_relu_describe(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, signum_pass_t pass,
    dnnl_primitive_desc_t hint, signum_format_t data) {
  dnnl_primitive_attr_t attr;
  dnnl_status_t status = signum_attr_create(&attr, 0);
  if (status != dnnl_success) return status;
  dnnl_alg_kind_t kind = dnnl_eltwise_relu_use_dst_for_bwd;
#if DNNL_VERSION_MAJOR < 3
  dnnl_eltwise_desc_t operation;
  if (pass == signum_backward_data)
    status = dnnl_eltwise_backward_desc_init(&operation, kind, data, data, 0.0f, 0.0f);
  else
    status = dnnl_eltwise_forward_desc_init(
        &operation, signum_propagation(pass), kind, data, 0.0f, 0.0f);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(made, &operation, attr, engine, hint);
#else
  if (pass == signum_backward_data)
    status = dnnl_eltwise_backward_primitive_desc_create(
        made, engine, kind, data, data, data, 0.0f, 0.0f, hint, attr);
  else
    status = dnnl_eltwise_forward_primitive_desc_create(
        made, engine, signum_propagation(pass), kind, data, data, 0.0f, 0.0f, attr);
#endif
  dnnl_primitive_attr_destroy(attr);
  return status;
}

/// Layer normalization of rows, with scale and shift; `statistics` are as many numbers as rows.
static inline dnnl_status_t signum_layer_normalization_describe(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, signum_pass_t pass,
    dnnl_primitive_desc_t hint, signum_format_t data, signum_format_t statistics, float epsilon) {
  dnnl_primitive_attr_t attr;
  dnnl_status_t status = signum_attr_create(&attr, 0);
  if (status != dnnl_success) return status;
  unsigned flags = dnnl_use_scale | dnnl_use_shift;
#if DNNL_VERSION_MAJOR < 3
  dnnl_layer_normalization_desc_t operation;
  if (pass == signum_backward_data)
    status = dnnl_layer_normalization_backward_desc_init(
        &operation, dnnl_backward, data, data, statistics, epsilon, flags);
  else
    status = dnnl_layer_normalization_forward_desc_init(
        &operation, signum_propagation(pass), data, statistics, epsilon, flags);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(made, &operation, attr, engine, hint);
#else
  if (pass == signum_backward_data)
    status = dnnl_layer_normalization_backward_primitive_desc_create(
        made, engine, dnnl_backward, data, data, data, statistics, epsilon, flags, hint, attr);
  else
    status = dnnl_layer_normalization_forward_primitive_desc_create(
        made, engine, signum_propagation(pass), data, data, statistics, epsilon, flags, attr);
#endif
  dnnl_primitive_attr_destroy(attr);
  return status;
}

/// The sum of two tensors, with ReLU behind it if wanted.
static inline dnnl_status_t signum_sum_describe(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, int relu, signum_format_t data) {
  dnnl_primitive_attr_t attr;
  dnnl_status_t status = signum_attr_create(&attr, relu);
  if (status != dnnl_success) return status;
#if DNNL_VERSION_MAJOR < 3
  dnnl_binary_desc_t operation;
  status = dnnl_binary_desc_init(&operation, dnnl_binary_add, data, data, data);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(made, &operation, attr, engine, NULL);
#else
  status = dnnl_binary_primitive_desc_create(made, engine, dnnl_binary_add, data, data, data, attr);
#endif
  dnnl_primitive_attr_destroy(attr);
  return status;
}

/// destination[m, n] = source[m, k] weights[k, n].
static inline dnnl_status_t signum_matmul_describe(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, signum_format_t source,
    signum_format_t weights, signum_format_t destination) {
  dnnl_primitive_attr_t attr;
  dnnl_status_t status = signum_attr_create(&attr, 0);
  if (status != dnnl_success) return status;
#if DNNL_VERSION_MAJOR < 3
  dnnl_matmul_desc_t operation;
  status = dnnl_matmul_desc_init(&operation, source, weights, NULL, destination);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(made, &operation, attr, engine, NULL);
#else
  status = dnnl_matmul_primitive_desc_create(
      made, engine, source, weights, NULL, destination, attr);
#endif
  dnnl_primitive_attr_destroy(attr);
  return status;
}

/// A copy from one layout to another.
static inline dnnl_status_t signum_reorder_describe(
    dnnl_primitive_desc_t *made, dnnl_engine_t engine, signum_format_t from, signum_format_t to) {
  dnnl_primitive_attr_t attr;
  dnnl_status_t status = signum_attr_create(&attr, 0);
  if (status != dnnl_success) return status;
  status = dnnl_reorder_primitive_desc_create(made, from, engine, to, engine, attr);
  dnnl_primitive_attr_destroy(attr);
  return status;
}

/// Sets the calling thread's OpenMP threads; 0 where no OpenMP runtime is in the process.
static inline int signum_set_threads(int count) {
  void (*set)(int) = (void (*)(int))dlsym((void *)0, "omp_set_num_threads");
  if (!set) return 0;
  set(count);
  return 1;
}

/// The operands of operations, whose names Swift does not import.
enum {
  signum_source = DNNL_ARG_SRC,
  signum_second_source = DNNL_ARG_SRC_1,
  signum_weights = DNNL_ARG_WEIGHTS,
  signum_bias = DNNL_ARG_BIAS,
  signum_destination = DNNL_ARG_DST,
  signum_mean = DNNL_ARG_MEAN,
  signum_variance = DNNL_ARG_VARIANCE,
  signum_scale = DNNL_ARG_SCALE,
  signum_shift = DNNL_ARG_SHIFT,
  signum_workspace = DNNL_ARG_WORKSPACE,
  signum_scratchpad = DNNL_ARG_SCRATCHPAD,
  signum_diff_source = DNNL_ARG_DIFF_SRC,
  signum_diff_weights = DNNL_ARG_DIFF_WEIGHTS,
  signum_diff_bias = DNNL_ARG_DIFF_BIAS,
  signum_diff_destination = DNNL_ARG_DIFF_DST,
  signum_diff_scale = DNNL_ARG_DIFF_SCALE,
  signum_diff_shift = DNNL_ARG_DIFF_SHIFT,
};
