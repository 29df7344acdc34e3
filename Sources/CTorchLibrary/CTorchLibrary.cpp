// The implementation of the seam: every C++ exception is caught here and becomes a message.
#include "CTorchLibrary.h"

#include "CTorch.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

#include <cstring>
#include <string>
#include <vector>

struct CTorchTensor {
  at::Tensor tensor;
};
struct CTorchOperator {
  c10::OperatorHandle handle;
};

namespace {

thread_local std::string message;

/// Runs `body`; a failure leaves its first line (the rest is a C++ backtrace) in `message`.
template <typename Result, typename Body>
Result guarded(Result failure, Body body) {
  try {
    return body();
  } catch (const c10::Error &error) {
    message = error.what_without_backtrace();
  } catch (const std::exception &error) {
    message = error.what();
  } catch (...) {
    message = "unknown C++ exception";
  }
  return failure;
}

c10::Device device_of(int64_t index) {
  if (index <= 0) return c10::Device(c10::kCPU);
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index - 1));
}

CTorchTensor *wrap(at::Tensor tensor) { return new CTorchTensor{std::move(tensor)}; }

at::Tensor unwrap(const void *pointer) {
  return pointer ? static_cast<const CTorchTensor *>(pointer)->tensor : at::Tensor();
}

c10::IValue value_of(const CTorchValue &value, const c10::Argument &argument) {
  switch (value.kind) {
    case CTorchDefault:
      if (argument.default_value()) return *argument.default_value();
      return c10::IValue();
    case CTorchNone:
      return c10::IValue();
    case CTorchTensorValue:
      return c10::IValue(unwrap(value.pointer));
    case CTorchInt:
      return c10::IValue(value.integer);
    case CTorchDouble:
      return c10::IValue(value.number);
    case CTorchBool:
      return c10::IValue(value.integer != 0);
    case CTorchString:
      return c10::IValue(std::string(static_cast<const char *>(value.pointer)));
    case CTorchDevice:
      return c10::IValue(device_of(value.integer));
    case CTorchIntList: {
      auto first = static_cast<const int64_t *>(value.pointer);
      return c10::IValue(c10::List<int64_t>(at::ArrayRef<int64_t>(first, value.count)));
    }
    case CTorchDoubleList: {
      auto first = static_cast<const double *>(value.pointer);
      return c10::IValue(c10::List<double>(at::ArrayRef<double>(first, value.count)));
    }
    case CTorchBoolList: {
      auto first = static_cast<const uint8_t *>(value.pointer);
      c10::List<bool> list;
      for (int64_t i = 0; i < value.count; ++i) list.push_back(first[i] != 0);
      return c10::IValue(list);
    }
    case CTorchTensorList: {
      auto first = static_cast<CTorchTensor *const *>(value.pointer);
      c10::List<at::Tensor> list;
      list.reserve(value.count);
      for (int64_t i = 0; i < value.count; ++i) list.push_back(first[i]->tensor);
      return c10::IValue(list);
    }
    case CTorchOptionalTensorList: {
      auto first = static_cast<CTorchTensor *const *>(value.pointer);
      c10::List<std::optional<at::Tensor>> list;
      list.reserve(value.count);
      for (int64_t i = 0; i < value.count; ++i)
        list.push_back(first[i] ? std::optional<at::Tensor>(first[i]->tensor) : std::nullopt);
      return c10::IValue(list);
    }
  }
  return c10::IValue();
}

const char *version() { return TORCH_VERSION; }

const char *cpu_capability() {
  static const std::string text = at::get_cpu_capability();
  return text.c_str();
}

const char *last_error() { return message.c_str(); }

CTorchOperator *find_operator(const char *name, const char *overload) {
  return guarded<CTorchOperator *>(nullptr, [&] {
    return new CTorchOperator{c10::Dispatcher::singleton().findSchemaOrThrow(name, overload)};
  });
}

