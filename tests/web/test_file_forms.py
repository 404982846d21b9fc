"""Files sent by a form, as a page without scripts does."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from aiohttp import FormData

from chatapp.settings import Settings
from tests.support.cast import Actor
from tests.support.pictures import picture
from tests.web.browser import Browser, Page
from tests.web.script import MESSAGES, Script
from tests.web.test_files import on_disk


def form(csrf: str, *files: tuple[str, bytes], **fields: str) -> FormData:
    data = FormData(quote_fields=False, default_to_multipart=True)
    for name, value in {"csrf": csrf, "client_id": "", "content": "", **fields}.items():
        data.add_field(name, value)
    for name, content in files:
        data.add_field("files", content, filename=name, content_type="application/octet-stream")
    return data


async def posts(browser: Browser, *files: tuple[str, bytes], **fields: str) -> Page:
    csrf = (await browser.opens("/rooms/general")).csrf()
    return await browser.posts("/rooms/general/messages", form(csrf, *files, **fields))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, max_file=921_600)


async def test_a_form_sends_text_and_files(adas: Browser, ada_script: Script) -> None:
    page = await posts(adas, ("a.txt", b"one"), ("世界.pdf", b"two" * 100_000), content="Both")
    assert (page.status, page.location) == (303, "/rooms/general#m1")
    (message,) = (await ada_script.gets(MESSAGES))["messages"]
    assert [(each["name"], each["size"]) for each in message["attachments"]] == [("a.txt", 3), ("世界.pdf", 300_000)]
    drawn = (await adas.opens("/rooms/general")).text
    assert '<span class="file-name" dir="auto">世界.pdf</span><span class="file-about">PDF, 293 KiB</span>' in drawn


async def test_a_form_without_a_file_or_text(adas: Browser, ada_script: Script) -> None:
    assert (await posts(adas, ("", b""), content="text")).status == 303
    assert (await posts(adas, ("a.txt", b"file"))).status == 303
    assert (await posts(adas, ("", b""))).status == 422
    assert len((await ada_script.gets(MESSAGES))["messages"]) == 2


async def test_a_form_sent_twice_is_one_message_with_its_files(adas: Browser, ada_script: Script) -> None:
    for _ in range(2):
        assert (await posts(adas, ("a.txt", b"one"), client_id="key")).location == "/rooms/general#m1"
    assert len((await ada_script.gets(MESSAGES))["messages"]) == 1
    assert (await posts(adas, ("b.txt", b"other"), client_id="key")).status == 409


@pytest.mark.parametrize("is_changed", [False, True])
async def test_another_message_from_a_page_gone_back_to_is_asked_about_and_not_lost(
    adas: Browser, ada_script: Script, is_changed: bool
) -> None:
    """As by somebody whose line was cut before the answer, and who came Back and wrote something else."""
    assert (await posts(adas, content="the first", client_id="key")).location == "/rooms/general#m1"
    if is_changed:
        await ada_script.calls("PATCH", f"{MESSAGES}/1", {"content": "changed since"})
    asked = await posts(adas, content="another", client_id="key")
    assert asked.status == 409
    assert "What you sent from this page before has arrived." in asked.text
    assert "another</textarea>" in asked.text
    (key,) = re.findall('name="client_id" value="([^"]+)"', asked.text)
    assert key != "key"
    for _ in range(2):
        assert (await posts(adas, content="another", client_id=key)).location == "/rooms/general#m2"
    assert len((await ada_script.gets(MESSAGES))["messages"]) == 2


async def test_a_refused_file_is_told_in_the_room_and_leaves_nothing(
    adas: Browser, ada_script: Script, settings: Settings
) -> None:
    for files in ([("empty", b"")], [(f"{n}", b"x") for n in range(11)], [("x" * 201, b"x")]):
        page = await posts(adas, *files, content="kept")
        assert page.status == 422
        assert 'class="note bad"' in page.text
        assert "kept</textarea>" in page.text
    assert (await ada_script.gets(MESSAGES))["messages"] == []
    assert not list((settings.data / "files" / "incoming").glob("*"))


@pytest.mark.parametrize(
    ("bad", "said"), [(b"", "This file is empty."), (b"x" * 921_601, "A file may have 900 KiB; this one has more.")]
)
async def test_of_several_files_the_one_that_is_refused_is_named(adas: Browser, bad: bytes, said: str) -> None:
    page = await posts(adas, ("good.txt", b"x"), ("<bad>.txt", bad))
    assert f"&lt;bad&gt;.txt: {said}" in page.text
    assert "Files, up to 900 KiB each" in page.text
    # Browsers send fields in their order: a description that is too long is refused before the files have come.
    assert page.text.index('name="alt"') < page.text.index('name="files"')


async def test_files_that_have_come_stay_with_words_that_are_refused(adas: Browser, ada_script: Script) -> None:
    page = await posts(adas, ("a.txt", b"one"), content="x" * 8001)
    assert page.status == 413
    assert "With the file chosen before" in page.text
    assert (await posts(adas, ("", b""), content="shorter", uploaded=page.value("uploaded"))).status == 303
    (message,) = (await ada_script.gets(MESSAGES))["messages"]
    assert [each["name"] for each in message["attachments"]] == ["a.txt"]
    assert "chosen before" not in (await posts(adas, ("", b""), content="", uploaded="x")).text


async def test_a_form_of_another_page_uploads_nothing(adas: Browser, settings: Settings) -> None:
    for csrf in ("", "x"):
        page = await adas.posts("/rooms/general/messages", form(csrf, ("a.txt", b"one")))
        assert page.status == 403
    assert on_disk(settings) == []


def in_order(csrf: str, names: str, **more: str) -> FormData:
    """Fields as a program may put them; ``f`` and ``g`` are pictures."""
    fields = {"csrf": csrf, "content": "Look", "alt": "A blue square", "client_id": "key", "reply_to": "1", **more}
    data = FormData(quote_fields=False, default_to_multipart=True)
    for name in names.split():
        if name in {"f", "g"}:
            data.add_field("files", picture(9, 8 + (name == "g")), filename=f"{name}.png", content_type="image/png")
        else:
            data.add_field(name, fields[name])
    return data


@pytest.mark.parametrize(
    "names",
    [
        "csrf content alt client_id reply_to f g",
        "csrf f g content alt client_id reply_to",
        "csrf alt f reply_to client_id g content",
    ],
    ids=["before", "after", "between"],
)
async def test_fields_may_come_in_any_order(adas: Browser, ada: Actor, ada_script: Script, names: str) -> None:
    await ada.says("first")
    csrf = (await adas.opens("/rooms/general")).csrf()
    for _ in range(2):
        assert (await adas.posts("/rooms/general/messages", in_order(csrf, names))).location == "/rooms/general#m2"
    _, message = (await ada_script.gets(MESSAGES))["messages"]
    assert (message["content"], message["reply_to"], message["client_id"]) == ("Look", 1, "key")
    assert [each["alt"] for each in message["attachments"]] == ["A blue square"] * 2


@pytest.mark.parametrize(
    ("names", "more", "status", "said"),
    [
        ("csrf f alt alt content", {}, 422, "This was sent twice."),
        ("csrf f alt content", {"alt": "x" * 501}, 422, "A description has at most 500 characters."),
        ("csrf f content reply_to", {"reply_to": "first"}, 422, "This must be a whole number."),
        ("csrf f alt", {}, 422, "Please fill this in."),
        ("csrf f " + "alt " * 200, {}, 400, "This is not a form that can be read."),
        ("csrf f content", {"content": "x" * 2**20}, 413, "larger than this server takes"),
    ],
    ids=["twice", "too long", "no number", "no content", "too many", "too much"],
)
async def test_what_comes_after_the_files_is_refused_as_what_comes_before(
    adas: Browser, ada_script: Script, names: str, more: dict[str, str], status: int, said: str
) -> None:
    csrf = (await adas.opens("/rooms/general")).csrf()
    page = await adas.posts("/rooms/general/messages", in_order(csrf, names, **more))
    assert (page.status, said in page.text) == (status, True)
    assert (await ada_script.gets(MESSAGES))["messages"] == []


async def test_no_file_is_taken_before_it_is_known_whose_form_it_is(adas: Browser, settings: Settings) -> None:
    csrf = (await adas.opens("/rooms/general")).csrf()
    assert (await adas.posts("/rooms/general/messages", in_order(csrf, "content f csrf"))).status == 403
    assert on_disk(settings) == []


async def test_a_form_that_ends_too_soon_leaves_nothing(adas: Browser, settings: Settings) -> None:
    csrf = (await adas.opens("/rooms/general")).csrf()
    head = '--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + csrf + "\r\n"
    head += '--b\r\nContent-Disposition: form-data; name="content"\r\n\r\nx\r\n'
    head += '--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    for rest in ("", "half", "half\r\n", "half\r\n--", "x" * 400_000):
        assert (await adas.posts("/rooms/general/messages", head + rest, **kind)).status == 400
    assert on_disk(settings) == []
