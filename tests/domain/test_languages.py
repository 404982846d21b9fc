"""The language somebody chose, and that of the mails they get."""

from __future__ import annotations

import pytest

from chatapp.core import language
from chatapp.core.errors import Invalid
from chatapp.core.models import Person
from tests.support.house import House


async def test_the_choice_is_kept(house: House, ada: Person) -> None:
    assert ada.language == ""
    assert (await house.chat.accounts.set_language(ada, "zh-Hans")).language == "zh-Hans"
    assert (await house.signs_in("ada")).person.language == "zh-Hans"
    assert (await house.chat.accounts.set_language(ada, "")).language == ""


@pytest.mark.parametrize("tag", ["tlh", "zh", "EN", "en "])
async def test_a_language_that_we_do_not_speak_is_refused(house: House, ada: Person, tag: str) -> None:
    with pytest.raises(Invalid):
        await house.chat.accounts.set_language(ada, tag)


async def test_a_mail_is_in_the_language_of_whoever_causes_it(open_to_all: House) -> None:
    with language.speaking("zh-Hans"):
        await open_to_all.registers("grace")
    (letter,) = await open_to_all.letters()
    assert letter.subject.startswith("确认你在")


async def test_a_mail_is_in_the_language_its_reader_chose(house: House, ada: Person) -> None:
    await house.chat.accounts.set_language(ada, "zh-Hans")
    await house.chat.links.request_reset("ada@example.org")
    (letter,) = await house.letters()
    assert letter.subject.endswith("设置新密码")


async def test_a_link_for_a_new_password_comes_in_the_language_of_the_page_it_was_asked_on(
    house: House, ada: Person
) -> None:
    with language.speaking("zh-Hans"):
        await house.chat.links.request_reset("ada@example.org")
    (letter,) = await house.letters()
    assert letter.subject.endswith("设置新密码")


async def test_a_request_of_an_older_version_is_still_done(house: House, ada: Person) -> None:
    async with house.chat.outbox._database.transaction() as tx:
        await house.chat.outbox.put(tx, "reset", "ada@example.org")
    (letter,) = await house.letters()
    assert letter.subject.startswith("Choose a new password")
