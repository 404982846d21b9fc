"""A mail, and the words of the ones this chat sends. The link always stands on a line of its own."""

from __future__ import annotations

from typing import Final

import msgspec

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
    body = f"""Welcome to {chat}, {username}.

Please open this link to confirm that this is your e-mail address:

{link}

It works once, for {VERIFY_DAYS} days. If you did not make an account, you can forget this mail.
"""
    return Mail(to, f"Confirm your e-mail address for {chat}", body)


def address_taken(*, to: str, username: str, chat: str, link: str) -> Mail:
    body = f"""Somebody, hopefully you, wanted to make an account on {chat} with this address.

There is one already: {username}. If you have forgotten its password, you can choose a new one:

{link}

If it was not you, nothing has changed and you can forget this mail.
"""
    return Mail(to, f"You have an account on {chat} already", body)


def password_reset(*, to: str, username: str, chat: str, link: str) -> Mail:
    body = f"""Somebody, hopefully you, has forgotten the password of {username} on {chat}.

Open this link to choose a new one:

{link}

It works once, for {RESET_MINUTES} minutes. If it was not you, nothing has changed and you can forget this mail.
"""
    return Mail(to, f"Choose a new password for {chat}", body)


def password_changed(*, to: str, username: str, chat: str, link: str) -> Mail:
    body = f"""The password of {username} on {chat} has been changed, and all other browsers are logged out.
Access tokens of programs still work; look through them under Settings.

If it was you, you can forget this mail. If it was not, choose a new one:

{link}
"""
    return Mail(to, f"Your password for {chat} was changed", body)
