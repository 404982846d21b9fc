"""The server under fire: a process of its own, what one case does to it, and whether it is well."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestClient

from tests.fuzz.cases import COOKIE, CSRF, HOST, TOKEN, Case
from tests.support.server import PASSWORD, Server
from tests.support.wire import CLOSE, TEXT, RawSocket

HANG_SECONDS: Final = 20.0
# How long something that need not be answered is waited for.
MOMENT: Final = 0.05
FINE: Final = frozenset({503, 505})
CODES: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1009, 1012, 4401, 4429})


class Figures(NamedTuple):
    """``rss`` in KiB."""

    rss: int
    descriptors: int
    threads: int


class Target:
    """Ada's hands are the fuzzer's; Grace is somebody who wants to chat meanwhile."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ada = ""
        self.grace = ""
        self._cookie = ""
        self._csrf = ""
        self._read = 0
        self.is_out = False

    async def begins(self) -> None:
        self.ada = await self.server.add_person("ada", is_admin=True)
        self.grace = await self.server.add_person("grace")
        await self.server.start()
        await self.signs_in()

    async def signs_in(self) -> None:
        """Anew, for Ada may have logged herself out or revoked her token."""
        self.is_out = False
        async with ClientSession(self.server.url, cookie_jar=CookieJar(unsafe=True)) as browser:
            origin = {"Origin": self.server.url}
            page = await (await browser.get("/login")).text()
            form = {"csrf": _csrf(page), "username": "ada", "password": PASSWORD}
            await browser.post("/login", data=form, headers=origin)
            self._csrf = _csrf(await (await browser.get("/settings/profile")).text())
            self._cookie = next(cookie.value for cookie in browser.cookie_jar if cookie.key == "session")
            async with ClientSession(self.server.url, headers={"Authorization": f"Bearer {self.ada}"}) as script:
                is_revoked = (await script.get("/api/v1/me")).status != 200
            if is_revoked:
                self.ada = await _new_token(browser, origin)

    async def survives(self, case: Case) -> str:
        """What went wrong with one case, its traces in the log included, or ""."""
        found = await self.answers(case)
        if not found:
            await asyncio.sleep(MOMENT)
        return found or self.said()

    async def answers(self, case: Case) -> str:
        """What was wrong with the answer, or ""."""
        data = self._filled(case.data)
        try:
            return await (self._at_socket(case, data) if case.door else self._request(case, data))
        except TimeoutError:
            return "no answer" if case.is_whole else ""
        except (ConnectionError, asyncio.IncompleteReadError):
            return "hung up" if case.is_whole and not case.door else ""

    def figures(self) -> Figures:
        process = Path(f"/proc/{self.server.pid}")
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
        rss = int(status["VmRSS"].split()[0])
        return Figures(rss, len(list((process / "fd").iterdir())), int(status["Threads"]))

    async def is_well(self) -> bool:
        """Grace posts and reads what she posted; within the time nothing may hang."""
        headers = {"Authorization": f"Bearer {self.grace}"}
        async with asyncio.timeout(HANG_SECONDS), ClientSession(self.server.url, headers=headers) as script:
            path = "/api/v1/rooms/general/messages"
            posted = await (await script.post(path, json={"content": "still here"})).json()
            read = await (await script.get(f"{path}/{posted['index']}")).json()
            return bool(read["content"] == "still here")

    async def _request(self, case: Case, data: bytes) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            with contextlib.suppress(ConnectionError):
                writer.write(data)
                await writer.drain()
            async with asyncio.timeout(HANG_SECONDS if case.is_whole else MOMENT):
                head = await reader.readline()
        finally:
            writer.close()
        found = re.match(rb"HTTP/\d\.\d (\d{3}) ", head)
        if found is None:
            return "" if not head and not case.is_whole else f"answered {head[:60]!r}"
        status = int(found[1])
        return f"status {status}" if status >= 500 and status not in FINE else ""

    async def _at_socket(self, case: Case, data: bytes) -> str:
        try:
            raw = await RawSocket.opens(self._client(), case.door, f"Authorization: Bearer {self.ada}")
        except AssertionError:
            # A case of before has revoked the token.
            self.is_out = True
            return ""
        try:
            raw.writer.write(data)
            raw.sends(TEXT, '{"action":"ping","ref":"the end"}')
            raw.sends(CLOSE, b"\x03\xe8")
            async with asyncio.timeout(HANG_SECONDS if case.is_whole else 10 * MOMENT):
                while (heard := await raw.hears()).opcode != CLOSE:
                    if b'"internal"' in heard.payload:
                        return f"answered {heard.payload[:200]!r}"
            code = int.from_bytes(heard.payload[:2], "big")
            return "" if code in CODES else f"closed with {code}"
        except asyncio.IncompleteReadError:
            return "hung up without a goodbye" if case.is_whole else ""
        finally:
            raw.hangs_up()

    def said(self) -> str:
        """The first line of the log since the last case that tells of a bug."""
        new, self._read = self.server.output[self._read :], len(self.server.output)
        told = (place for place, line in enumerate(new) if "Traceback" in line or "[error" in line)
        return next(("logged " + "\n    ".join(new[place : place + 40]) for place in told), "")

    def _filled(self, data: bytes) -> bytes:
        known = {TOKEN: self.ada, COOKIE: self._cookie, CSRF: self._csrf, HOST: f"127.0.0.1:{self.server.port}"}
        for name, value in known.items():
            # The length that was said must stay the length that is sent.
            data = data.replace(name.encode(), value.encode()) if name != CSRF else _with_csrf(data, value.encode())
        return data

    def _client(self) -> TestClient[Any, Any]:
        return _Address("127.0.0.1", self.server.port)  # type: ignore[return-value]


class _Address(NamedTuple):
    host: str
    port: int


async def _new_token(browser: ClientSession, origin: dict[str, str]) -> str:
    """Instead of the one that was revoked; where there are too many by now, instead of one of them."""
    for number in range(1, 1000):
        answer = await (await browser.post("/api/v1/tokens", headers=origin)).json()
        if "token" in answer:
            return str(answer["token"])
        await browser.delete(f"/api/v1/tokens/{number}", headers=origin)
    raise AssertionError(answer)


def _with_csrf(data: bytes, value: bytes) -> bytes:
    if CSRF.encode() not in data:
        return data
    filled = data.replace(CSRF.encode(), value)
    grown = len(filled) - len(data)
    return re.sub(
        rb"Content-Length: (\d+)", lambda found: b"Content-Length: %d" % (int(found[1]) + grown), filled, count=1
    )


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page[:500]
    return found[1]
