"""Links that were mailed: used once, for one purpose, in time."""

from __future__ import annotations

import pytest

from chatapp.core.errors import ChatError, Invalid, NotFound, RateLimited
from chatapp.core.limits import MAILS
from tests.support.house import PASSWORD, House, rooms_of, succeeded

NEW = "a wholly new password"


async def test_a_link_works_once(open_to_all: House) -> None:
    await open_to_all.registers("grace")
    secret = await open_to_all.secret("verify")
    won = await succeeded(*(open_to_all.chat.links.verify(secret) for _ in range(50)))
    assert len(won) == 1
    assert not await open_to_all.chat.links.is_alive("verify", secret)


async def test_a_link_is_no_link_for_another_purpose(open_to_all: House) -> None:
    await open_to_all.registers("grace")
    secret = await open_to_all.secret("verify")
    assert not await open_to_all.chat.links.is_alive("reset", secret)
    with pytest.raises(NotFound):
        await open_to_all.chat.links.reset(secret, NEW)
    assert await open_to_all.chat.links.is_alive("verify", secret)


async def test_a_link_ends_after_seven_days(open_to_all: House) -> None:
    await open_to_all.registers("grace")
    secret = await open_to_all.secret("verify")
    open_to_all.clock.passes(days=7)
    with pytest.raises(NotFound):
        await open_to_all.chat.links.verify(secret)


async def test_the_link_is_sent_again_at_most_once_a_minute_and_ends_the_older_one(open_to_all: House) -> None:
    house = open_to_all
    grace = await house.registers("grace")
    first = await house.secret("verify")
    with pytest.raises(RateLimited) as refusal:
        await house.chat.links.request_verification(grace)
    assert refusal.value.retry_after == 60
    house.clock.passes(minutes=1)
    await house.chat.links.request_verification(grace)
    second = await house.secret("verify")
    assert not await house.chat.links.is_alive("verify", first)
    assert (await house.chat.links.verify(second)).is_verified


async def test_who_is_confirmed_gets_no_further_link(house: House) -> None:
    await house.chat.links.request_verification(await house.person("ada"))
    assert await house.letters() == []


async def test_the_file_holds_no_link_that_could_be_used(open_to_all: House) -> None:
    await open_to_all.registers("grace")
    kept = b"".join(file.read_bytes() for file in open_to_all.settings.data.glob("chatapp.db*"))
    secret = await open_to_all.secret("verify")
    assert secret.encode() not in kept
    assert b"chat.test/verify" not in kept


# Forgotten passwords


async def test_a_forgotten_password_is_replaced_and_every_session_ends(house: House) -> None:
    await house.person("ada")
    identity = await house.signs_in("ada")
    socket = house.connects(identity)
    secret = await house.reset_secret("ADA@example.org")
    await house.chat.links.reset(secret, NEW)
    assert not await house.chat.sign_in.is_valid(identity)
    assert socket.closed == [4401]
    assert (await house.signs_in("ada", NEW)).person.username == "ada"
    with pytest.raises(ChatError):
        await house.signs_in("ada", PASSWORD)


async def test_one_reset_link_resets_once(house: House) -> None:
    await house.person("ada")
    secret = await house.reset_secret("ada@example.org")
    won = await succeeded(*(house.chat.links.reset(secret, f"{NEW} {n}") for n in range(50)))
    assert len(won) == 1


async def test_a_reset_link_ends_after_an_hour(house: House) -> None:
    await house.person("ada")
    secret = await house.reset_secret("ada@example.org")
    house.clock.passes(minutes=60)
    with pytest.raises(NotFound):
        await house.chat.links.reset(secret, NEW)


async def test_a_password_that_is_refused_leaves_the_link_alive(house: House) -> None:
    await house.person("ada")
    secret = await house.reset_secret("ada@example.org")
    with pytest.raises(Invalid):
        await house.chat.links.reset(secret, "short")
    assert await house.chat.links.is_alive("reset", secret)


async def test_the_same_is_written_whether_or_not_the_address_is_known(house: House) -> None:
    await house.person("ada")
    await house.chat.links.request_reset("ada@example.org")
    await house.chat.links.request_reset("bob@example.org")
    known, unknown = house.rows("SELECT kind, length(payload), attempts FROM outbox")
    assert known == unknown
    assert house.rows("SELECT count(*) FROM links") == [(0,)]
    assert [letter.to for letter in await house.letters()] == ["ada@example.org"]


@pytest.mark.parametrize("email", ["", "nobody", "\ud800@x", "ada@example.org\nBcc: eve@evil.example"])
async def test_what_is_no_address_gets_the_same_answer(house: House, email: str) -> None:
    await house.chat.links.request_reset(email)
    assert await house.letters() == []


async def test_a_flood_of_requests_sends_one_mail(house: House) -> None:
    await house.person("ada")
    for _ in range(10):
        await house.chat.links.request_reset("ada@example.org")
    assert len(await house.letters()) == 1


async def test_who_asks_in_somebodys_name_ends_none_of_their_links(house: House) -> None:
    await house.person("ada")
    secrets = []
    for _ in range(MAILS):
        secrets.append(await house.reset_secret("ada@example.org"))
        house.clock.passes(minutes=1)
    for _ in range(10):
        await house.chat.links.request_reset("ada@example.org")
        assert await house.letters() == []
        house.clock.passes(minutes=1)
    assert [await house.chat.links.is_alive("reset", secret) for secret in secrets] == [True] * MAILS
    await house.chat.links.reset(secrets[0], NEW)
    assert not any([await house.chat.links.is_alive("reset", secret) for secret in secrets])


async def test_who_registers_with_a_taken_address_leaves_its_owner_the_mails_for_a_new_password(
    open_to_all: House,
) -> None:
    await open_to_all.person("ada")
    for n in range(MAILS + 1):
        await open_to_all.chat.accounts.register(
            username=f"eve{n}", email="ada@example.org", password=PASSWORD, invite=""
        )
    assert len(await open_to_all.letters()) == MAILS
    assert await open_to_all.reset_secret("ada@example.org")


async def test_the_link_that_confirms_stays_good_when_no_further_mail_is_sent(open_to_all: House) -> None:
    grace = await open_to_all.registers("grace")
    for _ in range(MAILS - 1):
        await open_to_all.letters()
        open_to_all.clock.passes(minutes=1)
        await open_to_all.chat.links.request_verification(grace)
    last = await open_to_all.secret("verify")
    open_to_all.clock.passes(minutes=1)
    await open_to_all.chat.links.request_verification(grace)
    assert await open_to_all.letters() == []
    assert (await open_to_all.chat.links.verify(last)).is_verified


async def test_who_opens_a_reset_link_has_confirmed_the_address(open_to_all: House) -> None:
    await open_to_all.registers("grace")
    await open_to_all.letters()
    grace = await open_to_all.chat.links.reset(await open_to_all.reset_secret("grace@example.org"), NEW)
    assert grace.is_verified
    assert await rooms_of(open_to_all, grace) == ["general"]
