"""Files that are not what they say, at every door that takes some: never drawn, never run, never elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from aiohttp import FormData

from chatapp.settings import Settings
from tests.support.pictures import bomb, picture
from tests.web.browser import Browser, Page
from tests.web.script import MESSAGES, Script, problem
from tests.web.test_file_forms import form
from tests.web.test_files import BYTES, EVIL, FILES, blobs, on_disk, sends, tries, uploads

ROOM: Final = "/rooms/general/messages"
# Takes a name, bytes and the type they are said to be; what the chat made of it, or its refusal.
Door = Callable[[str, bytes, str], Awaitable[Any]]


@pytest.fixture(params=["a body", "a form of a script", "a form of a page"])
def door(request: pytest.FixtureRequest, adas: Browser, ada_script: Script) -> Door:
    async def body(name: str, content: bytes, kind: str) -> Any:
        return _made(await tries(ada_script, content, name))

    async def part(name: str, content: bytes, kind: str) -> Any:
        quoted = name.replace("\\", "\\\\")
        page = await ada_script.calls(
            "POST",
            f"{FILES}?room=general",
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + quoted.encode() + b'"\r\n'
            b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content + b"\r\n--b--\r\n",
            **{"Content-Type": "multipart/form-data; boundary=b"},
        )
        return _made(page)

    async def page(name: str, content: bytes, kind: str) -> Any:
        data: FormData = form((await adas.opens("/rooms/general")).csrf())
        data.add_field("files", content, filename=name, content_type=kind)
        answer = await adas.posts(ROOM, data)
        if answer.status != 303:
            return answer.status
        return (await ada_script.gets(MESSAGES))["messages"][-1]["attachments"][0]

    doors: dict[str, Door] = {"a body": body, "a form of a script": part, "a form of a page": page}
    return doors[request.param]


def _made(page: Page) -> Any:
    return json.loads(page.text) if page.status == 201 else page.status


LYING: Final = {
    "an SVG with a script": ("evil.svg", EVIL, "image/svg+xml"),
    "an SVG that is called a picture": ("evil.png", EVIL, "image/png"),
    "a page that is called a picture": ("cat.gif", b"<script>alert(1)</script>", "image/gif"),
    "a page behind the first bytes of a picture": ("cat.gif", b"GIF89a<script>alert(1)</script>", "image/gif"),
    "a picture of a billion pixels": ("big.png", bomb(), "image/png"),
    "half a picture": ("half.png", picture(200, 200)[:90], "image/png"),
    "a type that is none": ("x.bin", b"\x00\xff", "text/html; charset=utf-7"),
}


@pytest.mark.parametrize("kind", LYING)
async def test_what_is_no_picture_is_given_out_to_keep(door: Door, ada_script: Script, kind: str) -> None:
    name, content, said = LYING[kind]
    made = await door(name, content, said)
    assert (made["type"], made["size"]) == ("application/octet-stream", len(content))
    assert "thumbnail" not in made
    for copy in ("thumbnails", "pictures"):
        assert (await ada_script.calls("GET", f"/rooms/general/{copy}/{made['id']}")).status == 404
    headers = (await ada_script.calls("HEAD", made["url"])).headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_a_picture_is_one_whatever_it_is_called(door: Door) -> None:
    made = await door("notes.txt", picture(20, 10), "text/plain")
    assert (made["type"], made["width"], made["height"]) == ("image/png", 20, 10)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "..\\..\\passwd", "C:\\passwd", "a/../passwd"])
async def test_a_path_is_no_way_out(door: Door, settings: Settings, name: str) -> None:
    assert (await door(name, b"x", "text/plain"))["name"] == "passwd"
    (lying,) = on_disk(settings)
    assert lying.parent.parent == settings.data / "files"


async def test_an_empty_file_is_refused(door: Door, settings: Settings) -> None:
    assert await door("empty.txt", b"", "text/plain") == 422
    assert on_disk(settings) == []


async def test_the_same_file_twice_lies_there_once(door: Door, settings: Settings) -> None:
    first, second = [await door(name, b"the same", "text/plain") for name in ("a.txt", "b.txt")]
    assert first["id"] != second["id"]
    assert len(blobs(settings)) == 1


# Twice at once


async def test_a_file_that_is_sent_twice_at_once_is_in_one_message(ada_script: Script) -> None:
    file = await uploads(ada_script, b"once")
    wanted = {"content": "", "attachments": [file["id"]]}
    answers = await asyncio.gather(*(ada_script.calls("POST", MESSAGES, wanted) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    assert len((await ada_script.gets(MESSAGES))["messages"]) == 1


async def test_a_form_with_a_file_that_comes_twice_at_once_is_one_message(adas: Browser, ada_script: Script) -> None:
    csrf = (await adas.opens("/rooms/general")).csrf()
    sent = [form(csrf, ("a.txt", b"once"), client_id="key") for _ in range(4)]
    answers = await asyncio.gather(*(adas.posts(ROOM, data) for data in sent))
    assert [(answer.status, answer.location) for answer in answers] == [(303, "/rooms/general#m1")] * 4
    assert len((await ada_script.gets(MESSAGES))["messages"]) == 1


async def test_the_same_bytes_at_once_are_whole(ada_script: Script, settings: Settings) -> None:
    content = b"the same bytes " * 50_000
    answers = await asyncio.gather(*(tries(ada_script, content, f"{n}.txt") for n in range(5)))
    for answer in answers:
        assert (await ada_script.calls("GET", json.loads(answer.text)["url"])).text.encode() == content
    assert len(blobs(settings)) == 1


async def test_a_message_that_is_edited_and_deleted_at_once_is_gone(ada_script: Script) -> None:
    for index in range(1, 6):
        await sends(ada_script, content="words")
        edit = ada_script.calls("PATCH", f"{MESSAGES}/{index}", {"content": "other words"})
        first, last = await asyncio.gather(edit, ada_script.calls("DELETE", f"{MESSAGES}/{index}"))
        assert (first.status in {200, 404}, last.status) == (True, 204)
        message = await ada_script.gets(f"{MESSAGES}/{index}")
        assert (message["deleted"], "content" in message) == (True, False)


async def test_two_edits_at_once_are_one_after_the_other(ada_script: Script) -> None:
    await sends(ada_script, content="at first")
    texts = [f"wording {n}" for n in range(8)]
    edits = (ada_script.calls("PATCH", f"{MESSAGES}/1", {"content": text}) for text in texts)
    answers = [json.loads(page.text) for page in await asyncio.gather(*edits)]
    assert sorted(answer["version"] for answer in answers) == list(range(2, 10))
    last = max(answers, key=lambda answer: int(answer["version"]))
    assert await ada_script.gets(f"{MESSAGES}/1") == last


# Gone


async def test_what_is_gone_is_not_sent(ada_script: Script) -> None:
    file = await uploads(ada_script, b"once")
    await sends(ada_script, file["id"])
    await ada_script.calls("DELETE", f"{MESSAGES}/1")
    again = await ada_script.calls("POST", MESSAGES, {"content": "", "attachments": [file["id"]]})
    assert problem(again) in {(404, "not_found"), (409, "conflict")}
    described = {"content": "x", "descriptions": [{"id": file["id"], "alt": "x"}]}
    assert problem(await ada_script.calls("PATCH", f"{MESSAGES}/1", described)) == (404, "not_found")
    assert problem(await ada_script.calls("POST", f"{FILES}?room=gone&name=x", b"x", **BYTES)) == (404, "not_found")
