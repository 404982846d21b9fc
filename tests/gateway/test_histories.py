"""The history of a room is put into JSON once for all who come, and anew as soon as anything in it has changed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chatapp.core import events
from chatapp.core.models import History, Message
from chatapp.gateway import histories
from chatapp.gateway.histories import Histories
from tests.support.cast import Actor

Change = Callable[[Actor], Awaitable[Any]]


def history(*contents: str) -> History:
    messages = [
        Message(index, 1, index, index, 7, "ada", "Ada", content, f"<b>{content}</b>", at, client_id=f"c{index}")
        for index, (content, at) in enumerate(zip(contents, range(1000, 9000), strict=False), 1)
    ]
    return History(tuple(messages), len(messages), len(messages))


def shown(kept: Histories, what: History, room: str = "general", *, with_html: bool = False) -> list[Any]:
    found: list[Any] = json.loads(bytes(kept.messages(room, what, with_html=with_html)))
    return found


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The indexes of messages that were put into JSON."""
    indexes: list[int] = []
    wire = events.wire

    def noted(message: Message, *room: Any, **how: Any) -> Any:
        indexes.append(message.index)
        return wire(message, *room, **how)

    monkeypatch.setattr(histories, "wire", noted)
    return indexes


async def everybody_gets_the_same(*actors: Actor, html: bool = False) -> list[dict[str, Any]]:
    pages = [(await (await actor.connects()).subscribes("general", html=html))["messages"] for actor in actors]
    assert all(page == pages[0] for page in pages)
    found: list[dict[str, Any]] = pages[0]
    return found


async def test_who_comes_next_gets_what_was_drawn_for_the_first(ada: Actor, grace: Actor, drawn: list[int]) -> None:
    for content in ("a", "b"):
        await ada.says(content)
    assert [m["content"] for m in await everybody_gets_the_same(ada, grace, ada, grace)] == ["a", "b"]
    assert drawn == [1, 2]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda ada: ada.says("c"), [("a", "Ada Okafor"), ("b", "Ada Okafor"), ("c", "Ada Okafor")]),
        (
            lambda ada: ada.chat.messages.edit(ada.person, "general", 1, "A"),
            [("A", "Ada Okafor"), ("b", "Ada Okafor")],
        ),
        (lambda ada: ada.chat.messages.delete(ada.person, "general", 1), [("", "Ada Okafor"), ("b", "Ada Okafor")]),
        (
            lambda ada: ada.chat.accounts.update_profile(ada.person, display_name="Ada Obi", time_zone=""),
            [("a", "Ada Obi"), ("b", "Ada Obi")],
        ),
    ],
    ids=["post", "edit", "delete", "rename"],
)
async def test_a_change_is_in_the_next_history(
    ada: Actor, grace: Actor, change: Change, expected: list[tuple[str, str]]
) -> None:
    for content in ("a", "b"):
        await ada.says(content)
    await everybody_gets_the_same(ada, grace)
    await change(ada)
    page = await everybody_gets_the_same(ada, grace)
    assert [(m.get("content", ""), m["display_name"]) for m in page] == expected


async def test_html_is_for_those_who_ask_for_it(ada: Actor, grace: Actor) -> None:
    await ada.says("see https://example.org")
    for html in (False, True, False, True):
        (message,) = await everybody_gets_the_same(ada, grace, html=html)
        assert ("html" in message) is html


def test_rooms_are_not_mistaken_for_each_other() -> None:
    kept, both = Histories(), history("a")
    assert [shown(kept, both, room)[0]["room"] for room in ("one", "two", "one")] == ["one", "two", "one"]


def test_what_is_kept_is_bounded_and_the_longest_unused_goes_first(drawn: list[int]) -> None:
    what = history("x" * 100)
    size = len(bytes(Histories().messages("0", what, with_html=False)))
    kept = Histories(most=3 * size)
    drawn.clear()
    for room in ("1", "2", "3", "1", "4", "1", "3", "4"):
        shown(kept, what, room)
    assert len(drawn) == 4
    shown(kept, what, "2")
    assert len(drawn) == 5


def test_one_that_is_larger_than_all_that_may_be_kept_is_sent_all_the_same(drawn: list[int]) -> None:
    kept, what = Histories(most=10), history("x" * 100)
    assert [shown(kept, what)[0]["content"] for _ in range(2)] == ["x" * 100] * 2
    assert len(drawn) == 2
