"""Makes the JPEG fixtures and, with another build of libjpeg, the samples they decode to.

Needs Python 3 with Pillow: `python3 make_fixtures.py` in this folder.
"""

import io
import math

from PIL import Image, ImageCms

WIDTH, HEIGHT = 37, 29


def picture(mode):
    image = Image.new(mode, (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            r = int(127 + 127 * math.sin(x / 5))
            g = (x * 7 + y * 3) % 256
            b = 255 if (x // 6 + y // 6) % 2 else 30
            image.putpixel((x, y), {"L": g, "RGB": (r, g, b), "CMYK": (r, g, b, 20)}[mode])
    return image


def save(name, mode, golden=True, **options):
    picture(mode).save(f"{name}.jpg", **options)
    if golden:
        with open(f"{name}.raw", "wb") as file:
            file.write(Image.open(f"{name}.jpg").tobytes())


profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
with open("srgb.icc", "wb") as file:
    file.write(profile)

exif = Image.Exif()
exif[0x0112] = 6
exif[0x010F] = "maker"

save("baseline420", "RGB", quality=85, subsampling=2, dpi=(300, 300))
save("baseline422", "RGB", quality=85, subsampling=1)
save("baseline444", "RGB", quality=95, subsampling=0, icc_profile=profile, exif=exif, comment="größe".encode())
save("progressive", "RGB", quality=80, progressive=True)
save("grey", "L", quality=90)
save("rgb", "RGB", quality=90, keep_rgb=True)
save("restart", "RGB", quality=80, restart_marker_blocks=2)
save("cmyk", "CMYK", golden=False, quality=80)

for name, format in [("webp.webp", "WEBP"), ("gif.gif", "GIF"), ("bmp.bmp", "BMP"), ("tiff.tif", "TIFF"), ("pdf.pdf", "PDF"), ("avif.avif", "AVIF")]:
    memory = io.BytesIO()
    picture("RGB").resize((4, 4)).save(memory, format)
    with open(name, "wb") as file:
        file.write(memory.getvalue()[:64])
