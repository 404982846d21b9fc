"""Pictures: known by their bytes, shown as copies that say no more than what is seen."""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from chatapp.settings import Settings
from chatapp.storage import pictures
from chatapp.storage.pictures import PROGRAM, Pictures
from tests.support.cast import Actor
from tests.support.pictures import bomb, photograph, picture
from tests.support.time import eventually
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


async def test_who_brings_many_keeps_nobody_else_waiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Six pictures of three seconds each would, and the next six."""
    begun: list[str] = []
    goes_on = threading.Event()

    def slow(path: Path) -> None:
        begun.append(path.name)
        if path.name != "small":
            assert goes_on.wait(20)

    monkeypatch.setattr(pictures, "_redrawn", slow)
    drawing = Pictures()
    many = [asyncio.create_task(drawing.redrawn(tmp_path / f"{number}", 1)) for number in range(6)]
    try:
        await eventually(lambda: begun != [])
        async with asyncio.timeout(5):
            await drawing.redrawn(tmp_path / "small", 2)
        assert sorted(begun) == ["0", "small"]
    finally:
        goes_on.set()
        await asyncio.gather(*many)
    assert len(begun) == 7
    assert not drawing._of_one


def test_the_processor_is_left_to_who_writes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(picture(10, 10))
    told = f"import os, runpy; runpy.run_path({str(PROGRAM)!r}, run_name='__main__'); print(os.nice(0))"
    done = subprocess.run([sys.executable, "-c", told, tmp_path / "a"], check=True, capture_output=True)
    assert int(done.stdout.split()[-1]) > os.nice(0)


async def test_what_only_looks_like_a_picture_is_a_file(ada_script: Script, settings: Settings) -> None:
    png = picture(100, 100)
    for content in (png[:16], png[:60], b"GIF89a" + EVIL, b"\xff\xd8\xff" + bytes(1000), bomb()):
        file = await uploads(ada_script, content, "picture.png")
        assert "thumbnail" not in file
        assert file["type"] == "application/octet-stream"
    assert len(on_disk(settings)) == 5
