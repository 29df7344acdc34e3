#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

struct cjpeg_writer {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  jmp_buf jump;
  int created;
  unsigned char *bytes;
  unsigned long length;
  unsigned char *exif;
  char message[JMSG_LENGTH_MAX];
};

static void on_error(j_common_ptr info) {
  cjpeg_writer *writer = info->client_data;
  info->err->format_message(info, writer->message);
  longjmp(writer->jump, 1);
}

static void on_message(j_common_ptr info, int level) {
  (void)info;
  (void)level;
}

cjpeg_writer *cjpeg_writer_create(void) {
  cjpeg_writer *writer = calloc(1, sizeof *writer);
  if (!writer) return NULL;
  writer->info.err = jpeg_std_error(&writer->errors);
  writer->errors.error_exit = on_error;
  writer->errors.emit_message = on_message;
  writer->info.client_data = writer;
  if (setjmp(writer->jump)) {
    cjpeg_writer_free(writer);
    return NULL;
  }
  jpeg_create_compress(&writer->info);
  writer->created = 1;
  writer->info.client_data = writer;
  return writer;
}

void cjpeg_writer_free(cjpeg_writer *writer) {
  if (!writer) return;
  if (writer->created) jpeg_destroy_compress(&writer->info);
  free(writer->bytes);
  free(writer->exif);
  free(writer);
}

int cjpeg_writer_encode(
  cjpeg_writer *writer, const cjpeg_settings *settings, const uint8_t *samples, const uint8_t **bytes,
  size_t *length) {
  if (setjmp(writer->jump)) return -1;
  j_compress_ptr info = &writer->info;
  jpeg_mem_dest(info, &writer->bytes, &writer->length);
  info->image_width = settings->width;
  info->image_height = settings->height;
  info->input_components = settings->channels;
  info->in_color_space = settings->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(info);
  jpeg_set_quality(info, settings->quality, TRUE);
  info->dct_method = JDCT_ISLOW;
  if (settings->channels == 3) {
    info->comp_info[0].h_samp_factor = settings->subsampled ? 2 : 1;
    info->comp_info[0].v_samp_factor = settings->subsampled ? 2 : 1;
  }
  if (settings->dots_per_cm_x && settings->dots_per_cm_y) {
    info->density_unit = 2;
    info->X_density = (UINT16)settings->dots_per_cm_x;
    info->Y_density = (UINT16)settings->dots_per_cm_y;
  }

  jpeg_start_compress(info, TRUE);
  if (settings->exif_length) {
    writer->exif = malloc(settings->exif_length + 6);
    if (!writer->exif) return -1;
    memcpy(writer->exif, "Exif\0\0", 6);
    memcpy(writer->exif + 6, settings->exif, settings->exif_length);
    jpeg_write_marker(info, JPEG_APP0 + 1, writer->exif, (unsigned int)settings->exif_length + 6);
  }
  if (settings->icc_length) jpeg_write_icc_profile(info, settings->icc, (unsigned int)settings->icc_length);
  if (settings->comment_length)
    jpeg_write_marker(info, JPEG_COM, settings->comment, (unsigned int)settings->comment_length);

  size_t stride = (size_t)settings->width * settings->channels;
  while (info->next_scanline < info->image_height) {
    JSAMPROW row = (JSAMPROW)(samples + info->next_scanline * stride);
    jpeg_write_scanlines(info, &row, 1);
  }
  jpeg_finish_compress(info);
  *bytes = writer->bytes;
  *length = writer->length;
  return 0;
}

const char *cjpeg_writer_message(const cjpeg_writer *writer) { return writer->message; }
