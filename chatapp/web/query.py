"""Numbers and words from the query string and the path: strict, so that a slip is told and not guessed at. And back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from chatapp.core.errors import BadRequest, FieldError, NotFound
from chatapp.web.language import _

MOST: Final = 2**53
MOST_DIGITS: Final = 16
# Moments are counted from 1970; the calendar ends with the year 9999.
FIRST_YEAR: Final = 1971
LAST_YEAR: Final = 9998


def text(request: web.Request, name: str, default: str = "") -> str:
    """One value of the query. Raises ``BadRequest`` when it is given twice."""
    values = request.query.getall(name, [])
    if len(values) > 1:
        raise wrong(name, _("This is given twice."))
    return values[0] if values else default


def address(path: str, **given: str) -> str:
    """The path with what is given of its query; what is empty stays away."""
    said = {name: value for name, value in given.items() if value}
    return f"{path}?{urlencode(said)}" if said else path


def number(request: web.Request, name: str, *, least: int = 0, most: int = MOST) -> int | None:
    """A whole number in plain digits, or ``None`` when it is not given. Raises ``BadRequest``."""
    value = text(request, name)
    if name not in request.query:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS and least <= int(value) <= most):
        raise wrong(name, _("This must be a whole number from {least} to {most}.").format(least=least, most=most))
    return int(value)


def day(request: web.Request, name: str) -> date | None:
    """A day as 2026-12-31, or ``None`` when it is not given or empty. Raises ``BadRequest``."""
    value = text(request, name)
    try:
        found = date.fromisoformat(value) if value else None
    except ValueError:
        raise wrong(name, _("This must be a day like 2026-12-31.")) from None
    if found is not None and not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise wrong(name, _("This must be a day like 2026-12-31."))
    return found


def choice(request: web.Request, name: str, choices: Collection[str]) -> str:
    """One of ``choices``, or "" when it is not given or empty. Raises ``BadRequest``."""
    value = text(request, name)
    if value and value not in choices:
        raise wrong(name, _("This is not one of the choices."))
    return value


def flag(request: web.Request, name: str) -> bool:
    """``true`` or ``false``. Raises ``BadRequest`` for any other word."""
    value = text(request, name, "false")
    if value not in {"true", "false"}:
        raise wrong(name, _("This must be true or false."))
    return value == "true"


def path_number(request: web.Request, name: str) -> int:
    """A number that is part of the path; too large a one does not exist."""
    value = request.match_info[name]
    if len(value) > MOST_DIGITS:
        raise NotFound
    return int(value)


def only_one(request: web.Request, *names: str) -> None:
    """Raises ``BadRequest`` when more than one of ``names`` is given."""
    given = [name for name in names if name in request.query]
    if len(given) > 1:
        raise wrong(given[1], _("This cannot go together with {name}.").format(name=given[0]))


def wrong(name: str, sentence: str) -> BadRequest:
    """What is raised for one value."""
    return BadRequest(sentence, errors=(FieldError(name, sentence),))
