"""What passwords must be, and what nobody asks of them."""

from __future__ import annotations

from chatapp.core.models import Person
from tests.support.house import House


async def test_a_password_does_not_run_out(house: House, ada: Person) -> None:
    house.clock.passes(days=3650)
    assert (await house.signs_in(ada.username)).person.id == ada.id
