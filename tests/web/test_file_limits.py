"""Too much, too slow, cut off: what is not taken whole leaves nothing on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from aiohttp import ClientError

from chatapp.core.errors import RateLimited
from chatapp.domain import housekeeping
from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from chatapp.storage import blobs as stored
from chatapp.storage.files import size_of
from chatapp.storage.tables import files
from chatapp.web import uploads as uploading
from tests.support.cast import Actor
from tests.support.pictures import patterned, picture
from tests.support.time import eventually
from tests.web.browser import Browser
from tests.web.script import Script, problem
from tests.web.test_file_forms import posts
from tests.web.test_files import BYTES, FILES, on_disk, sends, tries, uploads

LIMIT = 1_000_000
PART = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
WHOLE_FILE = PART.format("files", '; filename="a.txt"', "all of it")
FORM = "multipart/form-data; boundary=x"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, max_file=LIMIT, files_per_person=3 * LIMIT)


async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(
    ada_script: Script, stranger: Browser, ada: Actor, settings: Settings
) -> None:
    await uploads(ada_script, b"x" * LIMIT, "just.bin")
    before = on_disk(settings)
    assert problem(await tries(ada_script, b"x" * (LIMIT + 1))) == (413, "too_large")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"y" * 65_536

    # Announced or not.
    answer = await stranger.sends(
        "POST", f"{FILES}?room=general&name=x", data=endless(), headers={**ada.bearer, **BYTES}
    )
    assert problem(answer) == (413, "too_large")
    assert on_disk(settings) == before


async def test_a_form_with_a_file_over_the_limit_is_told_in_the_room(adas: Browser, settings: Settings) -> None:
    page = await posts(adas, ("big.bin", b"x" * (LIMIT + 1)), content="kept")
    assert page.status == 413
    assert "kept</textarea>" in page.text
    assert on_disk(settings) == []


async def test_all_files_of_a_person_have_a_limit_together(ada_script: Script, grace_script: Script) -> None:
    files = [await uploads(ada_script, bytes([n]) * LIMIT, f"{n}.bin") for n in range(3)]
    assert problem(await tries(ada_script, b"one byte more")) == (413, "too_large")
    await uploads(grace_script, b"somebody else's")
    message = await sends(ada_script, files[0]["id"])
    await ada_script.calls("DELETE", f"/api/v1/rooms/general/messages/{message['index']}")
    await uploads(ada_script, b"there is room again")


async def test_files_that_come_at_once_do_not_all_find_the_room_that_is_left(
    ada_script: Script, settings: Settings
) -> None:
    answers = await asyncio.gather(*(tries(ada_script, bytes([n]) * LIMIT, f"{n}.bin") for n in range(5)))
    assert sorted(answer.status for answer in answers) == [201] * 3 + [413] * 2
    assert len(on_disk(settings)) == 3


async def test_the_copies_of_a_picture_count_as_well(
    ada_script: Script, ada: Actor, chat: Chat, settings: Settings
) -> None:
    drawn = patterned()
    await uploads(ada_script, drawn, "pattern.png")
    taken = sum(path.stat().st_size for path in on_disk(settings))
    assert taken > 10 * len(drawn)
    assert await size_of(chat.outbox._database, ada.person.id) == taken


async def test_copies_of_which_nothing_was_noted_are_counted_by_the_clock(
    ada_script: Script, ada: Actor, chat: Chat, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of pictures from before that was done; those whose copies are gone keep nobody from the rest."""
    monkeypatch.setattr(housekeeping, "COUNTED_AT_ONCE", 1)
    for width in (640, 641, 642):
        await uploads(ada_script, picture(width), "picture.png")
    await uploads(ada_script, b"no picture")
    gone = next(path for path in on_disk(settings) if path.suffix == ".thumbnail")
    gone.unlink()
    gone.with_suffix(".picture").unlink()
    database = chat.outbox._database
    async with database.transaction() as tx:
        await tx.execute(sa.update(files).values(copies=0))
    await chat.housekeeping.count_copies()
    with monkeypatch.context() as nothing_to_write:
        nothing_to_write.setattr(database, "transaction", None)
        await chat.housekeeping.count_copies()
    assert await size_of(database, ada.person.id) == sum(path.stat().st_size for path in on_disk(settings))


async def test_a_picture_whose_copies_find_no_room_is_refused_with_them(ada_script: Script, settings: Settings) -> None:
    drawn = patterned()
    await uploads(ada_script, b"x" * LIMIT)
    before = on_disk(settings)
    assert problem(await tries(ada_script, drawn, "pattern.png")) == (413, "too_large")
    assert on_disk(settings) == before


