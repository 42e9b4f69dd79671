"""Pictures for tests, drawn here: as a phone takes them, with all that a phone writes into them."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)
CAMERA = "SecretPhone 12"
ORIENTATION, MODEL, GPS = 0x0112, 0x0110, 0x8825


def photo(
    size: tuple[int, int] = (120, 80), form: str = "JPEG", orientation: int = 1, **more: Any
) -> bytes:
    """Left half red, right half blue; names its camera, where it was taken, how it was held."""
    image = Image.new(more.pop("mode", "RGB"), size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    notes = Image.Exif()
    notes[MODEL] = CAMERA
    notes[ORIENTATION] = orientation
    notes.get_ifd(GPS)[2] = (32.0, 7.0, 30.5)
    out = io.BytesIO()
    image.save(out, form, exif=notes, **more)
    return out.getvalue()


def seen(data: bytes) -> Image.Image:
    """The picture as a viewer sees it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def is_like(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=False))
