"""Where the operator says so, no token counts in an address. A ticket does: it is worth nothing a moment later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import jwt
import pytest
from aiohttp.test_utils import TestClient

from chatapp.settings import Settings
from tests.gateway.conftest import Knock
from tests.gateway.test_credentials import name_of
from tests.gateway.test_tickets import ticket
from tests.support.cast import Actor
from tests.support.wire import RawSocket, upgrade

PATHS = ["/ws", "/rooms/general/ws", "/rooms/general/ws?format=text"]
SHARED = "a secret of at least thirty-two bytes"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, token_in_address=False, shared_jwt_secret=SHARED)


def with_token(path: str, token: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}token={quote(token)}"


async def tokens(ada: Actor) -> dict[str, str]:
    signed = await ada.client.post("/api/v1/tokens", headers={"Cookie": f"session={await ada.signs_in()}", **own(ada)})
    assert signed.status == 201
    return {
        "a token": ada.token,
        "a JWT": (await signed.json())["token"],
        "a shared JWT": jwt.encode({"username": "ada"}, SHARED),
    }


def own(actor: Actor) -> dict[str, str]:
    return {"Origin": str(actor.client.make_url("/").origin())}


@pytest.mark.parametrize("path", PATHS)
async def test_a_token_in_the_address_is_as_good_as_none(knock: Knock, ada: Actor, path: str) -> None:
    refused = [await knock(path), await knock(with_token(path, "chat_personal_forged"))]
    for token in (await tokens(ada)).values():
        # Good where it belongs.
        assert (await knock(path, *upgrade(), f"Authorization: Bearer {token}")).status == 101
        refused.append(await knock(with_token(path, token)))
        refused.append(await knock(with_token(path, token), *upgrade(), "Authorization: Bearer chat_personal_forged"))
    assert {answer.status for answer in refused} == {403}
    assert len({answer.body.replace(answer.problem["request_id"].encode(), b"") for answer in refused}) == 1


@pytest.mark.parametrize("path", PATHS[:2])
async def test_a_token_in_the_address_does_not_end_the_search(
    client: TestClient[Any, Any], ada: Actor, grace: Actor, path: str
) -> None:
    raw = await RawSocket.opens(client, with_token(path, grace.token), f"Authorization: Bearer {ada.token}")
    assert await name_of(raw, path) == "ada"
    raw.hangs_up()


@pytest.mark.parametrize("path", PATHS)
async def test_a_ticket_in_the_address_still_opens_one_socket_once(knock: Knock, ada: Actor, path: str) -> None:
    secret = await ticket(ada)
    assert (await knock(with_token(path, secret))).status == 101
    assert (await knock(with_token(path, secret))).status == 403
