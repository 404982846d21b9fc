"""A logout is the server's, not the browser's: a copied cookie is worth nothing, also after a restart."""

from __future__ import annotations

from pathlib import Path

from tests.support.server import Server
from tests.support.visitor import visitor


async def test_a_logout_holds_after_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.add_person("ada")
    await server.start()
    async with visitor(server.url) as browser:
        assert await browser.signs_in("ada") == 303
        copied = browser.cookies()["session"]
        assert (await browser.posts("/logout", {}, on="/rooms/general")).status == 303
        await server.kill()
        await server.start()
        browser.plants(session=copied)
        assert not await browser.is_in()
        assert (await browser.opens("/rooms/general"))[0] == 303
    await server.kill()
