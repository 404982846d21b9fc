"""Fields for passwords, as pages have them: hidden, and friendly to password managers."""

from __future__ import annotations

import re
from typing import Final

from tests.support.cast import Actor
from tests.support.source import ROOT
from tests.web.browser import Browser

OLD: Final = "current-password"
NEW: Final = "new-password"
FIELD: Final = re.compile(r"<input[^>]*\bname=\"(password|current|new)\"[^>]*>")


def fields(html: str) -> dict[str, str]:
    """The password fields of a page by name, as they are written."""
    return {found[1]: found[0] for found in FIELD.finditer(html)}


async def test_the_form_for_a_first_account_hides_the_password_and_helps_managers(stranger: Browser) -> None:
    await are_as_they_should(stranger, "/setup?code=none", password=NEW)


async def test_the_login_form_hides_the_password_and_helps_managers(stranger: Browser, ada: Actor) -> None:
    await are_as_they_should(stranger, "/login", password=OLD)


async def test_the_form_for_a_new_password_hides_both_and_helps_managers(adas: Browser) -> None:
    await are_as_they_should(adas, "/settings/profile", current=OLD, new=NEW)


async def are_as_they_should(browser: Browser, path: str, **hints: str) -> None:
    found = fields((await browser.opens(path)).text)
    assert found.keys() == hints.keys()
    for name, hint in hints.items():
        assert 'type="password"' in found[name]
        assert f'autocomplete="{hint}"' in found[name]
        # Neither a bound that would cut off, nor a pattern that would forbid.
        assert not re.search(r"maxlength|pattern|onpaste|readonly", found[name])


def test_no_script_touches_pasting_outside_the_message_box() -> None:
    pasting = [path.name for path in (ROOT / "static" / "js").glob("*.js") if "paste" in path.read_text()]
    # Files, in a room, and addresses over words that are selected in it; text is left alone otherwise.
    assert set(pasting) <= {"composer.js", "offers.js", "files.js", "keys.js"}
