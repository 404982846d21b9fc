"""Every administrative or security act is logged once: who, what, to whom, from where, and no secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import pytest

from chatapp.core import circumstances
from chatapp.core.audit_log import ACTIONS, Wanted
from chatapp.core.circumstances import Circumstances
from chatapp.core.errors import ChatError, NotFound
from chatapp.core.models import Person
from chatapp.settings import Settings
from chatapp.storage import audit_log, secrets
from tests.support.engine import behind_its_back
from tests.support.house import HERE, PASSWORD, House, open_house
from tests.support.time import SettableClock

NEW_PASSWORD: Final = "another horse battery"
SOMEWHERE: Final = Circumstances("203.0.113.9", "Browser/1.0")


class Scene:
    """Ada administrates, grace and lin are people; ``secrets`` are what must not be found in the log."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.chat = house.chat
        self.secrets = [PASSWORD, NEW_PASSWORD, house.chat.accounts.setup_code]
        self.people: dict[str, Person] = {}

    def __getattr__(self, name: str) -> Person:
        return self.people[name]

    async def begins(self) -> None:
        for name in ("ada", "grace", "lin"):
            self.people[name] = await self.house.person(name, is_admin=name == "ada")
        await self.chat.rooms.create(self.ada, name="Ops", slug="ops")

    async def invite(self) -> str:
        _, secret = await self.chat.invites.create(self.ada)
        self.secrets.append(secret)
        return secret

    async def token(self) -> int:
        token, secret = await self.chat.sign_in.create_token(self.grace, "robot", 30)
        self.secrets.append(secret)
        return token.id

    async def session(self) -> Any:
        return await self.house.signs_in("grace")

    async def link(self, purpose: str) -> str:
        if purpose == "reset":
            await self.chat.links.request_reset("grace@example.org")
        secret = await self.house.secret(purpose)
        self.secrets.append(secret)
        return secret

    async def registered(self, invite: str = "") -> Person:
        return await self.house.registers("mary", invite=invite)

    async def verified(self) -> Person:
        await self.registered()
        return await self.chat.links.verify(await self.link("verify"))

    async def wrong(self) -> None:
        with suppress(ChatError):
            await self.chat.sign_in.with_password("grace", "not it", remember=False, **HERE)

    async def joined(self) -> None:
        await self.chat.memberships.join(self.grace, "ops")

    async def spoken(self) -> None:
        await self.joined()
        await self.chat.messages.post(self.grace, "ops", "SAID IN CONFIDENCE")
        await self.chat.messages.delete(self.ada, "ops", 1)

    async def changed(self) -> None:
        keep = await self.session()
        await self.chat.accounts.change_password(self.grace, current=PASSWORD, new=NEW_PASSWORD, keep=keep)


Act = Callable[[Scene], Awaitable[Any]]


async def in_turn(*steps: Awaitable[Any]) -> None:
    for step in steps:
        await step


async def renames(s: Scene) -> None:
    await s.chat.accounts.update_profile(s.grace, display_name="Grace H", time_zone="")


