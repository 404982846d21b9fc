"""Files over REST and by form: taken in pieces, given out to members only, and never as something that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from aiohttp import FormData

from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from tests.support.cast import Actor
from tests.support.pictures import picture
from tests.support.time import SettableClock
from tests.web.browser import Browser, Page
from tests.web.script import MESSAGES, Script, problem

FILES: Final = "/api/v1/files"
BYTES: Final = {"Content-Type": "application/octet-stream"}
EVIL: Final = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


async def uploads(script: Script, content: bytes, name: str = "notes.txt", room: str = "general", **more: str) -> Any:
    page = await tries(script, content, name, room, **more)
    assert page.status == 201, page.text
    return json.loads(page.text)


async def tries(script: Script, content: bytes, name: str = "notes.txt", room: str = "general", **more: str) -> Page:
    query = "".join(f"&{key}={quote(value, safe='')}" for key, value in {"name": name, **more}.items())
    return await script.calls("POST", f"{FILES}?room={room}{query}", content, **BYTES)


async def sends(script: Script, *files: Any, content: str = "", **more: Any) -> Any:
    page = await script.calls("POST", MESSAGES, {"content": content, "attachments": list(files), **more})
    assert page.status == 201, page.text
    return json.loads(page.text)


def on_disk(settings: Settings) -> list[Path]:
    """Everything that lies in the folder of files."""
    return sorted(path for path in (settings.data / "files").rglob("*") if path.is_file())


def blobs(settings: Settings) -> list[str]:
    return [path.name for path in on_disk(settings) if "." not in path.name]


# Rules


async def test_a_file_is_uploaded_sent_and_fetched(ada_script: Script, grace_script: Script) -> None:
    file = await uploads(ada_script, b"hello", "notes.txt")
    url = f"/rooms/general/files/{file['id']}/notes.txt"
    expected = {"id": file["id"], "name": "notes.txt", "size": 5, "type": "application/octet-stream", "url": url}
    assert file == expected
    message = await sends(ada_script, file["id"], content="Here they are")
    assert message["attachments"] == [expected]
    (heard,) = (await grace_script.gets(MESSAGES))["messages"]
    assert heard["attachments"] == [expected]
    got = await grace_script.calls("GET", url)
    assert (got.status, got.text) == (200, "hello")


async def test_a_message_of_files_alone_needs_no_text(ada_script: Script) -> None:
    files = [(await uploads(ada_script, text, f"{text.decode()}.txt"))["id"] for text in (b"one", b"two")]
    message = await sends(ada_script, *files)
    assert "content" not in message
    assert [each["name"] for each in message["attachments"]] == ["one.txt", "two.txt"]
    assert problem(await ada_script.calls("POST", MESSAGES, {"content": " "})) == (422, "invalid")


async def test_whatever_it_is_it_is_given_out_to_keep_and_not_to_run(ada_script: Script) -> None:
    for name in ("evil.svg", "evil.html", "evil.png"):
        url = (await uploads(ada_script, EVIL, name))["url"]
        got = await ada_script.calls("GET", url)
        assert got.headers["Content-Type"] == "application/octet-stream"
        assert got.headers["Content-Disposition"].startswith("attachment; ")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert got.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert got.headers["Cache-Control"] == "private, no-cache"


async def test_part_of_a_file_is_given_to_who_asks_for_it(ada_script: Script) -> None:
    url = (await uploads(ada_script, b"0123456789"))["url"]
    got = await ada_script.calls("GET", url, Range="bytes=2-4")
    assert (got.status, got.text, got.headers["Content-Range"]) == (206, "234", "bytes 2-4/10")
    whole = await ada_script.calls("GET", url)
    again = await ada_script.calls("GET", url, **{"If-None-Match": whole.headers["ETag"]})
    assert again.status == 304


async def test_nobody_learns_that_somebody_else_has_the_same(ada_script: Script, grace_script: Script) -> None:
    content = picture()

    async def looks(script: Script, file: Any) -> list[str]:
        pages = [await script.calls("HEAD", file[kind]) for kind in ("url", "thumbnail", "picture")]
        return [page.headers[name] for page in pages for name in ("ETag", "Last-Modified")]

    mine = await uploads(ada_script, content, "mine.png")
    before = await looks(ada_script, mine)
    theirs = await uploads(grace_script, content, "theirs.png")
    assert await looks(ada_script, mine) == await looks(grace_script, theirs) == before
    alone = await looks(grace_script, await uploads(grace_script, picture(64, 48), "alone.png"))
    assert set(alone).isdisjoint(before)


async def test_the_same_content_is_stored_once_and_stays_while_a_message_has_it(
    ada_script: Script, settings: Settings, chat: Chat
) -> None:
    first, second = [await sends(ada_script, (await uploads(ada_script, b"same", name))["id"]) for name in ("a", "b")]
    assert len(blobs(settings)) == 1
    for message, left in ((first, 1), (second, 0)):
        await ada_script.calls("DELETE", f"{MESSAGES}/{message['index']}")
        assert (await ada_script.calls("GET", message["attachments"][0]["url"])).status == 404
        await chat.housekeeping.free_files()
        assert len(blobs(settings)) == left
    assert on_disk(settings) == []
    (tombstone, _) = (await ada_script.gets(MESSAGES))["messages"]
    assert "attachments" not in tombstone


async def test_the_same_upload_again_is_the_same_file(ada_script: Script) -> None:
    first = await uploads(ada_script, b"once")
    assert await uploads(ada_script, b"once") == first
    message = await sends(ada_script, first["id"], first["id"])
    assert len(message["attachments"]) == 1
    assert (await uploads(ada_script, b"once"))["id"] != first["id"]


async def test_the_same_message_again_is_the_same_message(ada_script: Script) -> None:
    file = await uploads(ada_script, b"once")
    first = await sends(ada_script, file["id"], client_id="key")
    assert await sends(ada_script, file["id"], client_id="key") == first
    other = await uploads(ada_script, b"other", "other.txt")
    wanted = {"content": "", "client_id": "key", "attachments": [other["id"]]}
    assert problem(await ada_script.calls("POST", MESSAGES, wanted)) == (409, "conflict")


async def test_a_description_can_be_given_when_it_is_sent(ada_script: Script) -> None:
    file = await uploads(ada_script, picture(10, 10), "a.png", alt="at first")
    message = await sends(ada_script, {"id": file["id"], "alt": "A small square"})
    assert message["attachments"][0]["alt"] == "A small square"


async def test_what_was_never_sent_goes_after_a_day(
    ada_script: Script, chat: Chat, clock: SettableClock, settings: Settings
) -> None:
    file = await uploads(ada_script, b"never sent")
    sent = await sends(ada_script, (await uploads(ada_script, b"sent", "sent.txt"))["id"])
    for hours, left in ((23, 2), (2, 1)):
        clock.passes(seconds=hours * 3600)
        await chat.housekeeping.tidy()
        await chat.housekeeping.free_files()
        assert len(blobs(settings)) == left
    late = await ada_script.calls("POST", MESSAGES, {"content": "", "attachments": [file["id"]]})
    assert problem(late) == (404, "not_found")
    assert (await ada_script.calls("GET", sent["attachments"][0]["url"])).status == 200


# Refusals


async def test_who_is_not_in_the_room_gets_nothing(
    ada_script: Script, grace_script: Script, ada: Actor, chat: Chat, stranger: Browser
) -> None:
    await chat.rooms.create(ada.person, name="Ops", slug="ops")
    file = await uploads(ada_script, picture(10, 10), "a.png", room="ops")
    await ada_script.calls("POST", "/api/v1/rooms/ops/messages", {"content": "", "attachments": [file["id"]]})
    nothing = await grace_script.calls("GET", "/rooms/ops/files/999/a.png")
    for url in (file["url"], file["thumbnail"], file["picture"]):
        async with stranger.session.get(url, headers=ada.bearer) as hers:
            assert hers.status == 200
        got = await grace_script.calls("GET", url)
        assert problem(got) == problem(nothing) == (404, "not_found")
        # Nor by the door of a room that she is in.
        assert (await grace_script.calls("GET", url.replace("/ops/", "/general/"))).status == 404
    assert problem(await tries(grace_script, b"x", room="ops")) == (404, "not_found")
    assert problem(await tries(grace_script, b"x", room="nowhere")) == (404, "not_found")


async def test_who_leaves_the_room_leaves_its_files(
    ada_script: Script, grace_script: Script, chat: Chat, ada: Actor
) -> None:
    await chat.rooms.create(ada.person, name="Ops", slug="ops")
    await grace_script.calls("PUT", "/api/v1/rooms/ops/members/grace")
    file = await uploads(grace_script, b"mine", room="ops")
    assert (await grace_script.calls("GET", file["url"])).status == 200
    await grace_script.calls("DELETE", "/api/v1/rooms/ops/members/grace")
    assert (await grace_script.calls("GET", file["url"])).status == 404


async def test_what_is_not_sent_is_the_uploaders_alone(ada_script: Script, grace_script: Script) -> None:
    file = await uploads(ada_script, b"not yet")
    assert (await ada_script.calls("GET", file["url"])).status == 200
    assert (await grace_script.calls("GET", file["url"])).status == 404
    stolen = await grace_script.calls("POST", MESSAGES, {"content": "", "attachments": [file["id"]]})
    assert problem(stolen) == (404, "not_found")
    await sends(ada_script, file["id"])
    again = await ada_script.calls("POST", MESSAGES, {"content": "", "attachments": [file["id"]]})
    assert problem(again) == (409, "conflict")
    assert len((await ada_script.gets(MESSAGES))["messages"]) == 1


@pytest.mark.parametrize("wanted", ["x", [1], ["x"], ["-1"], [""], ["9" * 16], [{}], [{"id": 1}], [None], [["1"]]])
async def test_a_wrong_attachment_is_told(ada_script: Script, wanted: object) -> None:
    answer = await ada_script.calls("POST", MESSAGES, {"content": "x", "attachments": wanted})
    assert problem(answer) == (400, "bad_request")
    assert json.loads(answer.text)["errors"][0]["field"].startswith(("attachments", "id"))


async def test_too_many_files_are_refused(ada_script: Script) -> None:
    answer = await ada_script.calls("POST", MESSAGES, {"content": "x", "attachments": [str(n) for n in range(11)]})
    assert problem(answer) == (422, "invalid")


async def test_a_foreign_page_cannot_upload_with_a_cookie(adas: Browser) -> None:
    for origin, status in (("https://elsewhere.example", 403), (adas.origin, 201)):
        headers = {"Origin": origin, **BYTES}
        answer = await adas.sends("POST", f"{FILES}?room=general&name=x", data=b"x", headers=headers)
        assert answer.status == status


# Oddities


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\plan.doc", "plan.doc"),
        ("..", "file"),
        ("/", "file"),
        (" . ", "file"),
        ("a\r\nSet-Cookie: x=1", "a_ _Set-Cookie: x=1"),
        ("fdp.\u202eexe", "fdp._exe"),
        ('quo"te%2F.txt', 'quo"te%2F.txt'),
        ("世界 🦊.png", "世界 🦊.png"),
        ("שלום.pdf", "שלום.pdf"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("x" * 200, "x" * 200),
    ],
)
async def test_a_name_is_the_last_part_of_a_path_on_one_line(
    ada_script: Script, adas: Browser, name: str, kept: str, settings: Settings
) -> None:
    file = await uploads(ada_script, b"content", name)
    assert file["name"] == kept.replace("_ _", "__")
    await sends(ada_script, file["id"])
    got = await ada_script.calls("GET", file["url"])
    assert (got.status, got.text) == (200, "content")
    assert got.headers["Content-Disposition"].endswith(f"filename*=UTF-8''{quote(file['name'], safe='')}")
    assert "Set-Cookie" not in got.headers
    assert "<img src=x" not in (await adas.opens("/rooms/general")).text
    assert [path.parent.parent for path in on_disk(settings)] == [settings.data / "files"]


@pytest.mark.parametrize("name", ["x" * 201, "", "a\u0301" + "\u0301" * 9])
async def test_a_name_that_cannot_be_is_told(ada_script: Script, name: str, settings: Settings) -> None:
    assert (await tries(ada_script, b"x", name)).status in {400, 422}
    assert on_disk(settings) == []


async def test_a_file_without_a_room_is_told_what_is_missing(ada_script: Script) -> None:
    refused = await ada_script.calls("POST", "/api/v1/files?name=a.txt", b"hello")
    assert problem(refused) == (400, "bad_request")
    assert json.loads(refused.text)["errors"][0]["field"] == "room"


async def test_an_empty_file_is_refused(ada_script: Script, settings: Settings) -> None:
    assert problem(await tries(ada_script, b"")) == (422, "invalid")
    assert on_disk(settings) == []


async def test_a_file_in_a_form_of_its_own_is_taken(ada_script: Script, stranger: Browser, ada: Actor) -> None:
    data = FormData(default_to_multipart=True)
    data.add_field("file", b"by curl", filename="curl.txt")
    answer = await stranger.sends("POST", f"{FILES}?room=general", data=data, headers=ada.bearer)
    assert (answer.status, json.loads(answer.text)["name"]) == (201, "curl.txt")
    nameless = await ada_script.calls("POST", f"{FILES}?room=general", b"x", **BYTES)
    assert problem(nameless) == (400, "bad_request")


@pytest.mark.parametrize("names", ["alt file", "file alt", "file file"])
async def test_what_is_beside_it_in_a_form_of_its_own_is_told_and_not_lost(
    stranger: Browser, ada: Actor, settings: Settings, names: str
) -> None:
    data = FormData(default_to_multipart=True)
    for name in names.split():
        data.add_field(name, "A blue square", filename="a.png" if name == "file" else None)
    answer = await stranger.sends("POST", f"{FILES}?room=general", data=data, headers=ada.bearer)
    assert problem(answer) == (400, "bad_request")
    assert "in the address what it shows: alt=" in answer.text
    assert on_disk(settings) == []
