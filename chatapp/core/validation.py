"""What people may call themselves and their rooms. Each function returns the clean value or raises ``Invalid``."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zoneinfo
from collections.abc import Callable
from typing import Final, get_args

from chatapp.core.errors import FieldError, Invalid, invalid
from chatapp.core.language import LANGUAGES, _
from chatapp.core.models import Density, HourCycle, Theme
from chatapp.core.names import is_misleading
from chatapp.core.text import SPECIAL, has_surrogate, is_visible

LONGEST_NAME: Final = 64
LONGEST_SLUG: Final = 64
LONGEST_TOPIC: Final = 250
LONGEST_STATUS: Final = 100
LONGEST_EMAIL: Final = 254
# @room and @here call many, from:me is who asks: nobody could be named so without being mistaken for them.
RESERVED_USERNAMES: Final = SPECIAL | {"me"}
# /rooms/new is a page.
RESERVED_SLUGS: Final = frozenset({"new"})

_USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_SLUG: Final = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_SLUG - 1}}}")
_EMAIL: Final = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[a-z0-9]([a-z0-9-]*[a-z0-9])?"
    r"(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)
_LONGEST_LOCAL: Final = 64


def username(value: str) -> str:
    """Lower case: usernames are the same without regard to case. ASCII only, so none looks like another."""
    value = value.strip()
    # Asked before lower(), which turns the Kelvin sign into a k.
    clean = value.lower() if value.isascii() else ""
    if not is_username(clean):
        raise invalid("username", _("A username has 2 to 32 of a-z 0-9 . _ - and begins with a letter or a digit."))
    if clean in RESERVED_USERNAMES:
        raise invalid("username", _("This username has a meaning of its own. Choose another."))
    return clean


def is_username(value: str) -> bool:
    return _USERNAME.fullmatch(value) is not None


def display_name(value: str) -> str:
    """Letters dressed up as others, as mathematics and wide forms have them, become plain ones (NFKC)."""
    return _name("display_name", unicodedata.normalize("NFKC", value))


def sought(value: str) -> str | None:
    """What may be a part of a username or a display name, as those are kept; None when no name can hold it."""
    clean = " ".join(unicodedata.normalize("NFKC", value).split())
    return None if len(clean) > LONGEST_NAME or has_surrogate(clean) or "\x00" in clean else clean


def room_name(value: str) -> str:
    return _name("name", value)


def token_name(value: str) -> str:
    return _name("name", value)


def email(value: str) -> str:
    """Lower case. Only what can stand in a mail header as it is."""
    clean = value.strip().lower() if value.isascii() else ""
    local = clean.partition("@")[0]
    if len(clean) > LONGEST_EMAIL or len(local) > _LONGEST_LOCAL or not _EMAIL.fullmatch(clean):
        raise invalid("email", _("This is not an e-mail address."))
    return clean


def slug(value: str) -> str:
    clean = value.strip().lower() if value.isascii() else ""
    if not _SLUG.fullmatch(clean):
        raise invalid(
            "slug",
            _("An address has 1 to {n} of a-z 0-9 - and begins with a letter or a digit.").format(n=LONGEST_SLUG),
        )
    if clean.startswith("dm-") or clean in RESERVED_SLUGS:
        raise invalid("slug", _("This address is reserved. Choose another one."))
    return clean


def derive_slug(name: str) -> str:
    """A valid slug for a room of that name; the same name gives the same slug."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not words:
        words = "room-" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    if words.startswith("dm-") or words in RESERVED_SLUGS:
        words = f"room-{words}"
    return words[:LONGEST_SLUG].rstrip("-")


def topic(value: str) -> str:
    """One line, which may be empty."""
    clean = " ".join(unicodedata.normalize("NFC", value).split())
    _refuse_misleading("topic", clean)
    if len(clean) > LONGEST_TOPIC:
        raise invalid("topic", _("A topic has at most {n} characters.").format(n=LONGEST_TOPIC))
    return clean


def status(value: str) -> str:
    """One line, which may be empty."""
    clean = " ".join(unicodedata.normalize("NFC", value).split())
    _refuse_misleading("status", clean)
    if len(clean) > LONGEST_STATUS:
        raise invalid("status", _("A status has at most {n} characters.").format(n=LONGEST_STATUS))
    return clean


def time_zone(value: str) -> str:
    """A name of the IANA database, or "" for that of the browser."""
    if value and value not in zoneinfo.available_timezones():
        raise invalid("time_zone", _("There is no such time zone."))
    return value


def theme(value: str) -> Theme:
    for known in get_args(Theme):
        if value == known:
            return known  # type: ignore[no-any-return]
    raise invalid("theme", _("Choose system, light or dark."))


def language(value: str) -> str:
    """One that the chat speaks, or "" for that of the browser."""
    if value and value not in LANGUAGES:
        raise invalid("language", _("This is not one of the choices."))
    return value


def hour_cycle(value: str) -> str:
    """One of them, or "" for that of the browser."""
    if value and value not in get_args(HourCycle):
        raise invalid("hour_cycle", _("This is not one of the choices."))
    return value


def density(value: str) -> str:
    if value not in get_args(Density):
        raise invalid("density", _("This is not one of the choices."))
    return value


def together(**checks: Callable[[], str]) -> dict[str, str]:
    """The results by name; when several refuse, one ``Invalid`` with all their errors."""
    clean: dict[str, str] = {}
    errors: list[FieldError] = []
    for name, check in checks.items():
        try:
            clean[name] = check()
        except Invalid as refusal:
            errors.extend(refusal.errors)
    if errors:
        raise Invalid(errors[0].detail, errors=tuple(errors))
    return clean


def _name(field: str, value: str) -> str:
    clean = unicodedata.normalize("NFC", value.strip())
    _refuse_misleading(field, clean)
    clean = " ".join(clean.split())
    if not any(map(is_visible, clean)):
        raise invalid(field, _("A name cannot be empty."))
    if len(clean) > LONGEST_NAME:
        raise invalid(field, _("A name has at most {n} characters.").format(n=LONGEST_NAME))
    return clean


def _refuse_misleading(field: str, value: str) -> None:
    if is_misleading(value):
        raise invalid(field, _("There are characters in this that cannot be shown."))
