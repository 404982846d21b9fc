"""A program: writes copies of the picture it is given beside it, small and without all that is not seen (EXIF, places).

It runs as a process of its own, with bounded memory and time: see storage/pictures.py. It is never imported.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import warnings
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, ImageOps

MEMORY: Final = 768 * 2**20
CPU_SECONDS: Final = 10
NICENESS: Final = 10
PIXELS: Final = 50_000_000
# Nothing obscure: each decoder is a way in.
TYPES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
}
# Twice the box in which it is shown, for fine screens; and what fills a window.
COPIES: Final = (("picture", (2048, 2048)), ("thumbnail", (960, 720)))
QUALITY: Final = 80
ORIENTATION: Final = 0x0112
ON_ITS_SIDE: Final = (5, 6, 7, 8)


def main(path: str) -> None:
    # Who writes meanwhile has the processor first.
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    Image.MAX_IMAGE_PIXELS = PIXELS
    # Pillow only warns of what is up to twice as large.
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(path, formats=tuple(TYPES)) as image:
        width, height = image.size
        if image.getexif().get(ORIENTATION) in ON_ITS_SIDE:
            width, height = height, width
        said = {"media_type": TYPES[str(image.format)], "width": width, "height": height}
        # JPEG is decoded no larger than is needed.
        image.draft("RGB", COPIES[0][1])
        drawn = upright(image)
    for name, size in COPIES:
        drawn.thumbnail(size, Image.Resampling.LANCZOS)
        with Path(f"{path}.{name}").open("wb") as copy:
            drawn.save(copy, "WEBP", quality=QUALITY, exif=b"", icc_profile=b"", xmp=b"")
            copy.flush()
            # Who has been told that the picture is taken is shown nothing else.
            os.fsync(copy.fileno())
    said["copies"] = sum(Path(f"{path}.{name}").stat().st_size for name, _ in COPIES)
    print(json.dumps(said))


def upright(image: Image.Image) -> Image.Image:
    """The first frame as it is to be looked at, in the colours of a screen."""
    turned = ImageOps.exif_transpose(image)
    plain = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), inPlace=True)
        except (ImageCms.PyCMSError, OSError):
            # Of another model of colours, or broken: nearly right is good enough.
            return plain
    return plain


if __name__ == "__main__":
    main(sys.argv[1])