# What is done, and who the log says did it to whom.
ACTS: Final[dict[str, tuple[Act, str, str]]] = {
    "account.made": (lambda s: s.house.person("mary"), "", "mary"),
    "account.registered": (lambda s: s.registered(), "mary", ""),
    "account.verified": (lambda s: s.verified(), "mary", ""),
    "account.renamed": (renames, "grace", "grace"),
    "account.disabled": (lambda s: s.chat.accounts.set_disabled(s.ada, "grace", True), "ada", "grace"),
    "account.enabled": (
        lambda s: in_turn(
            s.chat.accounts.set_disabled(s.ada, "grace", True), s.chat.accounts.set_disabled(s.ada, "grace", False)
        ),
        "ada",
        "grace",
    ),
    "admin.granted": (lambda s: s.chat.accounts.set_admin(s.ada, "grace", True), "ada", "grace"),
    "admin.withdrawn": (
        lambda s: in_turn(
            s.chat.accounts.set_admin(s.ada, "grace", True), s.chat.accounts.set_admin(s.ada, "grace", False)
        ),
        "ada",
        "grace",
    ),
    "login.ok": (lambda s: s.session(), "grace", ""),
    "login.failed": (lambda s: s.wrong(), "", "grace"),
    "login.limited": (lambda s: in_turn(*(s.wrong() for _ in range(30))), "", "grace"),
    "logout": (lambda s: logs_out(s), "grace", ""),
    "session.ended": (lambda s: ends_session(s), "grace", ""),
    "sessions.ended": (lambda s: ends_others(s), "grace", ""),
    "password.changed": (lambda s: s.changed(), "grace", ""),
    "password.reset_requested": (lambda s: s.chat.links.request_reset("grace@example.org"), "", "grace@example.org"),
    "password.reset": (lambda s: resets(s), "grace", ""),
    "token.made": (lambda s: s.token(), "grace", "token 1"),
    "token.revoked": (lambda s: revokes(s), "grace", "token 1"),
    "invite.made": (lambda s: s.invite(), "ada", "invite 1"),
    "invite.revoked": (lambda s: in_turn(s.invite(), s.chat.invites.revoke(s.ada, 1)), "ada", "invite 1"),
    "invite.used": (lambda s: registers_invited(s), "mary", "invite 1"),
    "room.made": (lambda s: s.chat.rooms.create(s.grace, name="Design"), "grace", "design"),
    "room.changed": (lambda s: s.chat.rooms.update(s.ada, "ops", topic="On call"), "ada", "ops"),
    "member.joined": (lambda s: s.joined(), "grace", "ops"),
    "member.left": (lambda s: in_turn(s.joined(), s.chat.memberships.leave(s.grace, "ops")), "grace", "ops"),
    "member.added": (lambda s: s.chat.memberships.add(s.ada, "ops", "grace"), "ada", "grace"),
    "member.removed": (lambda s: in_turn(s.joined(), s.chat.memberships.remove(s.ada, "ops", "grace")), "ada", "grace"),
    "member.became_owner": (lambda s: in_turn(s.joined(), s.chat.memberships.leave(s.ada, "ops")), "", "grace"),
    "message.deleted": (lambda s: s.spoken(), "ada", "ops/1"),
    "audit_log.exported": (lambda s: s.chat.audit_log.export(s.ada, Wanted()), "ada", ""),
}


async def logs_out(s: Scene) -> None:
    await s.chat.sign_in.log_out(await s.session())


async def ends_session(s: Scene) -> None:
    await s.chat.sign_in.end_session(s.grace, (await s.session()).session_digest or "")


async def ends_others(s: Scene) -> None:
    await s.session()
    await s.chat.sign_in.end_other_sessions(await s.session())


async def resets(s: Scene) -> None:
    await s.chat.links.reset(await s.link("reset"), NEW_PASSWORD)


async def revokes(s: Scene) -> None:
    await s.chat.sign_in.revoke_token(s.grace, await s.token())


async def registers_invited(s: Scene) -> None:
    await s.registered(await s.invite())


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, registration="open")


@pytest.fixture
async def scene(house: House) -> Scene:
    found = Scene(house)
    await found.begins()
    return found


def test_every_action_is_tried() -> None:
    of_the_machine = {"secrets.changed", "database.backed_up", "database.restored", "database.copied"}
    assert set(ACTIONS) - ACTS.keys() == {"setup.done", *of_the_machine}
    assert len(ACTIONS) >= 25


@pytest.mark.parametrize("action", ACTS)
async def test_an_act_is_logged_once_with_who_what_whom_and_whence(scene: Scene, action: str) -> None:
    act, actor, target = ACTS[action]
    before = await scene.chat.audit_log.latest(Wanted(), 1)
    with circumstances.under(SOMEWHERE):
        await act(scene)
    new = [entry for entry in await scene.chat.audit_log.latest(Wanted(), 100) if entry.id > before[0].id]
    (entry,) = [entry for entry in new if entry.action == action]
    assert (entry.actor, entry.target) == (actor, target)
    assert entry.actor_id == (scene.house.rows(f"SELECT id FROM people WHERE username = '{actor}'") or [(None,)])[0][0]  # noqa: S608
    assert (entry.address, entry.user_agent, entry.at) == ("203.0.113.9", "Browser/1.0", scene.house.clock())
    assert all((each.address, each.user_agent) == ("203.0.113.9", "Browser/1.0") for each in new)
    written = json.dumps([tuple(row) for row in scene.house.rows("SELECT * FROM audit_log")])
    assert [secret for secret in [*scene.secrets, "SAID IN CONFIDENCE"] if secret in written] == []
    with behind_its_back(scene.house.settings.database_path) as connection:
        assert audit_log.broken(connection) == []


