"""Image files made for a test: real ones with pillow, and headers of ones nobody could hold."""

import io
import struct
import zlib

from PIL import Image, ImageDraw

MIMES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
}

QUADRANTS = ("red", "lime", "blue", "white")  # top left, top right, bottom left, bottom right


RGB = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def photo(width, height, mode="RGB"):
    """Noise: nothing compresses it, and it has all colours."""
    return Image.effect_noise((width, height), 120).convert(mode)


def colourful(width, height):
    """Smooth, with many colours, as photographs are."""
    across = Image.linear_gradient("L").resize((width, height))
    down = across.transpose(Image.Transpose.ROTATE_90).resize((width, height))
    return Image.merge("RGB", (across, down, Image.radial_gradient("L").resize((width, height))))


def fading(width, height):
    """Many colours, less and less of them to see."""
    image = colourful(width, height)
    image.putalpha(Image.linear_gradient("L").resize((width, height)))
    return image


def quadrants(width=80, height=40):
    """Four colours, so that how it lies can be told from its pixels."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for index, colour in enumerate(QUADRANTS):
        left, top = (index % 2) * width // 2, (index // 2) * height // 2
        draw.rectangle((left, top, left + width // 2 - 1, top + height // 2 - 1), fill=colour)
    return image


def file_of(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def animation(kind, *colours, size=(40, 20)):
    first, *rest = [Image.new("RGB", size, colour) for colour in colours]
    return file_of(first, kind, save_all=True, append_images=rest, duration=100)


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def corners(data):
    """Names of the colours in the middle of the four quadrants."""
    image = opened(data).convert("RGB")
    width, height = image.size
    rows, columns = (height // 4, height * 3 // 4), (width // 4, width * 3 // 4)
    found = [image.getpixel((x, y)) for y in rows for x in columns]
    return tuple(min(RGB, key=lambda name, p=pixel: distance(RGB[name], p)) for pixel in found)


def distance(one, other):
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def png_header(width, height):
    """A PNG that promises a size and keeps nothing of it."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk


def box_file(major, *compatible, size=None):
    """The beginning of a HEIF or AVIF file."""
    brands = b"".join(compatible)
    data = struct.pack(">I", 16 + len(brands)) + b"ftyp" + major + b"\x00\x00\x00\x00" + brands
    for width, height in size or ():
        data += struct.pack(">I", 20) + b"ispe" + bytes(4) + struct.pack(">II", width, height)
    return data
