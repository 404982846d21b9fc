"""Forms as people and programs send them: missing, repeated, extra, broken."""

from __future__ import annotations

import pytest

from tests.web.browser import Browser

ODD_TYPE = "Content-Type: text/plain; charset=nope\r\n\r\nx\r\n--b--\r\n"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def csrf(adas: Browser) -> str:
    return (await adas.opens("/rooms/new")).csrf()


async def test_a_missing_and_a_repeated_field_are_told(adas: Browser) -> None:
    token = await csrf(adas)
    missing = await adas.posts("/rooms", {"csrf": token})
    assert missing.status == 422
    assert "Please fill this in." in missing.text
    repeated = await adas.posts("/rooms", f"csrf={token}&name=one&name=two", **FORM)
    assert repeated.status == 422
    assert "This was sent twice." in repeated.text


async def test_extra_fields_do_not_matter(adas: Browser) -> None:
    page = await adas.posts("/rooms", {"csrf": await csrf(adas), "name": "ops", "is_admin": "1", "__class__": "x"})
    assert page.location == "/rooms/ops"


@pytest.mark.parametrize("broken", [b"name=%ff%fe", b"name=\xff", b"na%c3me=x", "&".join(["a=1"] * 500).encode()])
async def test_what_is_not_utf_8_or_endless_is_refused(adas: Browser, broken: bytes) -> None:
    token = (await csrf(adas)).encode()
    assert (await adas.posts("/rooms", b"csrf=" + token + b"&" + broken, **FORM)).status == 400


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream", "multipart/mixed"])
async def test_only_forms_are_forms(adas: Browser, kind: str) -> None:
    page = await adas.posts("/rooms", f"csrf={await csrf(adas)}&name=ops", **{"Content-Type": kind})
    assert page.status == 415


@pytest.mark.parametrize(
    "body",
    [
        "",
        "--b",
        "--b\r\n",
        '--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nx',
        "--b\r\n\r\nx\r\n--b--\r\n",
        '--b\r\nContent-Disposition: form-data; name="csrf"\r\n' + ODD_TYPE,
        '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 3000 + "--b--\r\n",
    ],
)
async def test_broken_parts_are_refused(adas: Browser, body: str) -> None:
    page = await adas.posts("/rooms", body, **{"Content-Type": "multipart/form-data; boundary=b"})
    assert page.status in {400, 403, 413}


async def test_a_file_where_text_belongs_is_told(adas: Browser) -> None:
    parts = f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{await csrf(adas)}\r\n'
    parts += '--b\r\nContent-Disposition: form-data; name="name"; filename="a.txt"\r\n\r\nops\r\n--b--\r\n'
    page = await adas.posts("/rooms", parts, **{"Content-Type": "multipart/form-data; boundary=b"})
    assert page.status == 422
    assert "This is a file where text belongs." in page.text


async def test_markup_in_a_field_comes_back_as_text(adas: Browser) -> None:
    evil = '"><script>alert(1)</script>'
    page = await adas.submits("/rooms", on="/rooms/new", name=evil, slug="Not Fine")
    assert page.status == 422
    assert "<script>alert" not in page.text