async def test_the_first_account_is_logged(house: House) -> None:
    code = house.chat.accounts.setup_code
    await house.chat.accounts.set_up(code=code, username="ada", email="ada@example.org", password=PASSWORD)
    (entry,) = await house.chat.audit_log.latest(Wanted(), 10)
    assert (entry.actor, entry.action) == ("ada", "setup.done")


async def test_new_keys_are_logged_at_the_next_start(settings: Settings, clock: SettableClock) -> None:
    for is_new, expected in ((False, 0), (True, 1), (False, 1)):
        if is_new:
            secrets.rotate(settings.data)
        async with open_house(settings, clock) as house:
            assert len(await house.chat.audit_log.latest(Wanted(action="secrets.changed"), 9)) == expected


async def test_a_password_typed_as_a_name_is_not_kept(scene: Scene) -> None:
    for name in (PASSWORD, "Tr0ub4dor&3", "pass\x00word", "hunter2-hunter2", "p@ssw0rd.example"):
        with suppress(ChatError):
            await scene.chat.sign_in.with_password(name, "x", remember=False, **HERE)
    assert {entry.target for entry in await scene.chat.audit_log.latest(Wanted(action="login.failed"), 9)} == {""}


async def test_what_the_command_line_does_is_the_command_lines(scene: Scene) -> None:
    with circumstances.under(Circumstances(actor="command line")):
        await scene.chat.accounts.set_disabled(scene.ada, "grace", True)
    (entry,) = await scene.chat.audit_log.latest(Wanted(), 1)
    assert (entry.actor, entry.actor_id, entry.target) == ("command line", None, "grace")


async def test_ones_own_message_is_not_a_moderators_act(scene: Scene) -> None:
    await scene.chat.messages.post(scene.ada, "ops", "mine")
    await scene.chat.messages.delete(scene.ada, "ops", 1)
    assert await scene.chat.audit_log.latest(Wanted(action="message.deleted"), 9) == []


async def test_a_direct_conversation_is_not_in_the_log(scene: Scene) -> None:
    before = await scene.chat.audit_log.latest(Wanted(), 1)
    await scene.chat.rooms.open_direct(scene.grace, "lin")
    assert await scene.chat.audit_log.latest(Wanted(), 1) == before


async def test_what_did_not_happen_is_not_logged(scene: Scene) -> None:
    before = await scene.chat.audit_log.latest(Wanted(), 1)
    for refused in (
        scene.chat.memberships.remove(scene.grace, "ops", "ada"),
        scene.chat.accounts.set_disabled(scene.grace, "lin", True),
        scene.chat.accounts.set_admin(scene.ada, "ada", False),
        scene.chat.invites.create(scene.grace),
        scene.chat.sign_in.revoke_token(scene.grace, 99),
        scene.chat.messages.delete(scene.ada, "ops", 99),
    ):
        with pytest.raises(ChatError):
            await refused
    assert await scene.chat.audit_log.latest(Wanted(), 1) == before


async def test_the_log_is_for_administrators(scene: Scene) -> None:
    with pytest.raises(NotFound):
        await scene.chat.audit_log.page(scene.grace, Wanted())
    with pytest.raises(NotFound):
        await scene.chat.audit_log.export(scene.grace, Wanted())


@pytest.mark.parametrize(
    ("days", "left"), [(365, ["room.changed"]), (0, ["room.changed", "room.made", "account.made"])]
)
async def test_old_entries_go_when_the_operator_wants_it(
    settings: Settings, clock: SettableClock, days: int, left: list[str]
) -> None:
    async with open_house(replace(settings, audit_days=days), clock) as house:
        grace = await house.person("grace")
        await house.chat.rooms.create(grace, name="Ops", slug="ops")
        clock.passes(days=366)
        await house.chat.rooms.update(grace, "ops", topic="later")
        await house.chat.housekeeping.tidy()
        assert [entry.action for entry in await house.chat.audit_log.latest(Wanted(), 9)] == left


async def test_ending_nothing_is_no_act(scene: Scene) -> None:
    identity = await scene.house.signs_in("ada")
    await scene.chat.sign_in.end_other_sessions(identity)
    before = await scene.chat.audit_log.latest(Wanted(action="sessions.ended"), 9)
    for _ in range(3):
        await scene.chat.sign_in.end_other_sessions(identity)
    assert await scene.chat.audit_log.latest(Wanted(action="sessions.ended"), 9) == before
    found = await asyncio.gather(
        *(scene.chat.sign_in.end_other_sessions(identity) for _ in range(60)), return_exceptions=True
    )
    assert "rate_limited" in {getattr(each, "code", "") for each in found}
