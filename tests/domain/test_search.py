"""Finding what was said: in every script, in the rooms one is in, and never by words that are gone."""

from __future__ import annotations

import pytest

from chatapp.core.models import Person
from chatapp.core.search import parse
from chatapp.domain.search import Days, Results
from tests.support.house import House


async def finds(house: House, actor: Person, text: str, **how: object) -> list[str]:
    return [hit.message.content for hit in (await results(house, actor, text, **how)).hits]


async def results(house: House, actor: Person, text: str, **how: object) -> Results:
    return await house.chat.search.find(actor, parse(text), Days(), **how)  # type: ignore[arg-type]


@pytest.fixture
async def ada(unhurried: House) -> Person:
    return await unhurried.person("ada", is_admin=True)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("The nightly backup is done", "backup"),
        ("The nightly backup is done", "BACK nig"),
        ("数据库备份完成", "备份"),
        ("数据库备份完成", "库"),
        ("สวัสดีครับ", "ดีครับ"),
        ("naïve Straße", "naive strasse"),
        ("see https://git.example.org/team/repo?tab=1", "example.org/team"),
        ("see https://git.example.org/team/repo?tab=1", "repo"),
        ("call getRecentMessages()", "recentMessages"),
        ("call getRecentMessages()", "messages"),
        ("set CHATAPP_SMTP_URL", "smtp"),
        ("Привет, ёлка", "елка"),
        ("مُحَمَّد هنا", "محمد"),
        ("done 🎉", "🎉"),
        ("it was AND not OR", "AND OR NOT"),
    ],
)
async def test_what_was_said_is_found(unhurried: House, ada: Person, said: str, asked: str) -> None:
    await unhurried.chat.messages.post(ada, "general", said)
    await unhurried.chat.messages.post(ada, "general", "something else")
    assert await finds(unhurried, ada, asked) == [said]
