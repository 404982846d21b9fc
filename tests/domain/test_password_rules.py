"""What passwords must be, what nobody asks of them, and who hears when one changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatapp.core.errors import Invalid
from chatapp.core.models import Person
from chatapp.settings import Settings
from tests.support.house import PASSWORD, House, open_house
from tests.support.time import SettableClock

NEW = "a wholly new password"


async def test_a_password_does_not_run_out(house: House, ada: Person) -> None:
    house.clock.passes(days=3650)
    assert (await house.signs_in(ada.username)).person.id == ada.id


async def test_names_of_the_person_and_the_place_make_no_password(settings: Settings, clock: SettableClock) -> None:
    who: dict[str, Any] = {"username": "grace", "email": "ibis@example.org", "display_name": "Lin Okafor"}
    async with open_house(replace(settings, name="Kaffeeklatsch", registration="open"), clock) as house:
        grace = await house.chat.accounts.add(**who, password=PASSWORD)
        here = await house.signs_in("grace")
        secret = await house.reset_secret("ibis@example.org")
        other = {**who, "username": "gracie", "email": "heron@example.org"}
        for known in (
            "grace-1234567",
            "example.org1",
            "Lin1234567",
            "okafor-okafor",
            "KAFFEEklatsch 26",
            "chatapp!2026",
        ):
            with pytest.raises(Invalid, match="names that others know"):
                await house.chat.accounts.change_password(grace, current=PASSWORD, new=known, keep=here)
            with pytest.raises(Invalid, match="names that others know"):
                await house.chat.links.reset(secret, known)
            with pytest.raises(Invalid, match="names that others know"):
                await house.chat.accounts.register(**other, password=known.replace("grace", "gracie"))


async def test_a_changed_password_is_told_to_its_owner(house: House, ada: Person) -> None:
    here = await house.signs_in(ada.username)
    await house.chat.accounts.change_password(ada, current=PASSWORD, new=NEW, keep=here)
    (letter,) = await house.letters()
    assert (letter.to, letter.subject) == ("ada@example.org", "Your password for chatapp was changed")
    assert "https://chat.test/forgot" in letter.body.splitlines()
    assert NEW not in letter.body


async def test_a_replaced_password_is_told_to_its_owner(house: House, ada: Person) -> None:
    await house.chat.links.reset(await house.reset_secret("ada@example.org"), NEW)
    (letter,) = await house.letters()
    assert letter.subject == "Your password for chatapp was changed"


async def test_a_password_that_stayed_is_not_told_of(house: House, ada: Person) -> None:
    here = await house.signs_in(ada.username)
    with pytest.raises(Invalid):
        await house.chat.accounts.change_password(ada, current="not my password", new=NEW, keep=here)
    assert await house.letters() == []
