"""Why a measurement did not come about."""

from __future__ import annotations


class Unable(Exception):
    """This machine or this server cannot be measured; a sentence says why."""


class Refused(Exception):
    """The server did not let a socket in."""
