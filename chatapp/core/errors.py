"""What can go wrong for a person, in words: one family, translated once per door."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from chatapp.core.language import N_


class FieldError(msgspec.Struct, frozen=True):
    """One field that was refused, and why."""

    field: str
    detail: str


class ChatError(Exception):
    """A refusal that a client may see: a stable ``code``, an HTTP ``status``, a sentence."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    sentence: ClassVar[str] = N_("Something went wrong on our side.")

    def __init__(
        self,
        message: str = "",
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        self.message = message or self.sentence
        self.errors = errors
        self.retry_after = retry_after
        super().__init__(self.message)


class BadJson(ChatError):
    code, status, sentence = "bad_json", 400, N_("This is not a JSON object.")


class BadRequest(ChatError):
    code, status, sentence = "bad_request", 400, N_("The request has a missing or wrong field.")


class UnknownAction(ChatError):
    code, status, sentence = "unknown_action", 400, N_("There is no such action.")


class Unauthenticated(ChatError):
    code, status, sentence = "unauthenticated", 401, N_("Please log in.")


class Forbidden(ChatError):
    code, status, sentence = "forbidden", 403, N_("You may not do that.")


class NotFound(ChatError):
    """Missing, or not to be known of by this person: the two look the same on purpose."""

    code, status, sentence = "not_found", 404, N_("There is nothing here, or it is not for you to see.")


class Conflict(ChatError):
    code, status, sentence = "conflict", 409, N_("This contradicts what is already there.")


class KeyUsed(Conflict):
    sentence = N_("This client_id was used for another message.")


class TooLarge(ChatError):
    code, status, sentence = "too_large", 413, N_("This is larger than the limit.")


class Invalid(ChatError):
    code, status, sentence = "invalid", 422, N_("This cannot be accepted.")


class RateLimited(ChatError):
    code, status, sentence = "rate_limited", 429, N_("Too many at once. Please wait a moment.")


class Internal(ChatError):
    code, status, sentence = "internal", 500, N_("Something went wrong on our side. It has been logged.")


class Unavailable(ChatError):
    code, status, sentence = "unavailable", 503, N_("This is not possible right now. Please try again.")


def invalid(field: str, detail: str) -> Invalid:
    """One field refused: the usual case, said shortly."""
    return Invalid(detail, errors=(FieldError(field, detail),))
