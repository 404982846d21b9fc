"""Which row begins a group, a day, or what is new."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chatapp.core.models import History, Message, Person, Room
from chatapp.core.reads import ReadMark
from chatapp.core.rooms import RoomView
from chatapp.settings import Settings
from chatapp.web.moments import Moments
from chatapp.web.timeline import Row, rows
from tests.support.cast import Actor
from tests.support.engine import behind_its_back, unguarded
from tests.web.browser import Browser

ADA = Person(1, "ada", "Ada")
NOON = 1_790_000_000_000 // 86_400_000 * 86_400_000 + 12 * 3_600_000
MINUTE = 60_000


def say(index: int, author: int = 2, at: int = NOON, **fields: Any) -> Message:
    name = {1: "ada", 2: "grace", 3: "lin"}[author]
    message = Message(index, 1, index, index, author, name, name.title(), f"text {index}", "", at)
    return msgspec.structs.replace(message, **fields)


def draw(*messages: Message, read_index: int = 99, zone: str = "") -> list[Row]:
    top = messages[-1].index if messages else 0
    view = RoomView(Room(1, "general", "general", "", "open"), "general", 3, "member", ReadMark(read_index))
    return rows(History(messages, top, top), view, ADA, Moments(zone, lambda: NOON))


def firsts(drawn: list[Row]) -> list[int]:
    return [row.message.index for row in drawn if row.is_first]


def test_the_same_author_within_five_minutes_is_one_group() -> None:
    assert firsts(draw(say(1), say(2, at=NOON + 5 * MINUTE - 1), say(3, at=NOON + 10 * MINUTE - 1))) == [1, 3]


def test_another_author_begins_a_group() -> None:
    assert firsts(draw(say(1), say(2, 3), say(3, 3), say(4))) == [1, 2, 4]


def test_a_reply_begins_a_group() -> None:
    assert firsts(draw(say(1), say(2, reply_to=1), say(3))) == [1, 2]


def test_a_new_day_begins_a_group_and_has_a_label() -> None:
    midnight = NOON + 12 * 60 * MINUTE
    drawn = draw(say(1, at=midnight - MINUTE), say(2, at=midnight + MINUTE))
    assert firsts(drawn) == [1, 2]
    assert drawn[0].day == "Today"
    assert drawn[1].day is not None
    assert drawn[1].day_iso > drawn[0].day_iso


def test_days_are_those_of_the_reader() -> None:
    evening = NOON + 4 * 60 * MINUTE
    messages = say(1, at=evening - MINUTE), say(2, at=evening + MINUTE)
    assert [row.day is not None for row in draw(*messages)] == [True, False]
    assert [row.day is not None for row in draw(*messages, zone="Asia/Shanghai")] == [True, True]


def test_the_new_line_stands_before_the_first_unread_message_of_another() -> None:
    drawn = draw(say(1), say(2, 1), say(3), say(4), read_index=1)
    assert [row.message.index for row in drawn if row.is_new] == [3]


def test_a_group_does_not_reach_across_the_new_line() -> None:
    assert firsts(draw(say(1), say(2), say(3), read_index=1)) == [1, 2]


def test_nothing_is_new_when_all_is_read() -> None:
    assert not any(row.is_new for row in draw(say(1), say(2), read_index=2))


def test_ones_own_messages_are_not_new() -> None:
    assert not any(row.is_new for row in draw(say(1), say(2, 1), read_index=1))


def test_a_page_beyond_the_first_unread_has_no_new_line() -> None:
    assert not any(row.is_new for row in draw(say(30), say(31), read_index=10))


def test_ones_own_rows_are_marked() -> None:
    assert [row.is_mine for row in draw(say(1, 1), say(2))] == [True, False]


def test_an_empty_room_has_no_rows() -> None:
    assert draw() == []


@pytest.mark.parametrize(
    ("speaks", "one", "many"),
    [
        ("en", "1 message is missing here (number 2). The server does not have it.", "are missing here (numbers 2–3)."),
        ("zh-CN", "（编号 2），", "（编号 2–3），"),
    ],
)
async def test_one_number_is_no_span(
    adas: Browser, ada: Actor, settings: Settings, speaks: str, one: str, many: str
) -> None:
    for text in ("a", "b", "c", "d"):
        await ada.says(text)
    for lost, sentence in (("b", one), ("c", many)):
        with behind_its_back(settings.database_path) as connection:
            unguarded(connection)
            assert connection.execute("DELETE FROM messages WHERE content = ?", (lost,)).rowcount == 1
        assert sentence in (await adas.opens("/rooms/general/4", **{"Accept-Language": speaks})).text
