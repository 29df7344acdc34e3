#pragma once

#include <stddef.h>
#include <stdint.h>

// A row-streaming seam over libpng. Errors jump only between C frames: every function returns 0 or, after a
// failure, -1 (NULL), and then the object's message says why. After a failure only `_free` may be called.
// Callbacks must return normally.

enum { CPNG_MESSAGE_SIZE = 256 };

/// Fills `buffer` with up to `count` bytes. Returns the bytes given (fewer only at the end), or -1.
typedef ptrdiff_t (*cpng_read_function)(void *context, uint8_t *buffer, size_t count);

/// Takes `count` bytes. Returns 0, or -1 if they could not be written.
typedef int (*cpng_write_function)(void *context, const uint8_t *bytes, size_t count);

/// The picture as rows are delivered: palettes, tRNS and depths below 8 expanded.
typedef struct {
  uint32_t width, height;
  int channels;      // 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
  int bit_depth;     // 8 or 16 (native byte order)
  int interlaced;    // Adam7
  int animated;      // an acTL chunk was seen
  uint64_t file_row_bytes;  // one row of packed samples in the file, without its filter byte
} cpng_header;

typedef struct cpng_reader cpng_reader;

cpng_reader *cpng_reader_create(cpng_read_function read, void *context);
void cpng_reader_free(cpng_reader *reader);
/// Reads up to the first IDAT; allocates nothing that depends on the picture's size.
int cpng_reader_header(cpng_reader *reader, cpng_header *header);
/// Reads the next `count` rows of a picture that is not interlaced.
int cpng_reader_rows(cpng_reader *reader, uint8_t *rows, size_t stride, size_t count);
/// Reads all passes of an interlaced picture; `rows` holds the whole of it.
int cpng_reader_interlaced(cpng_reader *reader, uint8_t *rows, size_t stride);
/// Reads what follows the samples, up to IEND.
int cpng_reader_finish(cpng_reader *reader);

const char *cpng_reader_message(const cpng_reader *reader);
/// Nonzero if the failure was the end of the input.
int cpng_reader_truncated(const cpng_reader *reader);

int cpng_reader_has_srgb(const cpng_reader *reader);
/// gAMA in units of 1/100000; 0 if absent.
/// The four bytes of cICP (ITU-T H.273 coding points), or NULL.
const uint8_t *cpng_reader_cicp(const cpng_reader *reader);
uint32_t cpng_reader_gamma(const cpng_reader *reader);
/// cHRM as eight numbers in units of 1/100000, or NULL.
const int32_t *cpng_reader_chromaticities(const cpng_reader *reader);
/// Pixels per metre; returns 0 if absent or without a unit.
int cpng_reader_density(cpng_reader *reader, uint32_t *x, uint32_t *y);
const uint8_t *cpng_reader_icc(cpng_reader *reader, size_t *length);
const uint8_t *cpng_reader_exif(cpng_reader *reader, size_t *length);
int cpng_reader_text_count(cpng_reader *reader);
/// The keyword is Latin-1; the text is UTF-8 if `utf8` is set, else Latin-1.
void cpng_reader_text(
  cpng_reader *reader, int index, const char **keyword, const char **text, size_t *length, int *utf8);

typedef struct cpng_writer cpng_writer;

enum { CPNG_TEXT_LATIN1 = 0, CPNG_TEXT_UTF8 = 1, CPNG_TEXT_UTF8_COMPRESSED = 2 };

cpng_writer *cpng_writer_create(cpng_write_function write, void *context);
void cpng_writer_free(cpng_writer *writer);
/// First of all. `level` is zlib's, 0…9.
int cpng_writer_header(
  cpng_writer *writer, uint32_t width, uint32_t height, int channels, int bit_depth, int level);
/// Between header and start, in any order. Pointers are copied at once.
int cpng_writer_icc(cpng_writer *writer, const uint8_t *profile, size_t length);
int cpng_writer_exif(cpng_writer *writer, const uint8_t *exif, size_t length);
int cpng_writer_density(cpng_writer *writer, uint32_t x, uint32_t y);
int cpng_writer_text(cpng_writer *writer, const char *keyword, const char *text, int kind);
/// Writes all chunks before IDAT. `gamma` 0, `chromaticities` NULL, `srgb` 0, `cicp` NULL: absent.
int cpng_writer_start(
  cpng_writer *writer, int srgb, uint32_t gamma, const int32_t *chromaticities, const uint8_t *cicp);
int cpng_writer_rows(cpng_writer *writer, const uint8_t *rows, size_t stride, size_t count);
int cpng_writer_finish(cpng_writer *writer);
const char *cpng_writer_message(const cpng_writer *writer);
