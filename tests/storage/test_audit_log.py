"""The audit log is a chain: what is changed in it, taken out or put in is found; only its old end may go."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from chatapp.core import circumstances
from chatapp.core.audit_log import Entry, Wanted
from chatapp.core.circumstances import Circumstances
from chatapp.storage import audit_log
from tests.support.engine import REFUSALS, behind_its_back, unguarded
from tests.support.store import NOW, Store

# What stands in the way of a hand at the file; a hand that means it takes them away.
GUARDS: Final = ("audit_log_is_not_changed", "audit_log_is_not_thinned")
FORGERIES: Final = {
    "who": "UPDATE audit_log SET actor = 'grace' WHERE id = 3",
    "what": "UPDATE audit_log SET action = 'logout' WHERE id = 3",
    "to whom": "UPDATE audit_log SET target = 'somebody' WHERE id = 1",
    "when": "UPDATE audit_log SET at = at + 1 WHERE id = 5",
    "from where": "UPDATE audit_log SET address = '' WHERE id = 2",
    "the first taken out": "DELETE FROM audit_log WHERE id = 1",
    "one taken out": "DELETE FROM audit_log WHERE id = 3",
    "the last taken out": "DELETE FROM audit_log WHERE id = 5",
    "all taken out": "DELETE FROM audit_log",
    "one put in": "INSERT INTO audit_log SELECT 6, at, 1, '', '', '', '', '', '', hash, '' FROM audit_log WHERE id = 5",
    "another number": "UPDATE audit_log SET id = 7 WHERE id = 5",
}


async def notes(store: Store, count: int, *, at: int = NOW) -> list[Entry]:
    with circumstances.under(Circumstances("192.0.2.7", "Mozilla/5.0")):
        for number in range(count):
            async with store.database.transaction() as tx:
                tx.at = at + number
                await audit_log.note(tx, None, "login.failed", f"name-{number}", tries=number)
    return await audit_log.newest(store.database, Wanted(), 1000)


def broken(store: Store) -> list[str]:
    with behind_its_back(store.path) as connection:
        return audit_log.broken(connection)


def forges(store: Store, statement: str, *, guards: tuple[str, ...] = ()) -> None:
    with behind_its_back(store.path) as connection:
        if guards:
            unguarded(connection, *guards)
        connection.execute(statement)


async def test_an_entry_says_who_what_whom_and_whence(store: Store) -> None:
    ada = await store.person("ada")
    with circumstances.under(Circumstances("192.0.2.7", "Mozilla/5.0")):
        async with store.database.transaction() as tx:
            await audit_log.note(tx, ada, "member.removed", "grace", room="general")
    (entry,) = await audit_log.newest(store.database, Wanted(), 10)
    said = (entry.actor_id, entry.actor, entry.action, entry.target, entry.address, entry.user_agent, entry.detail)
    assert said == (ada.id, "ada", "member.removed", "grace", "192.0.2.7", "Mozilla/5.0", '{"room":"general"}')


async def test_what_is_rolled_back_is_not_logged(store: Store) -> None:
    async def fails() -> None:
        async with store.database.transaction() as tx:
            await audit_log.note(tx, None, "logout")
            raise KeyError

    with pytest.raises(KeyError):
        await fails()
    assert await audit_log.newest(store.database, Wanted(), 10) == []
    assert broken(store) == []


async def test_an_unbroken_chain_is_found_whole(store: Store) -> None:
    assert [entry.id for entry in await notes(store, 5)] == [5, 4, 3, 2, 1]
    assert broken(store) == []


async def test_many_at_once_make_one_chain(store: Store) -> None:
    await asyncio.gather(*(notes(store, 5) for _ in range(10)))
    assert [entry.id for entry in await notes(store, 1)] == list(range(51, 0, -1))
    assert broken(store) == []


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_log_is_found(store: Store, forgery: str) -> None:
    await notes(store, 5)
    forges(store, FORGERIES[forgery], guards=GUARDS)
    assert broken(store)


@pytest.mark.parametrize("forgery", FORGERIES.keys() - {"one put in"})
async def test_the_database_itself_refuses_to_change_an_entry(store: Store, forgery: str) -> None:
    await notes(store, 5)
    with pytest.raises(REFUSALS, match="the audit log"):
        forges(store, FORGERIES[forgery])


async def test_only_the_old_end_goes_and_the_rest_stays_whole(store: Store) -> None:
    await notes(store, 5)
    async with store.database.transaction() as tx:
        await audit_log.drop_before(tx, NOW + 3)
    assert [entry.id for entry in await notes(store, 1, at=NOW + 9)] == [6, 5, 4]
    assert broken(store) == []
    forges(store, "DELETE FROM audit_log WHERE id = 4", guards=GUARDS)
    assert broken(store)


async def test_a_log_that_has_all_gone_goes_on_where_it_ended(store: Store) -> None:
    await notes(store, 2)
    async with store.database.transaction() as tx:
        await audit_log.drop_before(tx, NOW + 1000)
        await audit_log.drop_before(tx, NOW + 1000)
    assert [entry.id for entry in await notes(store, 1)] == [3]
    assert broken(store) == []


async def test_text_that_no_table_can_show_is_not_kept_as_it_is(store: Store) -> None:
    with circumstances.under(Circumstances("a" * 500, "\x1b[31m\nred\udcff")):
        async with store.database.transaction() as tx:
            await audit_log.note(tx, None, "login.failed", "x" * 5000, room="y\n" * 5000)
    (entry,) = await audit_log.newest(store.database, Wanted(), 10)
    assert entry.user_agent == "�[31m�red?"
    assert [len(text) for text in (entry.address, entry.target)] == [64, 100]
    assert len(entry.detail) < 300
    assert broken(store) == []
