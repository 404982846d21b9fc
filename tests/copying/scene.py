"""A chat with something in every table, and the two sides of its copy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from chatapp.app import open_chat
from chatapp.core.models import Attach, Identity, Person
from chatapp.core.push import Subscription
from chatapp.domain.chat import Chat
from chatapp.storage import push, pushes
from chatapp.storage.copying_source import OWN_KEYS
from chatapp.storage.pushes import NewPush
from chatapp.storage.tables import metadata
from tests.support.engine import behind_its_back, settings_on
from tests.support.house import PASSWORD
from tests.support.postgres import databases

MESSAGES: Final = 200
HIDDEN: Final = "not-to-be-shown"
KEYS: Final = ", ".join(f"'{key}'" for key in (*OWN_KEYS, "identity"))


async def furnish(data: Path) -> dict[str, str]:
    """Put a chat into the folder; a token of each of its people."""
    settings = replace(settings_on(data), limits=False, registration="open")
    async with open_chat(settings) as chat:
        ada = await chat.accounts.add(username="ada", email="ada@example.org", password=PASSWORD, is_admin=True)
        grace = await chat.accounts.add(username="grace", email="grace@example.org", password=PASSWORD)
        # A letter waits for her, with a link in it.
        await chat.accounts.register(username="lin", email="lin@example.org", password=PASSWORD, invite="")
        eve = await chat.accounts.add(username="eve", email="eve@example.org", password=PASSWORD)
        await chat.rooms.create(ada, name="Ops", slug="ops", kind="open", topic="Ελλάδα 🌍")
        hidden = await chat.rooms.create(ada, name="Plans", slug="plans", kind="closed")
        await chat.memberships.add(ada, hidden.slug, "grace")
        await chat.rooms.open_direct(ada, "grace")
        await _talk(chat, ada, grace)
        await _show(chat, ada)
        await chat.accounts.set_disabled(ada, eve.username, True)
        hours = {"begin": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}
        await chat.notifications.set_quiet_hours(grace, days=31, **hours)
        await chat.invites.create(ada)
        here = {"address": "192.0.2.1", "user_agent": "pytest"}
        secret, _ = await chat.sign_in.with_password("grace", PASSWORD, remember=True, **here)
        await _be_told(chat, await chat.sign_in.by_session(secret))
        return {person.username: (await chat.sign_in.create_token(person, "t", None))[1] for person in (ada, grace)}


async def _talk(chat: Chat, ada: Person, grace: Person) -> None:
    await chat.memberships.join(grace, "ops")
    said = (
        chat.messages.post((ada, grace)[n % 2], ("general", "ops")[n % 2], f"Number {n} \N{GRINNING FACE}", f"{n}")
        for n in range(MESSAGES)
    )
    await asyncio.gather(*said)
    await chat.messages.edit(ada, "general", 3, "No, otherwise")
    await chat.messages.delete(ada, "ops", 5)
    await chat.messages.post(grace, "ops", "An answer for @ada", reply_to=4)
    await chat.memberships.mark_read(grace, "ops", 50)


async def _show(chat: Chat, ada: Person) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a,b\n1,2\n"

    file = await chat.files.upload(ada, "ops", "table.csv", pieces(), alt="Two numbers")
    await chat.messages.post(ada, "ops", "See there", attachments=[Attach(file.shown.id)])


async def _be_told(chat: Chat, identity: Identity | None) -> None:
    """A notice waits for a closed browser, and a room has a cursor; whether the extra for that is there or not; and
    there is a ticket."""
    assert identity is not None
    assert identity.session_digest is not None
    await chat.tickets.create(identity, "")
    found = Subscription("https://push.example.net/grace", "public", "secret", "ours")
    async with chat.outbox._database.transaction() as tx:
        await push.subscribe(tx, identity.session_digest, identity.person.id, found)
        subscribed = await push.of_session(tx, identity.session_digest)
        assert subscribed is not None
        (behind, *_) = await pushes.behind(tx)
        await pushes.reach(tx, behind, behind.top)
        await pushes.add(tx, [NewPush(subscribed[0], behind.room_id, behind.top, 2, 0)])


def fresh(*, is_migrated: bool = False) -> str:
    """The URL of an empty database, with a password in it."""
    found = urlsplit(databases().migrated() if is_migrated else databases().fresh())
    return urlunsplit(found._replace(netloc=found.netloc.replace("@", f":{HIDDEN}@")))


def rows_of_file(data: Path, table: str) -> list[tuple[Any, ...]]:
    """All of it that is to be copied."""
    with behind_its_back(data / "chatapp.db") as connection:
        return sorted(map(tuple, connection.execute(_asked(table)).fetchall()), key=repr)


def rows_of_copy(url: str, table: str) -> list[tuple[Any, ...]]:
    """All of it that was copied."""
    found = databases().desk.asks(url, _asked(table))
    plain = [tuple(int(value) if isinstance(value, bool) else value for value in row) for row in found]
    return sorted(plain, key=repr)


def _asked(table: str) -> str:
    columns = ", ".join(f'"{column.name}"' for column in metadata.tables[table].c)
    only = f" WHERE key NOT IN ({KEYS}) AND key NOT LIKE 'copying%'" if table == "meta" else ""
    return f"SELECT {columns} FROM {table}{only}"  # noqa: S608 - names of our own


def is_alike(data: Path, url: str) -> bool:
    """Whether the copy is what the file is, but for the note that it was copied."""
    for name in metadata.tables:
        here, there = rows_of_file(data, name), rows_of_copy(url, name)
        if name == "audit_log":
            there = [row for row in there if row[4] != "database.copied"]
        if name == "meta":
            here, there = ([row for row in rows if row[0] != "audit_log.top"] for rows in (here, there))
        assert here == there, name
        # Nothing writes notices to a file.
        assert here or name == "notices", name
    return True
