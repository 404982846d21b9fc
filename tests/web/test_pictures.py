"""Pictures: known by their bytes, shown as copies that say no more than what is seen."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from chatapp.settings import Settings
from tests.support.cast import Actor
from tests.support.pictures import bomb, photograph, picture
from tests.web.browser import Browser
from tests.web.script import Script
from tests.web.test_files import EVIL, on_disk, sends, uploads


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF"])
async def test_a_picture_is_known_by_its_bytes_and_shown_as_a_copy(
    ada_script: Script, stranger: Browser, kind: str, ada: Actor
) -> None:
    file = await uploads(ada_script, picture(1200, 900, kind), "lies.txt", alt="A blue sheet")
    assert (file["type"], file["width"], file["height"], file["alt"]) == (
        f"image/{kind.lower()}",
        1200,
        900,
        "A blue sheet",
    )
    for name, size in (("thumbnail", (960, 720)), ("picture", (1200, 900))):
        async with stranger.session.get(file[name], headers=ada.bearer) as got:
            assert (got.status, got.headers["Content-Type"]) == (200, "image/webp")
            assert got.headers["X-Content-Type-Options"] == "nosniff"
            with Image.open(io.BytesIO(await got.read())) as copy:
                assert (copy.format, copy.size) == ("WEBP", size)


async def test_a_copy_says_nothing_of_where_it_was_taken_and_stands_upright(
    ada_script: Script, stranger: Browser, ada: Actor
) -> None:
    file = await uploads(ada_script, photograph(), "holiday.jpg")
    assert (file["width"], file["height"]) == (20, 40)
    for name in ("thumbnail", "picture"):
        async with stranger.session.get(file[name], headers=ada.bearer) as got:
            content = await got.read()
        assert b"home" not in content
        with Image.open(io.BytesIO(content)) as copy:
            assert (copy.size, dict(copy.getexif())) == ((20, 40), {})


async def test_a_picture_reserves_its_place_in_the_page(adas: Browser, ada_script: Script) -> None:
    file = await uploads(ada_script, picture(1200, 300), "wide.png")
    await sends(ada_script, file["id"])
    page = await adas.opens("/rooms/general")
    (drawn,) = [each for each in re.findall(r"<img [^>]*>", page.text) if "wide.png" in each]
    assert f'src="{file["thumbnail"]}" alt="wide.png" width="480" height="120"' in drawn


async def test_what_only_looks_like_a_picture_is_a_file(ada_script: Script, settings: Settings) -> None:
    png = picture(100, 100)
    for content in (png[:16], png[:60], b"GIF89a" + EVIL, b"\xff\xd8\xff" + bytes(1000), bomb()):
        file = await uploads(ada_script, content, "picture.png")
        assert "thumbnail" not in file
        assert file["type"] == "application/octet-stream"
    assert len(on_disk(settings)) == 5
