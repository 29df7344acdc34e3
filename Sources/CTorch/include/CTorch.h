// The seam over libtorch as C sees it: opaque tensors, operators called by name, errors as strings.
//
// Nothing here needs libtorch to compile or to start. `ctorch_open` loads the shared library that holds the
// implementation (`libCTorchLibrary.so`, the only C++ of the project) and returns its table of functions.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A `at::Tensor` on the heap; owned by whoever holds the pointer, freed with `release`.
typedef struct CTorchTensor CTorchTensor;
/// A handle of one operator overload in libtorch's dispatcher; lives as long as the process.
typedef struct CTorchOperator CTorchOperator;

/// What one `CTorchValue` carries. `CTorchDefault` asks for the schema's default.
typedef enum {
  CTorchDefault = 0,
  CTorchNone,
  CTorchTensorValue,
  CTorchInt,
  CTorchDouble,
  CTorchBool,
  CTorchString,
  CTorchIntList,
  CTorchDoubleList,
  CTorchBoolList,
  CTorchTensorList,
  /// `Tensor?[]`: null entries are absent tensors.
  CTorchOptionalTensorList,
  /// Integer: 0 is the CPU, 1 + n the CUDA device n.
  CTorchDevice,
} CTorchKind;

typedef struct {
  CTorchKind kind;
  /// Number of elements of a list.
  int64_t count;
  int64_t integer;
  double number;
  /// A string, or the elements of a list (`int64_t`, `double`, `uint8_t` or `CTorchTensor *`).
  const void *_Nullable pointer;
} CTorchValue;

/// The functions of the seam. Those that can fail return NULL or -1 and leave a message in `last_error`.
/// Every function may be called from any thread; grad mode and thread number belong to the calling thread.
typedef struct {
  const char *_Nonnull (*_Nonnull version)(void);
  const char *_Nonnull (*_Nonnull cpu_capability)(void);
  /// The message of the last failure on this thread.
  const char *_Nonnull (*_Nonnull last_error)(void);
  /// The handle of `name` (such as `aten::add`) and `overload` (such as `Tensor`, or empty).
  CTorchOperator *_Nullable (*_Nonnull find_operator)(const char *_Nonnull name,
                                                      const char *_Nonnull overload);
  /// Calls an operator; missing trailing arguments take the schema's defaults. Tensors (and the elements of
  /// tensor lists) of the result go to `results` in order, other results are dropped. Returns their number.
  int64_t (*_Nonnull call)(CTorchOperator *_Nonnull op, const CTorchValue *_Nullable arguments,
                           int64_t argument_count, CTorchTensor *_Nullable *_Nullable results,
                           int64_t result_capacity);
  void (*_Nonnull release)(CTorchTensor *_Nonnull tensor);
  /// A dense CPU tensor with a copy of `bytes`.
  CTorchTensor *_Nullable (*_Nonnull from_bytes)(const void *_Nullable bytes, int64_t byte_count,
                                                 int32_t dtype, const int64_t *_Nullable shape,
                                                 int64_t rank);
  int64_t (*_Nonnull rank)(const CTorchTensor *_Nonnull tensor);
  void (*_Nonnull shape)(const CTorchTensor *_Nonnull tensor, int64_t *_Nullable shape);
  /// PyTorch's ScalarType number.
  int32_t (*_Nonnull dtype)(const CTorchTensor *_Nonnull tensor);
  /// 0 is the CPU, 1 + n the CUDA device n.
  int64_t (*_Nonnull device)(const CTorchTensor *_Nonnull tensor);
  /// Address of the first element, or NULL; the tensor must be dense and on the CPU.
  void *_Nullable (*_Nonnull data)(const CTorchTensor *_Nonnull tensor);
  int32_t (*_Nonnull requires_grad)(const CTorchTensor *_Nonnull tensor);
  int32_t (*_Nonnull set_requires_grad)(const CTorchTensor *_Nonnull tensor, int32_t value);
  /// Gradients of the scalar `output` with respect to `inputs`; unused inputs give NULL.
  int32_t (*_Nonnull gradients)(const CTorchTensor *_Nonnull output,
                                const CTorchTensor *_Nonnull const *_Nonnull inputs, int64_t count,
                                CTorchTensor *_Nullable *_Nonnull results);
  int32_t (*_Nonnull grad_mode)(void);
  void (*_Nonnull set_grad_mode)(int32_t enabled);
  void (*_Nonnull set_thread_count)(int32_t count);
  int32_t (*_Nonnull thread_count)(void);
  /// Number of CUDA devices; loads `libtorch_cuda.so` at the first call, 0 where it does not exist.
  int32_t (*_Nonnull cuda_device_count)(void);
} CTorchAPI;

/// Loads the seam from `path`, after preloading `libc10.so` and `libtorch_cpu.so` from `libtorch_lib` if that
/// is not NULL. Returns NULL and writes one line to `error` on failure.
const CTorchAPI *_Nullable ctorch_open(const char *_Nonnull path, const char *_Nullable libtorch_lib,
                                       char *_Nonnull error, size_t error_capacity);

#ifdef __cplusplus
}
#endif
#endif
