"""What administrators do with the accounts of others: find them, shut them out, let them in, share their own right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from chatapp.core.audit_log import Wanted
from chatapp.core.errors import ChatError, Conflict, Forbidden, NotFound
from chatapp.core.models import Identity, Person
from chatapp.domain import endings
from chatapp.domain.endings import MOST_SESSIONS
from chatapp.settings import Settings
from tests.support.house import HERE, PASSWORD, House, open_house, until
from tests.support.time import SettableClock


@pytest.fixture
async def house(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_house(replace(settings, registration="open", limits=False), clock) as opened:
        yield opened


@pytest.fixture
async def ada(house: House) -> Person:
    return await house.person("ada", is_admin=True)


@pytest.fixture
async def grace(house: House) -> Person:
    return await house.person("grace")


async def shuts_out_and_lets_in(house: House, ada: Person, name: str = "grace") -> None:
    await house.chat.accounts.set_disabled(ada, name, True)
    await house.chat.accounts.set_disabled(ada, name, False)


async def finds(house: House, ada: Person, wanted: str) -> list[str]:
    found, _ = await house.chat.accounts.page(ada, wanted=wanted)
    return [account.person.username for account in found]


# Let in again


async def test_tokens_sessions_and_tickets_of_before_stay_over_when_let_in_again(
    house: House, ada: Person, grace: Person
) -> None:
    session = await house.signs_in("grace")
    _, personal = await house.chat.sign_in.create_token(grace, "script", None)
    _, jwt = await house.chat.sign_in.create_jwt(grace)
    tickets = [await house.chat.tickets.create(session, "")]
    for token in (personal, jwt):
        bearer = await house.chat.sign_in.by_token(token)
        assert bearer is not None
        tickets.append(await house.chat.tickets.create(bearer, ""))
    await shuts_out_and_lets_in(house, ada)
    assert [await house.chat.sign_in.by_token(token) for token in (personal, jwt)] == [None, None]
    for ticket in tickets:
        behind = await house.chat.tickets.use(ticket, "")
        assert behind is not None
        assert not await house.chat.sign_in.is_valid(behind)
    assert await house.chat.sign_in.tokens(grace) == []
    assert await house.chat.sign_in.sessions(grace) == []
    # Anew, everything can be made again.
    assert await house.signs_in("grace")
    _, again = await house.chat.sign_in.create_token(grace, "script", None)
    assert await house.chat.sign_in.by_token(again)


async def test_a_reset_link_and_an_invite_of_before_stay_over_when_let_in_again(
    house: House, ada: Person, grace: Person
) -> None:
    await house.chat.accounts.set_admin(ada, "grace", True)
    _, theirs = await house.chat.invites.create(grace)
    _, anothers = await house.chat.invites.create(ada)
    reset = await house.reset_secret("grace@example.org")
    await shuts_out_and_lets_in(house, ada)
    assert not await house.chat.invites.is_usable(theirs)
    assert await house.chat.invites.is_usable(anothers)
    with pytest.raises(NotFound):
        await house.chat.links.reset(reset, "a wholly new password")


async def test_an_account_that_an_older_version_shut_keeps_no_token_either(
    house: House, ada: Person, grace: Person
) -> None:
    _, token = await house.chat.sign_in.create_token(grace, "script", None)
    house.rows("UPDATE people SET is_disabled = TRUE WHERE username = 'grace'")
    await house.chat.accounts.set_disabled(ada, "grace", False)
    assert await house.chat.sign_in.by_token(token) is None
    assert await house.chat.sign_in.tokens(grace) == []


async def test_the_log_says_how_much_ended_and_nothing_of_what_was_so_already(
    house: House, ada: Person, grace: Person
) -> None:
    await house.signs_in("grace")
    for name in ("one", "two"):
        await house.chat.sign_in.create_token(grace, name, None)
    for _ in range(2):
        await house.chat.accounts.set_disabled(ada, "grace", True)
    (entry,) = await house.chat.audit_log.latest(Wanted(action="account.disabled"), 9)
    assert (entry.actor, entry.target) == ("ada", "grace")
    assert entry.detail == '{"invites":0,"sessions":1,"tokens":2}'


# Both at once


async def test_of_two_changes_at_once_both_are_done_or_neither(house: House, ada: Person, grace: Person) -> None:
    account = await house.chat.accounts.administer(ada, "grace", is_disabled=False, is_admin=True)
    assert (account.state, account.person.is_admin) == ("active", True)
    account = await house.chat.accounts.administer(ada, "grace", is_disabled=True, is_admin=False)
    assert (account.state, account.person.is_admin) == ("disabled", False)
    with pytest.raises(Conflict):
        await house.chat.accounts.administer(ada, "grace", is_disabled=True, is_admin=True)
    await house.chat.accounts.set_disabled(ada, "grace", False)
    await house.signs_in("grace")
    with pytest.raises(Conflict):
        await house.chat.accounts.administer(ada, "grace", is_disabled=True, is_admin=True)
    assert (await house.chat.accounts.show(ada, "grace")).state == "active"
    assert len(await house.chat.sign_in.sessions(grace)) == 1


async def test_nobody_who_cannot_log_in_is_made_an_administrator(house: House, ada: Person) -> None:
    await house.registers("stranger")
    with pytest.raises(Conflict):
        await house.chat.accounts.set_admin(ada, "stranger", True)
    assert not (await house.chat.accounts.show(ada, "stranger")).person.is_admin


async def test_the_last_administrator_stays_and_nobody_shuts_themselves_out(house: House, ada: Person) -> None:
    with pytest.raises(Conflict):
        await house.chat.accounts.set_admin(ada, "ada", False)
    with pytest.raises(Forbidden):
        await house.chat.accounts.administer(ada, "ada", is_disabled=True)
    account = await house.chat.accounts.show(ada, "ada")
    assert (account.state, account.person.is_admin) == ("active", True)


# Whom there is


async def test_accounts_are_for_administrators_and_for_others_nobody_is_there(
    house: House, ada: Person, grace: Person
) -> None:
    for name in ("ada", "nobody", "\ud800", "é"):
        told = []
        for attempt in (
            house.chat.accounts.show(grace, name),
            house.chat.accounts.administer(grace, name, is_admin=True),
            house.chat.accounts.page(grace, wanted=name),
        ):
            with pytest.raises(ChatError) as refused:
                await attempt
            told.append((refused.type, refused.value.message))
        assert set(told) == {(NotFound, NotFound.sentence)}


async def test_a_page_leads_to_the_next_and_each_account_is_on_one(house: House, ada: Person) -> None:
    for number in range(5):
        await house.person(f"p{number}")
    seen, after, pages = [], "", 0
    while True:
        found, has_more = await house.chat.accounts.page(ada, after=after, limit=2)
        seen += [account.person.username for account in found]
        pages += 1
        if not has_more:
            break
        after = seen[-1]
    assert (seen, pages) == (["ada", "p0", "p1", "p2", "p3", "p4"], 3)
    assert await house.chat.accounts.page(ada, after="é") == ([], False)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", ["ada", "boris", "noor", "xiao"]),
        ("  OR ", ["boris", "noor"]),
        ("ЖАН", ["boris"]),
        ("жан", ["boris"]),
        ("林晓", ["xiao"]),
        ("نور", ["noor"]),
        ("ＸＩＡＯ", ["xiao"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("nobody", []),
        ("\ud800", []),
        ("\x00", []),
        ("x" * 100_000, []),
    ],
)
async def test_people_are_found_by_a_part_of_either_name(
    house: House, ada: Person, wanted: str, expected: list[str]
) -> None:
    for username, display_name in (("boris", "Жанна"), ("xiao", "林晓" * 20), ("noor", "نور حداد")):
        await house.chat.accounts.add(
            username=username, email=f"{username}@example.org", password=PASSWORD, display_name=display_name
        )
    assert await finds(house, ada, wanted) == expected


async def test_when_somebody_was_last_seen_is_the_later_of_session_and_token(
    house: House, ada: Person, grace: Person
) -> None:
    assert (await house.chat.accounts.show(ada, "grace")).seen_at is None
    await house.signs_in("grace")
    began = house.clock()
    assert (await house.chat.accounts.show(ada, "grace")).seen_at == began
    _, token = await house.chat.sign_in.create_token(grace, "script", None)
    house.clock.passes(minutes=5)
    bearer = await house.chat.sign_in.by_token(token)
    assert bearer is not None
    await house.chat.housekeeping.note_seen()
    account = await house.chat.accounts.show(ada, "grace")
    assert (account.seen_at, account.is_here) == (house.clock(), False)
    house.connects(bearer)
    rooms = await house.chat.rooms.sidebar(ada)
    await until(lambda: house.chat.presence.seen_from(rooms)("grace") == "online")
    assert (await house.chat.accounts.show(ada, "grace")).is_here
    await house.chat.presence.set_hidden(grace, True)
    await until(lambda: house.chat.presence.seen_from(rooms)("grace") == "offline")
    assert not (await house.chat.accounts.show(ada, "grace")).is_here


# How many sessions


async def test_the_session_unused_longest_ends_when_one_too_many_begins(house: House, grace: Person) -> None:
    sign_in, secrets = house.chat.sign_in, []
    for _ in range(MOST_SESSIONS):
        secrets.append(await sign_in.start_session(grace, remember=True, **HERE))
        house.clock.passes(seconds=1)
    sockets = []
    for secret in secrets[:2]:
        # The first one is in use, which is not written down yet.
        identity = await sign_in.by_session(secret) if secret is secrets[0] else None
        sockets.append(house.connects(identity or await _quietly(house, secret)))
    secrets.append((await sign_in.with_password("grace", PASSWORD, remember=False, **HERE))[0])
    assert [socket.closed for socket in sockets] == [[], [4401]]
    alive = [secret for secret in secrets if await sign_in.by_session(secret)]
    assert alive == [secrets[0], *secrets[2:]]
    assert len(await sign_in.sessions(grace)) == MOST_SESSIONS
    (entry,) = await house.chat.audit_log.latest(Wanted(action="login.ok"), 1)
    assert entry.detail == '{"sessions_ended":1}'


async def test_too_many_sessions_of_an_older_version_end_with_the_next_login(
    house: House, ada: Person, grace: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.signs_in("ada")
    monkeypatch.setattr(endings, "MOST_SESSIONS", 200)
    for _ in range(120):
        await house.chat.sign_in.start_session(grace, remember=True, **HERE)
    monkeypatch.undo()
    assert len(await house.chat.sign_in.sessions(grace)) == 120
    await house.signs_in("grace")
    assert len(await house.chat.sign_in.sessions(grace)) == MOST_SESSIONS
    assert len(await house.chat.sign_in.sessions(ada)) == 1


async def _quietly(house: House, secret: str) -> Identity:
    """Whose session it is, without having used it."""
    identity = await house.chat.sign_in.by_session(secret)
    assert identity is not None
    assert identity.session_digest is not None
    del house.chat.sign_in._seen[identity.session_digest]
    return identity
