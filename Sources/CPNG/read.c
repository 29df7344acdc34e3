#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct cpng_reader {
  png_structp png;
  png_infop info;
  cpng_read_function read;
  void *context;
  jmp_buf jump;
  int truncated, started, animated, srgb;
  uint32_t gamma;
  int has_chromaticities;
  int32_t chromaticities[8];
  int has_cicp;
  uint8_t cicp[4];
  char message[CPNG_MESSAGE_SIZE];
  char warning[CPNG_MESSAGE_SIZE];
};

static void copy_text(char *to, const char *from) {
  strncpy(to, from, CPNG_MESSAGE_SIZE - 1);
  to[CPNG_MESSAGE_SIZE - 1] = 0;
}

static void on_error(png_structp png, png_const_charp message) {
  cpng_reader *reader = png_get_error_ptr(png);
  // libpng says what is wrong with a header in a warning, and then only that it is invalid.
  int header = strstr(message, "Invalid IHDR data") != NULL && reader->warning[0];
  copy_text(reader->message, header ? reader->warning : message);
  longjmp(reader->jump, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  cpng_reader *reader = png_get_error_ptr(png);
  copy_text(reader->warning, message);
  // A wrong zlib checksum is found after the last row, where libpng only warns; surplus data is harmless.
  int samples = strncmp(message, "IDAT", 4) == 0 && !strstr(message, "Extra compressed data") &&
                !strstr(message, "Too much image data");
  if (samples || strstr(message, "no space in chunk cache")) png_error(png, message);
}

static void on_read(png_structp png, png_bytep buffer, size_t count) {
  cpng_reader *reader = png_get_io_ptr(png);
  ptrdiff_t given = reader->read(reader->context, buffer, count);
  if (given < 0) png_error(png, "read error");
  if ((size_t)given < count) {
    reader->truncated = 1;
    png_error(png, "unexpected end of file");
  }
}

// The colour chunks are taken as they stand: libpng would merge them into one colour space of its own.
static int on_chunk(png_structp png, png_unknown_chunkp chunk) {
  cpng_reader *reader = png_get_user_chunk_ptr(png);
  const char *name = (const char *)chunk->name;
  if (strcmp(name, "acTL") == 0) {
    reader->animated = 1;
  } else if (strcmp(name, "sRGB") == 0) {
    reader->srgb = 1;
  } else if (strcmp(name, "gAMA") == 0 && chunk->size == 4) {
    uint32_t gamma = png_get_uint_32(chunk->data);
    if (gamma <= PNG_UINT_31_MAX) reader->gamma = gamma;
  } else if (strcmp(name, "cICP") == 0 && chunk->size == 4) {
    memcpy(reader->cicp, chunk->data, 4);
    reader->has_cicp = 1;
  } else if (strcmp(name, "cHRM") == 0 && chunk->size == 32) {
    for (int i = 0; i < 8; i++)
      reader->chromaticities[i] = (int32_t)png_get_uint_32(chunk->data + 4 * i);
    reader->has_chromaticities = 1;
  } else {
    return 0;
  }
  return 1;
}

cpng_reader *cpng_reader_create(cpng_read_function read, void *context) {
  cpng_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->read = read;
  reader->context = context;
  if (setjmp(reader->jump) == 0) {
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning);
    if (reader->png) reader->info = png_create_info_struct(reader->png);
    if (reader->info) return reader;
  }
  cpng_reader_free(reader);
  return NULL;
}

void cpng_reader_free(cpng_reader *reader) {
  if (!reader) return;
  if (reader->png) png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}