int64_t call(CTorchOperator *op, const CTorchValue *arguments, int64_t argument_count,
             CTorchTensor **results, int64_t result_capacity) {
  return guarded<int64_t>(-1, [&]() -> int64_t {
    const auto &schema = op->handle.schema();
    const auto &expected = schema.arguments();
    TORCH_CHECK(argument_count <= static_cast<int64_t>(expected.size()), schema.name(), " takes ",
                expected.size(), " arguments, not ", argument_count);
    torch::jit::Stack stack;
    stack.reserve(expected.size());
    const CTorchValue absent{CTorchDefault, 0, 0, 0, nullptr};
    for (size_t i = 0; i < expected.size(); ++i)
      stack.push_back(
          value_of(static_cast<int64_t>(i) < argument_count ? arguments[i] : absent, expected[i]));
    op->handle.callBoxed(stack);
    int64_t count = 0;
    auto keep = [&](at::Tensor tensor) {
      TORCH_CHECK(count < result_capacity, schema.name(), " has more results than there is room for");
      results[count++] = wrap(std::move(tensor));
    };
    for (auto &result : stack) {
      if (result.isTensor()) {
        keep(std::move(result).toTensor());
      } else if (result.isTensorList()) {
        for (at::Tensor tensor : result.toTensorVector()) keep(std::move(tensor));
      }
    }
    return count;
  });
}

void release(CTorchTensor *tensor) { delete tensor; }

CTorchTensor *from_bytes(const void *bytes, int64_t byte_count, int32_t dtype, const int64_t *shape,
                         int64_t rank) {
  return guarded<CTorchTensor *>(nullptr, [&] {
    auto tensor = at::empty(at::IntArrayRef(shape, rank), static_cast<c10::ScalarType>(dtype));
    TORCH_CHECK(static_cast<int64_t>(tensor.nbytes()) == byte_count, "a tensor of shape ",
                tensor.sizes(), " has ", tensor.nbytes(), " bytes, not ", byte_count);
    if (byte_count > 0) std::memcpy(tensor.data_ptr(), bytes, byte_count);
    return wrap(std::move(tensor));
  });
}

int64_t rank(const CTorchTensor *tensor) { return tensor->tensor.dim(); }

void shape(const CTorchTensor *tensor, int64_t *shape) {
  auto sizes = tensor->tensor.sizes();
  std::copy(sizes.begin(), sizes.end(), shape);
}

int32_t dtype(const CTorchTensor *tensor) {
  return static_cast<int32_t>(tensor->tensor.scalar_type());
}

int64_t device(const CTorchTensor *tensor) {
  auto device = tensor->tensor.device();
  return device.is_cuda() ? 1 + std::max<int64_t>(0, device.index()) : 0;
}

void *data(const CTorchTensor *tensor) {
  return guarded<void *>(nullptr, [&]() -> void * {
    TORCH_CHECK(tensor->tensor.is_contiguous() && tensor->tensor.device().is_cpu(),
                "only a dense CPU tensor has an address");
    return tensor->tensor.data_ptr();
  });
}

int32_t requires_grad(const CTorchTensor *tensor) { return tensor->tensor.requires_grad(); }

int32_t set_requires_grad(const CTorchTensor *tensor, int32_t value) {
  return guarded<int32_t>(-1, [&] {
    tensor->tensor.requires_grad_(value != 0);
    return 0;
  });
}

int32_t gradients(const CTorchTensor *output, const CTorchTensor *const *inputs, int64_t count,
                  CTorchTensor **results) {
  return guarded<int32_t>(-1, [&] {
    torch::autograd::variable_list wanted;
    for (int64_t i = 0; i < count; ++i) wanted.push_back(inputs[i]->tensor);
    auto found = torch::autograd::grad({output->tensor}, wanted, {}, std::nullopt, false, true);
    for (int64_t i = 0; i < count; ++i)
      results[i] = found[i].defined() ? wrap(std::move(found[i])) : nullptr;
    return 0;
  });
}

int32_t grad_mode() { return c10::GradMode::is_enabled(); }
void set_grad_mode(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }

void set_thread_count(int32_t count) {
  guarded<int>(0, [&] {
    // A thread's first parallel operator takes over what any other thread set last, unless it was asked before.
    at::get_num_threads();
    at::set_num_threads(count);
    return 0;
  });
}

int32_t thread_count() { return at::get_num_threads(); }

int32_t cuda_device_count() {
  static const void *library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  if (!library) return 0;
  return guarded<int32_t>(0, [&] {
    return at::globalContext().hasCUDA()
               ? static_cast<int32_t>(at::globalContext().getAcceleratorHooksInterface(c10::kCUDA).deviceCount())
               : 0;
  });
}

const CTorchAPI api = {
    version,       cpu_capability, last_error,    find_operator,     call,      release,
    from_bytes,    rank,           shape,         dtype,             device,    data,
    requires_grad, set_requires_grad, gradients,  grad_mode,         set_grad_mode,
    set_thread_count, thread_count, cuda_device_count,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const void *ctorch_api(void) { return &api; }
