"""New keys log nobody out; forgetting the old ones ends what still hangs on them."""

from __future__ import annotations

import json
from pathlib import Path

import jwt
from aiohttp import ClientSession
from cryptography.fernet import Fernet

from chatapp.core.sealing import Sealer
from chatapp.web.session import PURPOSE
from tests.support.server import Server
from tests.support.visitor import PASSWORD, visitor


async def jwt_for(server: Server, username: str) -> str:
    body = {"username": username, "password": PASSWORD}
    async with ClientSession() as session, session.post(f"{server.url}/api/v1/tokens", json=body) as answer:
        assert answer.status == 201
        return str((await answer.json())["token"])


async def opens_a_socket(server: Server, token: str) -> int:
    async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        async with session.get(f"{server.url}/api/v1/me") as me:
            rest = me.status
        async with session.get(f"{server.url}/ws") as answer:
            # 426: the credential is good, only the handshake is missing.
            assert (rest, answer.status) in {(200, 426), (401, 403)}
            return answer.status


def keys(server: Server) -> dict[str, list[str]]:
    return dict(json.loads((server.data / "secrets.json").read_text()))


async def test_keys_rotate_without_logging_anybody_out(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    personal = await server.add_person("ada")
    await server.start()
    async with visitor(server.url) as here, visitor(server.url) as away:
        assert await here.signs_in("ada") == await away.signs_in("ada") == 303
        signed = await jwt_for(server, "ada")
        before = here.cookies()
        await server.stop()
        await server.run("secrets", "rotate")
        assert (server.data / "secrets.json").stat().st_mode & 0o777 == 0o600
        assert [len(kept) for kept in keys(server).values()] == [2, 2, 44, 1]
        await server.start()
        # In the window: everything from before is good, and what is new is made with the new keys.
        assert await here.is_in()
        assert here.cookies()["session"] != before["session"]
        assert (await here.posts("/settings/theme", {"theme": "dark"}, on="/settings/appearance")).status == 303
        assert [await opens_a_socket(server, token) for token in (signed, personal)] == [426, 426]
        renewed = await jwt_for(server, "ada")
        assert jwt.get_unverified_header(renewed)["kid"] != jwt.get_unverified_header(signed)["kid"]
        await server.stop()
        await server.run("secrets", "forget-old", "--yes")
        await server.start()
        # Behind the window: who has been here meanwhile stays in, an envelope or a signature of the old keys is nobody.
        assert await here.is_in()
        assert not await away.is_in()
        here.plants(session=before["session"])
        assert not await here.is_in()
        assert [await opens_a_socket(server, token) for token in (renewed, personal)] == [426, 426]
        assert await opens_a_socket(server, signed) == 403
    await server.kill()


async def test_a_cookie_that_was_sealed_before_keeps_its_browser_in(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.add_person("ada")
    await server.start()
    async with visitor(server.url) as browser:
        assert await browser.signs_in("ada") == 303
        (key,) = keys(server)["session_keys"]
        held = Sealer(PURPOSE, [key]).open(browser.cookies()["session"]).content
        former = Fernet(key).encrypt(held).decode()
        browser.plants(session=former)
        assert await browser.is_in()
        sealed_anew = browser.cookies()["session"]
        assert sealed_anew != former
        assert Sealer(PURPOSE, [key]).open(sealed_anew).is_current
        assert await browser.is_in()
    await server.kill()
