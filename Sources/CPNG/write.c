#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct cpng_writer {
  png_structp png;
  png_infop info;
  cpng_write_function write;
  void *context;
  jmp_buf jump;
  char message[CPNG_MESSAGE_SIZE];
};

static void on_error(png_structp png, png_const_charp message) {
  cpng_writer *writer = png_get_error_ptr(png);
  strncpy(writer->message, message, CPNG_MESSAGE_SIZE - 1);
  longjmp(writer->jump, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void on_write(png_structp png, png_bytep bytes, size_t count) {
  cpng_writer *writer = png_get_io_ptr(png);
  if (writer->write(writer->context, bytes, count) != 0) png_error(png, "write error");
}

static void on_flush(png_structp png) { (void)png; }

cpng_writer *cpng_writer_create(cpng_write_function write, void *context) {
  cpng_writer *writer = calloc(1, sizeof *writer);
  if (!writer) return NULL;
  writer->write = write;
  writer->context = context;
  if (setjmp(writer->jump) == 0) {
    writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, on_error, on_warning);
    if (writer->png) writer->info = png_create_info_struct(writer->png);
    if (writer->info) return writer;
  }
  cpng_writer_free(writer);
  return NULL;
}

void cpng_writer_free(cpng_writer *writer) {
  if (!writer) return;
  if (writer->png) png_destroy_write_struct(&writer->png, &writer->info);
  free(writer);
}

int cpng_writer_header(
  cpng_writer *writer, uint32_t width, uint32_t height, int channels, int bit_depth, int level) {
  static const int types[] = {
    0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  if (setjmp(writer->jump)) return -1;
  png_structp png = writer->png;
  png_set_write_fn(png, writer, on_write, on_flush);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_benign_errors(png, 1);
  png_set_compression_level(png, level);
  png_set_compression_buffer_size(png, 1 << 16);
  png_set_IHDR(
    png, writer->info, width, height, bit_depth, types[channels], PNG_INTERLACE_NONE,
    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  return 0;
}

int cpng_writer_icc(cpng_writer *writer, const uint8_t *profile, size_t length) {
  if (setjmp(writer->jump)) return -1;
  png_set_iCCP(
    writer->png, writer->info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, profile, (png_uint_32)length);
  return 0;
}

int cpng_writer_exif(cpng_writer *writer, const uint8_t *exif, size_t length) {
  if (setjmp(writer->jump)) return -1;
  png_set_eXIf_1(writer->png, writer->info, (png_uint_32)length, (png_bytep)exif);
  return 0;
}

int cpng_writer_density(cpng_writer *writer, uint32_t x, uint32_t y) {
  if (setjmp(writer->jump)) return -1;
  png_set_pHYs(writer->png, writer->info, x, y, PNG_RESOLUTION_METER);
  return 0;
}

int cpng_writer_text(cpng_writer *writer, const char *keyword, const char *text, int kind) {
  static const int compressions[] = {
    PNG_TEXT_COMPRESSION_NONE, PNG_ITXT_COMPRESSION_NONE, PNG_ITXT_COMPRESSION_zTXt};
  if (setjmp(writer->jump)) return -1;
  png_text entry;
  memset(&entry, 0, sizeof entry);
  entry.compression = compressions[kind];
  entry.key = (png_charp)keyword;
  entry.text = (png_charp)text;
  png_set_text(writer->png, writer->info, &entry, 1);
  return 0;
}

int cpng_writer_start(
  cpng_writer *writer, int srgb, uint32_t gamma, const int32_t *chromaticities, const uint8_t *cicp) {
  if (setjmp(writer->jump)) return -1;
  png_structp png = writer->png;
  png_write_info_before_PLTE(png, writer->info);

  // Written as they stand: png_set_gAMA and its like drop values that disagree with one another.
  png_byte bytes[32];
  if (cicp) png_write_chunk(png, (png_const_bytep) "cICP", cicp, 4);
  if (gamma) {
    png_save_uint_32(bytes, gamma);
    png_write_chunk(png, (png_const_bytep) "gAMA", bytes, 4);
  }
  if (chromaticities) {
    for (int i = 0; i < 8; i++) png_save_uint_32(bytes + 4 * i, (uint32_t)chromaticities[i]);
    png_write_chunk(png, (png_const_bytep) "cHRM", bytes, 32);
  }
  if (srgb) {
    bytes[0] = PNG_sRGB_INTENT_PERCEPTUAL;
    png_write_chunk(png, (png_const_bytep) "sRGB", bytes, 1);
  }

  png_write_info(png, writer->info);
  if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && png_get_bit_depth(png, writer->info) == 16)
    png_set_swap(png);
  return 0;
}

int cpng_writer_rows(cpng_writer *writer, const uint8_t *rows, size_t stride, size_t count) {
  if (setjmp(writer->jump)) return -1;
  for (size_t y = 0; y < count; y++) png_write_row(writer->png, rows + y * stride);
  return 0;
}

int cpng_writer_finish(cpng_writer *writer) {
  if (setjmp(writer->jump)) return -1;
  // Without the info structure: every chunk of it went out before the samples, and no tIME is wanted.
  png_write_end(writer->png, NULL);
  return 0;
}

const char *cpng_writer_message(const cpng_writer *writer) { return writer->message; }
