#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// A progressive file may hold any number of scans, each of which costs a pass over the whole picture.
enum { MAXIMUM_SCANS = 500 };

struct cjpeg_reader {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  int created, started, truncated, damaged;
  JOCTET *icc;
  char message[JMSG_LENGTH_MAX];
};

static void on_error(j_common_ptr info) {
  cjpeg_reader *reader = info->client_data;
  info->err->format_message(info, reader->message);
  longjmp(reader->jump, 1);
}

// libjpeg goes on after damage and fills the rest with grey; remember it, so that the caller can refuse.
static void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  cjpeg_reader *reader = info->client_data;
  int code = info->err->msg_code;
  int damage = code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
               code == JWRN_MUST_RESYNC || code == JWRN_ARITH_BAD_CODE;
  if (code == JWRN_JPEG_EOF) reader->truncated = 1;
  if (!damage || reader->damaged) return;
  reader->damaged = 1;
  info->err->format_message(info, reader->message);
}

static void on_progress(j_common_ptr info) {
  cjpeg_reader *reader = info->client_data;
  if (reader->info.input_scan_number <= MAXIMUM_SCANS) return;
  snprintf(reader->message, sizeof reader->message, "more than %d scans", MAXIMUM_SCANS);
  longjmp(reader->jump, 1);
}

cjpeg_reader *cjpeg_reader_create(const uint8_t *data, size_t length) {
  cjpeg_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->info.err = jpeg_std_error(&reader->errors);
  reader->errors.error_exit = on_error;
  reader->errors.emit_message = on_message;
  reader->info.client_data = reader;
  if (setjmp(reader->jump)) {
    cjpeg_reader_free(reader);
    return NULL;
  }
  jpeg_create_decompress(&reader->info);
  reader->created = 1;
  reader->info.client_data = reader;
  reader->progress.progress_monitor = on_progress;
  reader->info.progress = &reader->progress;
  jpeg_mem_src(&reader->info, data, (unsigned long)length);
  return reader;
}

void cjpeg_reader_free(cjpeg_reader *reader) {
  if (!reader) return;
  if (reader->created) jpeg_destroy_decompress(&reader->info);
  free(reader->icc);
  free(reader);
}

int cjpeg_reader_header(cjpeg_reader *reader, cjpeg_header *header) {
  if (setjmp(reader->jump)) return -1;
  j_decompress_ptr info = &reader->info;
  memset(header, 0, sizeof *header);
  jpeg_save_markers(info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_save_markers(info, JPEG_APP0 + 2, 0xFFFF);
  jpeg_save_markers(info, JPEG_COM, 0xFFFF);
  jpeg_read_header(info, TRUE);

  header->width = info->image_width;
  header->height = info->image_height;
  J_COLOR_SPACE space = info->jpeg_color_space;
  header->cmyk = space == JCS_CMYK || space == JCS_YCCK;
  header->channels = space == JCS_GRAYSCALE ? 1 : space == JCS_YCbCr || space == JCS_RGB ? 3 : 0;
  info->out_color_space = header->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  info->dct_method = JDCT_ISLOW;

  if (info->saw_JFIF_marker && info->density_unit != 0) {
    header->density_x = info->X_density;
    header->density_y = info->Y_density;
    header->density_per_cm = info->density_unit == 2;
  }
  for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
    if (marker->marker == JPEG_APP0 + 1 && !header->exif && marker->data_length > 6 &&
        memcmp(marker->data, "Exif\0\0", 6) == 0) {
      header->exif = marker->data + 6;
      header->exif_length = marker->data_length - 6;
    }
    if (marker->marker == JPEG_COM && !header->comment && marker->data_length > 0) {
      header->comment = marker->data;
      header->comment_length = marker->data_length;
    }
  }
  unsigned int length = 0;
  if (jpeg_read_icc_profile(info, &reader->icc, &length)) {
    header->icc = reader->icc;
    header->icc_length = length;
  }
  return reader->damaged ? -1 : 0;
}

int cjpeg_reader_rows(cjpeg_reader *reader, uint8_t *rows, size_t stride, size_t count) {
  if (setjmp(reader->jump)) return -1;
  j_decompress_ptr info = &reader->info;
  if (!reader->started) {
    reader->started = 1;
    jpeg_start_decompress(info);
    if ((size_t)info->output_width * info->output_components != stride) {
      strcpy(reader->message, "unexpected row size");
      return -1;
    }
  }
  for (size_t y = 0; y < count && !reader->damaged;) {
    JSAMPROW row = rows + y * stride;
    y += jpeg_read_scanlines(info, &row, 1);
  }
  return reader->damaged ? -1 : 0;
}

int cjpeg_reader_finish(cjpeg_reader *reader) {
  if (setjmp(reader->jump)) return -1;
  jpeg_finish_decompress(&reader->info);
  return reader->damaged ? -1 : 0;
}

const char *cjpeg_reader_message(const cjpeg_reader *reader) { return reader->message; }
int cjpeg_reader_truncated(const cjpeg_reader *reader) { return reader->truncated; }