int cpng_reader_header(cpng_reader *reader, cpng_header *header) {
  if (setjmp(reader->jump)) return -1;
  png_structp png = reader->png;
  png_infop info = reader->info;

  png_set_read_fn(png, reader, on_read);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_set_benign_errors(png, 1);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  static const png_byte raw[] = "acTL\0sRGB\0gAMA\0cHRM\0cICP";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, raw, 5);
  png_set_read_user_chunk_fn(png, reader, on_chunk);
  png_read_info(png, info);

  int depth = png_get_bit_depth(png, info);
  int type = png_get_color_type(png, info);
  int transparency = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (transparency) png_set_tRNS_to_alpha(png);
  if (depth == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) png_set_swap(png);

  int colour = (type & PNG_COLOR_MASK_COLOR) != 0;
  int alpha = (type & PNG_COLOR_MASK_ALPHA) != 0 || transparency;
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->channels = (colour ? 3 : 1) + alpha;
  header->bit_depth = depth == 16 ? 16 : 8;
  header->interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
  header->animated = reader->animated;
  header->file_row_bytes = png_get_rowbytes(png, info);
  return 0;
}

static void start(cpng_reader *reader, size_t stride) {
  if (reader->started) return;
  reader->started = 1;
  png_set_interlace_handling(reader->png);
  png_read_update_info(reader->png, reader->info);
  if (png_get_rowbytes(reader->png, reader->info) != stride) png_error(reader->png, "unexpected row size");
}

int cpng_reader_rows(cpng_reader *reader, uint8_t *rows, size_t stride, size_t count) {
  if (setjmp(reader->jump)) return -1;
  start(reader, stride);
  for (size_t y = 0; y < count; y++) png_read_row(reader->png, rows + y * stride, NULL);
  return 0;
}

int cpng_reader_interlaced(cpng_reader *reader, uint8_t *rows, size_t stride) {
  if (setjmp(reader->jump)) return -1;
  start(reader, stride);
  size_t height = png_get_image_height(reader->png, reader->info);
  for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++)
    for (size_t y = 0; y < height; y++) png_read_row(reader->png, rows + y * stride, NULL);
  return 0;
}

int cpng_reader_finish(cpng_reader *reader) {
  if (setjmp(reader->jump)) return -1;
  png_read_end(reader->png, reader->info);
  return 0;
}

const char *cpng_reader_message(const cpng_reader *reader) { return reader->message; }
int cpng_reader_truncated(const cpng_reader *reader) { return reader->truncated; }
int cpng_reader_has_srgb(const cpng_reader *reader) { return reader->srgb; }
const uint8_t *cpng_reader_cicp(const cpng_reader *reader) { return reader->has_cicp ? reader->cicp : NULL; }
uint32_t cpng_reader_gamma(const cpng_reader *reader) { return reader->gamma; }

const int32_t *cpng_reader_chromaticities(const cpng_reader *reader) {
  return reader->has_chromaticities ? reader->chromaticities : NULL;
}

int cpng_reader_density(cpng_reader *reader, uint32_t *x, uint32_t *y) {
  png_uint_32 horizontal, vertical;
  int unit;
  if (!png_get_pHYs(reader->png, reader->info, &horizontal, &vertical, &unit)) return 0;
  *x = horizontal;
  *y = vertical;
  return unit == PNG_RESOLUTION_METER && horizontal > 0 && vertical > 0;
}

const uint8_t *cpng_reader_icc(cpng_reader *reader, size_t *length) {
  png_charp name;
  png_bytep profile;
  png_uint_32 size;
  int compression;
  if (!png_get_iCCP(reader->png, reader->info, &name, &compression, &profile, &size)) return NULL;
  *length = size;
  return profile;
}

const uint8_t *cpng_reader_exif(cpng_reader *reader, size_t *length) {
  png_uint_32 size;
  png_bytep exif;
  if (!png_get_eXIf_1(reader->png, reader->info, &size, &exif)) return NULL;
  *length = size;
  return exif;
}

int cpng_reader_text_count(cpng_reader *reader) {
  png_textp texts;
  int count = 0;
  png_get_text(reader->png, reader->info, &texts, &count);
  return count;
}

void cpng_reader_text(
  cpng_reader *reader, int index, const char **keyword, const char **text, size_t *length, int *utf8) {
  png_textp texts;
  int count = 0;
  png_get_text(reader->png, reader->info, &texts, &count);
  png_textp entry = &texts[index];
  *keyword = entry->key;
  *text = entry->text;
  *utf8 = entry->compression >= PNG_ITXT_COMPRESSION_NONE;
  *length = *utf8 ? entry->itxt_length : entry->text_length;
}
