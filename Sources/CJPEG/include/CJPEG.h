#pragma once

#include <stddef.h>
#include <stdint.h>

// A seam over libjpeg. Errors jump only between C frames: functions return 0 or, after a failure, -1 (NULL),
// and the object's message says why. After a failure only `_free` may be called.

typedef struct {
  uint32_t width, height;
  int channels;             // 1 grey, 3 RGB; 0 for colour spaces that are not read
  int cmyk;                 // the file is CMYK or YCCK
  uint32_t density_x, density_y;  // as in JFIF; 0 if absent
  int density_per_cm;       // else per inch
  const uint8_t *exif;      // from the TIFF header on, owned by the reader
  size_t exif_length;
  const uint8_t *comment;   // first COM segment, owned by the reader
  size_t comment_length;
  const uint8_t *icc;       // owned by the reader
  size_t icc_length;
} cjpeg_header;

typedef struct cjpeg_reader cjpeg_reader;

/// `data` must stay valid until the reader is freed.
cjpeg_reader *cjpeg_reader_create(const uint8_t *data, size_t length);
void cjpeg_reader_free(cjpeg_reader *reader);
int cjpeg_reader_header(cjpeg_reader *reader, cjpeg_header *header);
/// Reads the next `count` rows.
int cjpeg_reader_rows(cjpeg_reader *reader, uint8_t *rows, size_t stride, size_t count);
/// Reads to the end marker.
int cjpeg_reader_finish(cjpeg_reader *reader);
const char *cjpeg_reader_message(const cjpeg_reader *reader);
/// Nonzero if the failure was the end of the input.
int cjpeg_reader_truncated(const cjpeg_reader *reader);

typedef struct {
  uint32_t width, height;
  int channels;            // 1 or 3
  int quality;             // 1…100
  int subsampled;          // 4:2:0, else 4:4:4
  uint32_t dots_per_cm_x, dots_per_cm_y;  // 0: absent
  const uint8_t *icc;
  size_t icc_length;
  const uint8_t *exif;     // from the TIFF header on; at most 65527 bytes
  size_t exif_length;
  const uint8_t *comment;  // at most 65533 bytes
  size_t comment_length;
} cjpeg_settings;

typedef struct cjpeg_writer cjpeg_writer;

cjpeg_writer *cjpeg_writer_create(void);
void cjpeg_writer_free(cjpeg_writer *writer);
/// Encodes the whole picture; `bytes` belongs to the writer.
int cjpeg_writer_encode(
  cjpeg_writer *writer, const cjpeg_settings *settings, const uint8_t *samples, const uint8_t **bytes,
  size_t *length);
const char *cjpeg_writer_message(const cjpeg_writer *writer);
