"""Whatever a disk does to the file: an altered message is never read as if it were right, and the audit knows.

Of people and rooms no sum is kept: their names are left out of the comparison.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from chatapp.core.errors import Unavailable
from chatapp.core.models import Message
from chatapp.storage import migrate, usable
from chatapp.storage.integrity import audit
from chatapp.storage.messages import Log
from chatapp.storage.sqlite import open_database
from tests.support.rounds import rounds
from tests.support.store import open_store

pytestmark = pytest.mark.file_only("damage to the file; a server has tests/postgres/test_audit.py")
FLIPS: Final = rounds(12, 100)
CUTS: Final = rounds(4, 20)
SWAPS: Final = rounds(3, 10)
PAGE: Final = 4096
ROOM: Final = 2
WORDS: Final = ("the build is green", "the kettle is on", "somebody", "will deploy it", "after lunch", "or not")


class Sound:
    """A closed database of some hundred messages: its bytes, its messages, and where their texts lie in it."""

    def __init__(self, path: Path, messages: list[Message]) -> None:
        self.path = path
        self.bytes = path.read_bytes()
        self.messages = [nameless(message) for message in messages]
        self.texts = [
            (start, len(message.content.encode()), message.index)
            for message in messages
            if (start := self.bytes.find(message.content.encode())) >= 0
        ]


def nameless(message: Message) -> Message:
    return msgspec.structs.replace(message, username="", display_name="")


def words(number: int) -> str:
    """Different for each number, some longer than a page."""
    chosen = random.Random(number).choices(WORDS, k=1500 if number % 60 == 0 else 5 + number % 40)
    return f"{number}: {' '.join(chosen)} é"


@pytest.fixture
async def sound(tmp_path: Path) -> Sound:
    path = tmp_path / "chatapp.db"
    migrate.upgrade(path)
    async with open_store(path) as store:
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        for number in range(1, 301):
            await store.says(ada, words(number), room, client_id=f"{number}", html=f"<b>{number}</b>")
        for index in (5, 50):
            await store.edits(ada, index, words(index + 1000), room)
            await store.deletes(ada, index + 1, room)
        messages = await store.stored(room)
    found = Sound(path, messages)
    assert len(found.texts) > 200
    return found


def test_the_sound_file_is_sound(sound: Sound) -> None:
    usable.refuse_unusable(sound.path)
    assert audit(sound.path).findings == []


async def outcome(sound: Sound, content: bytes) -> str:
    """What becomes of a file with that content: noticed or unchanged; anything else fails the test."""
    sound.path.write_bytes(content)
    try:
        usable.prepare(sound.path)
    except (usable.Unusable, migrate.TooNew):
        return "refused at the start"
    assert sound.path.read_bytes() == content
    is_found = not audit(sound.path).is_sound
    try:
        seen = await read(sound.path)
    except Unavailable:
        assert is_found, "It cannot be read, and the audit says nothing."
        return "refused when read"
    right = {message.index: message for message in sound.messages}
    wrong = [message for message in seen if not message.is_damaged and nameless(message) != right.get(message.index)]
    assert wrong == [], "An altered message was read as if it were right."
    if len(seen) == 2 * len(right) and not any(message.is_damaged for message in seen):
        return "found by the audit" if is_found else "unchanged"
    assert is_found, "Reading shows damage, and the audit says nothing."
    return "shown as damaged"


async def read(path: Path) -> list[Message]:
    """Every message twice: by its place, and by its last change."""
    async with open_database(path) as database:
        log = Log(database)
        by_index = await log.after(ROOM, 0, 1000)
        by_version = await log.since(ROOM, 0, 1000)
    return [*by_index.messages, *by_version.messages]


def flipped(content: bytes, offset: int, bit: int) -> bytes:
    return content[:offset] + bytes([content[offset] ^ 1 << bit]) + content[offset + 1 :]


def is_fine_to_sqlite(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


@pytest.mark.timeout(180 + FLIPS)
async def test_every_flipped_bit_of_a_text_is_noticed(sound: Sound) -> None:
    chance, seen, unseen_by_sqlite = random.Random(3), Counter[str](), 0
    for _ in range(FLIPS):
        start, length, _ = chance.choice(sound.texts)
        content = flipped(sound.bytes, start + chance.randrange(length), chance.randrange(8))
        seen[await outcome(sound, content)] += 1
        unseen_by_sqlite += is_fine_to_sqlite(sound.path)
    print(f"flips in texts: {dict(seen)}; integrity_check alone said ok in {unseen_by_sqlite} of {FLIPS}")
    assert seen["unchanged"] == 0
    # Or this proves nothing: without our own sums it would have gone by.
    assert unseen_by_sqlite > FLIPS / 2


def anywhere(chance: random.Random, content: bytes) -> bytes:
    return flipped(content, chance.randrange(len(content)), chance.randrange(8))


def cut(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(1, len(content))]


def swap(chance: random.Random, content: bytes) -> bytes:
    """Two pages that differ: those of empty tables do not."""
    pages = [content[start : start + PAGE] for start in range(0, len(content), PAGE)]
    one = chance.randrange(1, len(pages))
    other = chance.choice([number for number in range(1, len(pages)) if pages[number] != pages[one]])
    pages[one], pages[other] = pages[other], pages[one]
    return b"".join(pages)


@pytest.mark.timeout(180 + FLIPS)
@pytest.mark.parametrize(("harm", "count"), [(anywhere, FLIPS), (cut, CUTS), (swap, SWAPS)])
async def test_other_damage_is_noticed_or_changes_nothing(
    sound: Sound, harm: Callable[[random.Random, bytes], bytes], count: int
) -> None:
    chance, seen = random.Random(7), Counter[str]()
    for _ in range(count):
        seen[await outcome(sound, harm(chance, sound.bytes))] += 1
    print(f"{harm.__name__}: {dict(seen)}")
    assert seen["unchanged"] == 0 or harm is anywhere
