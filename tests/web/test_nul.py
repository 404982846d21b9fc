"""A NUL, which a file would take and PostgreSQL refuses to look for, is nowhere a fault of the server."""

from __future__ import annotations

import pytest

from tests.support.cast import Actor
from tests.web.browser import Browser


@pytest.mark.parametrize("address", ["/admin/audit?who=a%00b", "/search?q=a%00b", "/people?q=a%00b"])
async def test_of_an_address(adas: Browser, address: str) -> None:
    assert (await adas.opens(address)).status in {200, 400}


@pytest.mark.parametrize("address", ["users?q=a%00b", "users?after=a%00b", "search?q=from%3Aa%00b"])
async def test_of_the_interface(ada: Actor, address: str) -> None:
    async with ada.client.get(f"/api/v1/{address}", headers=ada.bearer) as answer:
        assert answer.status in {200, 400}


@pytest.mark.parametrize(
    ("page", "address"),
    [("sessions", "/settings/sessions/end"), ("notifications", "/settings/push/remove")],
)
async def test_of_a_form_about_a_browser(adas: Browser, page: str, address: str) -> None:
    assert (await adas.submits(address, on=f"/settings/{page}", digest="a\x00b")).status == 404
