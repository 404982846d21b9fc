"""What people may set about being told of messages, and whether they are told now."""

from __future__ import annotations

from chatapp.core import validation
from chatapp.core.errors import invalid
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Person
from chatapp.core.notifications import Calm, NotificationSettings, QuietHours, calm, minutes, silent_until, time_of_day
from chatapp.domain.pushing import Pushing
from chatapp.storage import notifications, people
from chatapp.storage.database import Database


class Notifications:
    """Of oneself only."""

    def __init__(self, *, database: Database, limits: Limits, pushing: Pushing) -> None:
        self._database = database
        self._limits = limits
        self._pushing = pushing

    async def settings(self, actor: Person) -> NotificationSettings:
        return await notifications.settings_of(self._database, actor.id)

    async def calm(self, actor: Person, settings: NotificationSettings) -> Calm:
        """Whether the actor is told of nothing now."""
        person = await people.by_id(self._database, actor.id)
        return calm(settings, person.time_zone if person else "", self._database.clock())

    async def set_words(self, actor: Person, *, are_hidden: bool) -> None:
        """Whether notifications leave out what a message says."""
        self._limits.act("settings", actor.id)
        async with self._database.transaction() as tx:
            await notifications.change(tx, actor.id, hides_words=are_hidden)

    async def set_quiet_hours(self, actor: Person, *, days: int, begin: str, end: str, time_zone: str) -> None:
        """``days`` as in :class:`QuietHours`, times as in ``22:30``. The time zone is that of the profile.

        Raises ``Invalid``.
        """
        self._limits.act("settings", actor.id)
        values = validation.together(
            begin=lambda: time_of_day("begin", begin),
            end=lambda: time_of_day("end", end),
            time_zone=lambda: _zone(time_zone, is_needed=days != 0),
        )
        quiet = QuietHours(days, minutes(values["begin"]), minutes(values["end"]))
        async with self._database.transaction() as tx:
            await people.update(tx, actor.id, time_zone=values["time_zone"])
            await notifications.change(tx, actor.id, quiet_days=quiet.days, quiet_from=quiet.begin, quiet_to=quiet.end)
            await self._pushing.release(tx, actor)

    async def set_silence(self, actor: Person, length: str) -> None:
        """Be told of nothing for an ``hour``, until ``tomorrow``, or no longer (``over``). Raises ``Invalid``."""
        self._limits.act("settings", actor.id)
        async with self._database.transaction() as tx:
            person = await people.by_id(tx, actor.id)
            until = silent_until(length, person.time_zone if person else "", self._database.clock())
            await notifications.change(tx, actor.id, silent_until=until)
            await self._pushing.release(tx, actor)


def _zone(name: str, *, is_needed: bool) -> str:
    if is_needed and not name:
        raise invalid("time_zone", _("Quiet hours need a time zone."))
    return validation.time_zone(name)
