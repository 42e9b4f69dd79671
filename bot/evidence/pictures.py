"""Makes a picture anew from what was sent: upright, not too large, nothing but pixels.

What the file says about itself (place, phone, time) is not carried over. The type is told by the
content alone. No database, no files.
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageOps

from bot.evidence import phrases
from bot.evidence.errors import TooLarge, UploadRefused

LARGEST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 2048
QUALITY = 85
JPEG, PNG = "image/jpeg", "image/png"
_TAKEN = ("JPEG", "PNG", "WEBP")
# Brands of the container that telephones put HEIC and AVIF pictures into.
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_HEIC_BRANDS |= {b"avif", b"avis"}
# Modes that a picture cannot be made smaller in without losing its shades.
_UNSMOOTH = frozenset({"1", "P", "PA"})
# A large picture takes half a gigabyte while it is being made anew: one at a time.
_ROOM = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept."""

    data: bytes
    content_type: str


def picture_from(data: bytes, *, is_drawing: bool = False) -> Picture:
    """Return the picture made anew, a drawing (a signature) as PNG; raises UploadRefused."""
    _check_bytes(data)
    with _ROOM:
        try:
            with _opened(data) as image:
                return _made_anew(image, is_drawing)
        except UploadRefused:
            raise
        except Exception as error:
            # Broken files make the decoders raise whatever they like; none of it is a picture.
            raise UploadRefused(phrases.BROKEN) from error


def _check_bytes(data: bytes) -> None:
    if not data:
        raise UploadRefused(phrases.EMPTY)
    if len(data) > LARGEST_BYTES:
        raise TooLarge(phrases.TOO_LARGE)
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise UploadRefused(phrases.HEIC)


def _opened(data: bytes) -> Image.Image:
    """Read the head of a file only."""
    try:
        image = Image.open(io.BytesIO(data), formats=_TAKEN)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadRefused(phrases.TOO_MANY_PIXELS) from error
    except Exception as error:
        raise UploadRefused(phrases.NOT_A_PICTURE) from error
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise UploadRefused(phrases.TOO_MANY_PIXELS)
    return image


def _made_anew(image: Image.Image, is_drawing: bool) -> Picture:
    if image.mode in _UNSMOOTH:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    # A gap of 1 lets a JPEG be decoded no larger than needed: a quarter of the memory and time.
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=1.0)
    pixels = _on_white(_upright(image))
    # Pixels only: what is kept in ``info`` would be written along.
    plain = Image.frombytes("RGB", pixels.size, pixels.tobytes())
    out = io.BytesIO()
    if is_drawing:
        plain.save(out, "PNG", optimize=True)
        return Picture(out.getvalue(), PNG)
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return Picture(out.getvalue(), JPEG)


def _upright(image: Image.Image) -> Image.Image:
    """Turn a picture as its camera was held; one whose notes cannot be read stays as it is."""
    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, TypeError, KeyError, OSError):
        return image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("RGB")