async def test_a_broken_upload_leaves_nothing(stranger: Browser, ada: Actor, settings: Settings) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"half of it" * 50_000
        raise ConnectionResetError

    with pytest.raises((ClientError, ConnectionError)):
        await stranger.sends("POST", f"{FILES}?room=general&name=x", data=breaks(), headers={**ada.bearer, **BYTES})
    await eventually(lambda: on_disk(settings) == [])


async def falls_silent(sent: str, after: float = 5) -> AsyncIterator[bytes]:
    yield sent.encode()
    await asyncio.sleep(after)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        pytest.param("text/plain", "half of it", id="within a body"),
        pytest.param(FORM, "--x\r\n", id="before the file of a form"),
        pytest.param(FORM, WHOLE_FILE + "--x\r\n", id="after it"),
    ],
)
async def test_an_upload_that_falls_silent_is_over(
    stranger: Browser, ada: Actor, settings: Settings, monkeypatch: pytest.MonkeyPatch, kind: str, sent: str
) -> None:
    monkeypatch.setattr(uploading, "SILENT_SECONDS", 0.2)
    headers = {**ada.bearer, "Content-Type": kind}
    answer = await stranger.sends("POST", f"{FILES}?room=general&name=x", data=falls_silent(sent), headers=headers)
    assert answer.status == 408
    assert on_disk(settings) == []


@pytest.mark.parametrize("more", ["--x\r\nContent-Disposition: form", PART.format("files", '; filename=""', "")[:-2]])
async def test_so_is_a_form_of_the_page(adas: Browser, monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    monkeypatch.setattr(uploading, "SILENT_SECONDS", 0.2)
    csrf = (await adas.opens("/rooms/general")).csrf()
    # So long that its end comes in a read of its own.
    file = PART.format("files", '; filename="a.txt"', "x" * 70_000)
    sent = PART.format("csrf", "", csrf) + PART.format("content", "", "words") + file + more
    headers = {"Content-Type": FORM, "Origin": adas.origin}
    page = await adas.sends("POST", "/rooms/general/messages", data=falls_silent(sent), headers=headers)
    assert page.status == 408


async def test_without_room_on_the_disk_nothing_is_taken(
    ada_script: Script, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "RESERVE", 2**60)
    assert problem(await tries(ada_script, b"x")) == (503, "unavailable")
    assert on_disk(settings) == []
    monkeypatch.undo()
    await uploads(ada_script, b"x")


@pytest.mark.file_only("several servers share the folder: an upload may be another's")
async def test_what_a_killed_server_was_taking_in_is_gone_after_a_start(settings: Settings) -> None:
    from chatapp.app import offline

    half = settings.data / "files" / "incoming" / "half"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half of it")
    async with offline(settings):
        assert not half.exists()


async def test_what_no_row_names_is_swept_once_it_is_old(
    ada_script: Script, chat: Chat, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await uploads(ada_script, b"kept")
    lost = settings.data / "files" / "ab" / ("ab" + "0" * 62)
    lost.parent.mkdir(exist_ok=True)
    lost.write_bytes(b"lost")
    # What a kill leaves that comes between the names of a picture and of its copies.
    lost.with_name("ab" + "1" * 62 + ".thumbnail").write_bytes(b"lost as well")
    await chat.housekeeping.sweep_files()
    assert len(on_disk(settings)) == 3
    monkeypatch.setattr("chatapp.domain.housekeeping.UPLOAD_SECONDS", -1)
    await chat.housekeeping.sweep_files()
    assert [path.read_bytes() for path in on_disk(settings)] == [b"kept"]


async def test_many_at_once_are_refused_and_others_are_not_disturbed(chat: Chat, ada: Actor, grace: Actor) -> None:
    go_on = asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        yield b"x"
        await go_on.wait()

    async def whole() -> AsyncIterator[bytes]:
        yield b"y"

    running = [asyncio.ensure_future(chat.files.upload(ada.person, "general", f"{n}", waiting())) for n in range(6)]
    await eventually(lambda: chat.files._running[ada.person.id] == 6)
    with pytest.raises(RateLimited, match="too many files at once"):
        await chat.files.upload(ada.person, "general", "seventh", whole())
    await chat.files.upload(grace.person, "general", "hers", whole())
    go_on.set()
    assert len(await asyncio.gather(*running)) == 6
    assert not chat.files._running
