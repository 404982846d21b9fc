"""The audit log for readers: which entries a query asks for, what each action is called, and the table as CSV."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from aiohttp import web

from chatapp.core.audit_log import ACTIONS, Action, Entry, Wanted
from chatapp.core.events import timestamp
from chatapp.web import query
from chatapp.web.language import N_, _
from chatapp.web.moments import Moments

# What a spreadsheet takes for a formula when a cell begins with it.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
HEADING: Final = ("time", "who", "action", "target", "address", "browser", "detail", "number", "hash")
DETAILS: Final = {
    "author": N_("author"),
    "count": N_("count"),
    "days": N_("days"),
    "display_name": N_("display name"),
    "kind": N_("kind"),
    "name": N_("name"),
    "role": N_("role"),
    "room": N_("room"),
    "sessions_ended": N_("sessions ended"),
    "uses": N_("uses"),
}


def wanted(request: web.Request, moments: Moments) -> Wanted:
    """The days are those of the reader, the last one included. Raises ``BadRequest``."""
    since, until = query.day(request, "since"), query.day(request, "until")
    if since and until and since > until:
        raise query.wrong("since", _("This day is after the last one."))
    return Wanted(
        who=query.text(request, "who").strip().lower(),
        action=query.choice(request, "action", ACTIONS),
        since=_begin(since, moments),
        until=_begin(until + timedelta(days=1) if until else None, moments),
        before=query.number(request, "before"),
    )


def details(entry: Entry) -> dict[str, Any]:
    """What there is to say beyond the columns, by what it is called."""
    found: dict[str, Any] = msgspec.json.decode(entry.detail)
    return {_(DETAILS.get(name, name)): value for name, value in found.items() if value not in (None, False)}


def as_csv(entries: Sequence[Entry]) -> str:
    """RFC 4180; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADING)
    for e in entries:
        row = (timestamp(e.at), e.actor, e.action, e.target, e.address, e.user_agent, e.detail, str(e.id), e.hash)
        writer.writerow([f"'{cell}" if _is_formula(cell) else cell for cell in row])
    return text.getvalue()


def _is_formula(cell: str) -> bool:
    # Spreadsheets drop what is blank or not seen, and some take wide signs for those they stand for.
    begin = next((sign for sign in unicodedata.normalize("NFKC", cell) if not _is_unseen(sign)), "")
    return cell.startswith(FORMULA) or begin in FORMULA


def _is_unseen(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"}


def _begin(day: date | None, moments: Moments) -> int | None:
    return None if day is None else moments.begin(day)


def action_names() -> dict[Action, str]:
    """What the log calls each action, in the order of the choices."""
    return _of_accounts() | _of_credentials() | _of_rooms()


def _of_accounts() -> dict[Action, str]:
    return {
        "setup.done": _("Chat set up"),
        "account.made": _("Account made"),
        "account.registered": _("Account registered"),
        "account.verified": _("E-mail address confirmed"),
        "account.renamed": _("Display name changed"),
        "account.disabled": _("Account disabled"),
        "account.enabled": _("Account enabled"),
        "admin.granted": _("Made administrator"),
        "admin.withdrawn": _("No administrator any more"),
        "invite.made": _("Invite made"),
        "invite.revoked": _("Invite revoked"),
        "invite.used": _("Invite used"),
    }


def _of_credentials() -> dict[Action, str]:
    return {
        "login.ok": _("Logged in"),
        "login.failed": _("Login failed"),
        "login.limited": _("Logins refused for a while"),
        "logout": _("Logged out"),
        "session.ended": _("Session ended"),
        "sessions.ended": _("Other sessions ended"),
        "password.changed": _("Password changed"),
        "password.reset_requested": _("Password reset requested"),
        "password.reset": _("Password reset"),
        "token.made": _("Token made"),
        "token.revoked": _("Token revoked"),
    }


def _of_rooms() -> dict[Action, str]:
    return {
        "room.made": _("Room made"),
        "room.changed": _("Room changed"),
        "member.joined": _("Joined a room"),
        "member.left": _("Left a room"),
        "member.added": _("Member added"),
        "member.removed": _("Member removed"),
        "member.became_owner": _("Became owner"),
        "message.deleted": _("Message of another deleted"),
        "audit_log.exported": _("Audit log exported"),
        "secrets.changed": _("Keys changed"),
        "database.backed_up": _("Backup made"),
        "database.restored": _("Another database put in place"),
        "database.copied": _("Chat copied to PostgreSQL"),
    }
