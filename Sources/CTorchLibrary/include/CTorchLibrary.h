// The only symbol that the shared library exports: a `const CTorchAPI *`, looked up by `ctorch_open`.
#pragma once

#ifdef __cplusplus
extern "C"
#endif
const void *_Nonnull ctorch_api(void);
