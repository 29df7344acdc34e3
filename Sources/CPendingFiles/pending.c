#include "CPendingFiles.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 64, LONGEST = 4096 };
enum { FREE, FILLING, NOTED };

static char paths[SLOTS][LONGEST];
static atomic_int states[SLOTS];

int pending_files_add(const char *path) {
  size_t length = strlen(path);
  if (length >= LONGEST) return -1;
  for (int slot = 0; slot < SLOTS; slot++) {
    int expected = FREE;
    if (!atomic_compare_exchange_strong(&states[slot], &expected, FILLING)) continue;
    memcpy(paths[slot], path, length + 1);
    atomic_store_explicit(&states[slot], NOTED, memory_order_release);
    return slot;
  }
  return -1;
}

void pending_files_remove(int slot) {
  if (slot >= 0) atomic_store_explicit(&states[slot], FREE, memory_order_release);
}

void pending_files_unlink_all(void) {
  int saved = errno;
  for (int slot = 0; slot < SLOTS; slot++)
    if (atomic_load_explicit(&states[slot], memory_order_acquire) == NOTED) unlink(paths[slot]);
  errno = saved;
}
