#include "CTorch.h"

#include <dlfcn.h>
#include <stdio.h>

const CTorchAPI *ctorch_open(const char *path, const char *libtorch_lib, char *error,
                             size_t error_capacity) {
  error[0] = 0;
  if (libtorch_lib) {
    const char *names[] = {"libc10.so", "libtorch_cpu.so"};
    for (int i = 0; i < 2; ++i) {
      char full[4096];
      snprintf(full, sizeof full, "%s/%s", libtorch_lib, names[i]);
      // Global, so that the seam's own dependencies of the same name resolve to these. Lazy, because only a small part
      // of libtorch's functions is ever called.
      if (!dlopen(full, RTLD_LAZY | RTLD_GLOBAL)) {
        snprintf(error, error_capacity, "%s", dlerror());
        return NULL;
      }
    }
  }
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (!library) {
    snprintf(error, error_capacity, "%s", dlerror());
    return NULL;
  }
  const CTorchAPI *(*table)(void) = (const CTorchAPI *(*)(void))dlsym(library, "ctorch_api");
  if (!table) {
    snprintf(error, error_capacity, "%s", dlerror());
    return NULL;
  }
  return table();
}
