"""Everything that proves who somebody is, used once in a real process: none of it is found where it need not be."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import ClientSession, CookieJar
from yarl import URL

from tests.support.house import until
from tests.support.leaks import CANARY
from tests.support.server import Server
from tests.web.browser import Browser, Page

FIRST, SECOND, THIRD = "the first secret sentence", "the second secret sentence", "the third secret sentence"
WRONG = "a mistyped secret sentence"
SMTP_WORD, SHARED = "smtp-word-that-is-secret", "shared-secret-of-more-than-32-bytes-here"


class Used(NamedTuple):
    """What was used, by what it is; and every answer that was an error."""

    server: Server
    secrets: dict[str, str]
    refusals: list[Page]
    pid: int


@pytest.fixture
async def used(tmp_path: Path) -> AsyncIterator[Used]:
    server = Server(tmp_path / "data", REGISTRATION="open", LOG_FORMAT="json", SHARED_JWT_SECRET=SHARED, LIMITS="off")
    await server.start()
    try:
        async with ClientSession(base_url=server.url, cookie_jar=CookieJar(unsafe=True)) as session:
            browser = Browser(session, URL(server.url))
            secrets = await _uses_everything(server, browser)
            refusals = await _is_refused(browser, secrets)
        assert server._process is not None
        yield Used(server, {**secrets, "shared secret": SHARED}, refusals, server._process.pid)
    finally:
        await server.kill()


async def _uses_everything(server: Server, browser: Browser) -> dict[str, str]:
    code = server.setup_link.rpartition("=")[2]
    path = f"/setup?code={code}"
    ada = {"username": "ada", "email": "ada@example.org"}
    made = await browser.submits("/setup", on=path, code=code, password=FIRST, **ada)
    assert made.status == 303
    secrets = {"setup code": code, "first password": FIRST, "first cookie": browser.cookie()}
    changed = await browser.submits("/settings/password", on="/settings/profile", current=FIRST, new=SECOND)
    assert changed.status == 303
    page = await browser.makes("/settings/tokens", name="cron", days="30")
    secrets |= {"second password": SECOND, "token": _found(r"chat_personal_[\w-]+", page), "csrf": page.csrf()}
    page = await browser.makes("/settings/invites")
    secrets["invite"] = _found(r"/join/([\w-]+)", page)
    bearer = {"Authorization": f"Bearer {secrets['token']}"}
    headers = {**bearer, "Accept": "*/*"}
    answer = await browser.sends(
        "POST", "/api/v1/tokens", json={"username": "ada", "password": SECOND}, headers=headers
    )
    secrets["JWT"] = _found(r"eyJ[\w.-]+", answer)
    await _says(browser, secrets)
    await browser.submits("/logout", on="/settings/profile")
    assert (await browser.signs_in("ada", WRONG)).status == 401
    await browser.submits("/forgot", email="ada@example.org")
    await until(lambda: any("/reset/" in line for line in server.output))
    secrets["reset link"] = next(line for line in server.output if "/reset/" in line).rpartition("/")[2]
    done = await browser.submits(f"/reset/{secrets['reset link']}", password=THIRD)
    assert done.status == 303
    return {**secrets, "wrong password": WRONG, "third password": THIRD, "last cookie": browser.cookie()}


async def _says(browser: Browser, secrets: dict[str, str]) -> None:
    """By every door, with every way to carry a token."""
    room = "/rooms/general"
    await browser.submits(f"{room}/messages", on=room, content=CANARY)
    await browser.sends(
        "POST", f"/api/v1{room}/messages?x={CANARY}", json={"content": CANARY}, headers=_bearer(secrets)
    )
    for path in (f"/ws?token={secrets['token']}", f"{room}/ws?token={secrets['JWT']}"):
        async with browser.session.ws_connect(path, headers={"Origin": "https://evil.example"}) as ws:
            await ws.send_json(
                {"action": "sendMessage", "room": "general", "content": CANARY, "token": secrets["token"]}
            )
            await ws.receive(timeout=20)
            await ws.send_str(f'{{"action": "{CANARY}')
            await ws.receive(timeout=20)


async def _is_refused(browser: Browser, secrets: dict[str, str]) -> list[Page]:
    """Good and bad credentials where they do not belong."""
    found = []
    for path in ("/nowhere", "/api/v1/nowhere", "/rooms/nowhere", "/ws", "/rooms/general?before=x", "/reset", "/join"):
        for secret in ("token", "reset link", "invite", "JWT"):
            way = f"{path}{'&' if '?' in path else '?'}token={secrets[secret]}"
            found.append(await browser.opens(way, **_bearer(secrets)))
    for path in (f"/reset/{secrets['reset link']}", f"/verify/{secrets['reset link']}", f"/join/{secrets['invite']}x"):
        found.append(await browser.sends("DELETE", path))
        found.append(await browser.posts(path, {"csrf": secrets["csrf"], "password": THIRD}))
    found.append(await browser.sends("POST", "/api/v1/tokens", data=f'{{"password": "{SECOND}'.encode()))
    found.append(await browser.posts("/login", {"csrf": "x", "username": "ada", "password": SECOND}))
    assert all(page.status >= 400 for page in found), [page.status for page in found]
    return found


def _bearer(secrets: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {secrets['token']}"}


def _found(pattern: str, page: Page) -> str:
    found = re.search(pattern, page.text)
    assert found, page.text
    return found[1] if found.groups() else found[0]


def leaked(text: str, secrets: dict[str, str]) -> list[str]:
    return [name for name, secret in secrets.items() if secret and secret in text]


def errors(output: list[str]) -> list[str]:
    return [line for line in output if '"level": "error"' in line or "Traceback" in line]


async def test_no_secret_is_found_where_it_need_not_be(used: Used, tmp_path: Path) -> None:
    kept = used.secrets
    assert len(kept) > 12
    log = [line for line in used.server.output if line.startswith("{")]
    assert len(log) > 40
    assert errors(log) == []
    assert leaked("\n".join(log), {**kept, "message": CANARY}) == []
    assert [leaked(page.text + str(page.headers), kept) for page in used.refusals if leaked(page.text, kept)] == []
    command = Path(f"/proc/{used.pid}/cmdline").read_text()  # noqa: ASYNC240 - not on a disk
    assert leaked(command, kept) == []
    # Passwords as hashes, everything else as digests, mail sealed: a stolen copy signs nobody in.
    for file in sorted((tmp_path / "data").iterdir()):
        known = {name: secret for name, secret in kept.items() if file.name != "secrets.json"}
        assert leaked(file.read_bytes().decode("latin-1"), known) == [], file.name


async def test_the_console_shows_a_secret_only_where_it_must(used: Used) -> None:
    """The code for the first account, and mail while no mail server is set."""
    console = [line for line in used.server.output if not line.startswith("{")]
    shown = {name for line in console for name in leaked(line, used.secrets)}
    assert shown == {"setup code", "reset link"}
    assert len([line for line in console if used.secrets["setup code"] in line]) == 1


async def test_the_settings_are_printed_without_secrets(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", SHARED_JWT_SECRET=SHARED, SMTP_URL=f"smtp://ada:{SMTP_WORD}@mail.example")
    printed = await server.run("settings")
    assert "CHATAPP_SMTP_URL=***" in printed
    assert leaked(printed, {"shared secret": SHARED, "mail password": SMTP_WORD}) == []
