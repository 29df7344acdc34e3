#pragma once

// Names of temporary files that a dying process should unlink. A fixed table without locks, so that a signal
// handler may walk it at any moment.

/// Notes an absolute path. Returns a slot, or -1 if the table is full or the path too long: the file is then
/// merely not unlinked by a signal.
int pending_files_add(const char *path);

/// Forgets a slot; -1 is ignored.
void pending_files_remove(int slot);

/// Unlinks every noted file. Async-signal-safe; keeps errno.
void pending_files_unlink_all(void);
