"""A mail, and the words of the ones this chat sends, in the current language. The link stands on a line of its own."""

from __future__ import annotations

from typing import Final

import msgspec

from chatapp.core.language import _

VERIFY_DAYS: Final = 7
RESET_MINUTES: Final = 60


class Mail(msgspec.Struct, frozen=True):
    """Plain text to one address."""

    to: str
    subject: str
    body: str


def encode(mail: Mail) -> str:
    return msgspec.json.encode(mail).decode()


def decode(payload: str) -> Mail:
    """Raises ``msgspec.ValidationError`` for anything but an encoded mail."""
    return msgspec.json.decode(payload, type=Mail)


def verification(*, to: str, username: str, chat: str, link: str) -> Mail:
    body = _("""Welcome to {chat}, {username}.

Please open this link to confirm that this is your e-mail address:

{link}

It works once, for {days} days. If you did not make an account, you can forget this mail.
""").format(chat=chat, username=username, link=link, days=VERIFY_DAYS)
    return Mail(to, _("Confirm your e-mail address for {chat}").format(chat=chat), body)


def address_taken(*, to: str, username: str, chat: str, link: str) -> Mail:
    body = _("""Somebody, hopefully you, wanted to make an account on {chat} with this address.

There is one already: {username}. If you have forgotten its password, you can choose a new one:

{link}

If it was not you, nothing has changed and you can forget this mail.
""").format(chat=chat, username=username, link=link)
    return Mail(to, _("You have an account on {chat} already").format(chat=chat), body)


def password_reset(*, to: str, username: str, chat: str, link: str) -> Mail:
    body = _("""Somebody, hopefully you, has forgotten the password of {username} on {chat}.

Open this link to choose a new one:

{link}

It works once, for {minutes} minutes. If it was not you, nothing has changed and you can forget this mail.
""").format(chat=chat, username=username, link=link, minutes=RESET_MINUTES)
    return Mail(to, _("Choose a new password for {chat}").format(chat=chat), body)


def password_changed(*, to: str, username: str, chat: str, link: str) -> Mail:
    body = _("""The password of {username} on {chat} has been changed, and all other browsers are logged out.
Access tokens of programs still work; look through them under Settings.

If it was you, you can forget this mail. If it was not, choose a new one:

{link}
""").format(chat=chat, username=username, link=link)
    return Mail(to, _("Your password for {chat} was changed").format(chat=chat), body)
