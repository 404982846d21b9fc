"""What pictures show, in words: said when they are sent, and said anew by who has sent them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatapp.domain.chat import Chat
from tests.support.cast import Actor
from tests.support.pictures import picture
from tests.web.browser import Browser
from tests.web.script import MESSAGES, Script, problem
from tests.web.test_file_forms import posts
from tests.web.test_files import sends, uploads

ONE = f"{MESSAGES}/1"


async def sent(script: Script, content: str = "Look") -> Any:
    """Two pictures and a text in one message."""
    found = [await uploads(script, picture(9, n), f"{n}.png", alt="at first") for n in (8, 9)]
    return await sends(script, *(each["id"] for each in [*found, await uploads(script, b"x")]), content=content)


def said(message: Any) -> list[str]:
    return [each.get("alt", "") for each in message["attachments"]]


async def test_they_are_said_anew_and_it_is_no_other_wording(ada_script: Script, grace_script: Script) -> None:
    before = await sent(ada_script)
    first, second, text = [each["id"] for each in before["attachments"]]
    wanted = [{"id": second, "alt": " A blue\nsquare "}, {"id": text, "alt": "not a picture"}]
    page = await ada_script.calls("PATCH", ONE, {"content": "Look", "descriptions": wanted})
    after = (await grace_script.gets(MESSAGES))["messages"][0]
    assert json.loads(page.text) == after
    assert said(after) == ["at first", "A blue square", ""]
    assert after["version"] == before["version"] + 1
    assert "edited_at" not in after
    page = await ada_script.calls("PATCH", ONE, {"content": "Look here", "descriptions": [{"id": first, "alt": ""}]})
    assert said(json.loads(page.text)) == ["", "A blue square", ""]
    assert "edited_at" in json.loads(page.text)


async def test_what_is_said_stays_with_the_file(ada_script: Script) -> None:
    """The row of the file and that of its message say the same."""
    first = (await sent(ada_script))["attachments"][0]
    wanted = {"content": "Look", "descriptions": [{"id": first["id"], "alt": "kept"}]}
    await ada_script.calls("PATCH", ONE, wanted)
    await ada_script.calls("PATCH", ONE, {"content": "Look again"})
    assert said(await ada_script.gets(ONE)) == ["kept", "at first", ""]


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ({"id": "999", "alt": "x"}, (404, "not_found")),
        ({"id": "{0}", "alt": "x" * 501}, (422, "invalid")),
        ({"id": "{0}", "alt": "a\u202eb"}, (422, "invalid")),
        ({"id": "{0}", "alt": "a\0b"}, (422, "invalid")),
        ({"id": "{0}"}, (400, "bad_request")),
        ("{0}", (400, "bad_request")),
    ],
)
async def test_what_cannot_be_said_is_refused_and_nothing_is_changed(
    ada_script: Script, description: Any, expected: tuple[int, str]
) -> None:
    before = await sent(ada_script)
    body = json.dumps({"content": "other", "descriptions": [description]})
    body = body.replace("{0}", before["attachments"][0]["id"])
    assert problem(await ada_script.calls("PATCH", ONE, body.encode())) == expected
    assert await ada_script.gets(ONE) == before


async def test_too_many_are_refused(ada_script: Script) -> None:
    ident = (await sent(ada_script))["attachments"][0]["id"]
    wanted = {"content": "x", "descriptions": [{"id": ident, "alt": "x"}] * 11}
    assert problem(await ada_script.calls("PATCH", ONE, wanted)) == (422, "invalid")


async def test_nobody_describes_anothers_pictures(ada_script: Script, grace_script: Script) -> None:
    before = await sent(ada_script)
    wanted: Any = {"content": "Look", "descriptions": [{"id": before["attachments"][0]["id"], "alt": "x"}]}
    assert problem(await grace_script.calls("PATCH", ONE, wanted)) == (403, "forbidden")
    theirs = await sent(grace_script)
    wanted["descriptions"][0]["id"] = theirs["attachments"][0]["id"]
    assert problem(await ada_script.calls("PATCH", ONE, wanted)) == (404, "not_found")
    assert await ada_script.gets(ONE) == before


async def test_a_form_says_what_its_pictures_show(adas: Browser, ada_script: Script) -> None:
    files = [("a.png", picture(9, 8)), ("b.txt", b"x")]
    assert (await posts(adas, *files, alt="A blue square")).status == 303
    assert said((await ada_script.gets(MESSAGES))["messages"][0]) == ["A blue square", ""]
    assert 'alt="A blue square"' in (await adas.opens("/rooms/general")).text


async def test_a_refused_description_is_kept_in_the_form(adas: Browser, ada_script: Script) -> None:
    page = await posts(adas, ("a.png", picture(9, 8)), content="kept", alt="x" * 501)
    assert page.status == 422
    assert "A description has at most 500 characters." in page.text
    assert page.value("alt") == "x" * 501
    assert (await ada_script.gets(MESSAGES))["messages"] == []


async def test_the_page_that_edits_a_message_has_a_field_for_each_picture(
    adas: Browser, ada_script: Script, ada: Actor, chat: Chat
) -> None:
    first, second, text = [each["id"] for each in (await sent(ada_script))["attachments"]]
    page = await adas.opens("/rooms/general/1/edit")
    assert (page.value(f"alt-{first}"), page.value(f"alt-{second}")) == ("at first", "at first")
    assert f"alt-{text}" not in page.text
    assert "What does 8.png show?" in page.text
    fields = {"content": "Look", f"alt-{first}": 'A "blue" <square>', f"alt-{second}": ""}
    assert (await adas.submits("/rooms/general/1/edit", **fields)).status == 303
    assert said(await ada_script.gets(ONE)) == ['A "blue" <square>', "", ""]
    assert "A &#34;blue&#34; &lt;square&gt;" in (await adas.opens("/rooms/general")).text
    page = await adas.submits("/rooms/general/1/edit", **{**fields, f"alt-{second}": "x" * 501})
    assert (page.status, page.value(f"alt-{second}")) == (422, "x" * 501)
    assert "A description has at most 500 characters." in page.text
