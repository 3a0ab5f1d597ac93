"""One connection to a fake server: lines in, lines out."""

import json
import secrets
from collections.abc import Callable
from typing import Any, Protocol

from groupchat.client.testing.fake_fields import ALIASES, EVERYWHERE, FIELDS, Refusal, arguments, check_claim
from groupchat.client.testing.fake_hall import CONTEXT, FakeHall, FakePerson, Fields
from groupchat.client.testing.fake_requests import REQUESTS, check_nick

FEATURES = ("rooms", "quiet", "entered", "closing", "barrier", "lines", "replies", "acts", "programs")
"""The abilities that a fake server tells its clients of."""


class Desk(Protocol):
    """The part of a server that a connection uses."""

    hall: FakeHall

    def judged(self, do: str, request: Fields) -> Fields | None:
        """Note a request; return the answer that a test has prepared, if any.

        :raises Refusal: the test wants it to be refused.
        """

    def check_password(self, nick: str, password: object) -> None:
        """Check the password of a nickname.

        :raises Refusal: it is needed, or wrong.
        """


class FakeVisit:
    """A client's connection.

    :param write: sends bytes to the client.
    :param hang_up: closes the connection: at once (true), so that what is on its way is lost, or after that.
    :param gone: is told when the connection has ended, for whatever reason.
    """

    def __init__(
        self,
        desk: Desk,
        write: Callable[[bytes], None],
        hang_up: Callable[[bool], None],
        gone: Callable[["FakeVisit"], None] = lambda visit: None,
    ) -> None:
        self.person: FakePerson | None = None
        self._desk = desk
        self._hall = desk.hall
        self._write = write
        self._hang_up = hang_up
        self._gone = gone
        self._buffer = b""
        self._is_open = True

    # The network calls these.

    def received(self, data: bytes) -> None:
        """Take bytes of the client."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if line.strip() and self._is_open:
                self._line(line)

    def lost(self, reason: str = "connection lost") -> None:
        """The connection is gone."""
        if not self._is_open:
            return
        self._is_open = False
        self._gone(self)
        person, self.person = self.person, None
        if person is not None:
            self._hall.vanish(person, reason)

    # The hall calls these.

    def show(self, event: Fields) -> None:
        """Send an event."""
        if self._is_open:
            self._write(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\r\n")

    def close(self, code: str, text: str) -> None:
        """Say why, and end the connection."""
        if self._is_open and code != "exit":
            self.show({"event": "refused", "code": code, "text": text})
        if self._is_open:
            self.show({"event": "closing", "code": code, "text": text})
            self.lost()
            self._hang_up(False)

    def break_off(self) -> None:
        """End the connection at once, without a word: what is on its way is lost."""
        if self._is_open:
            self.lost()
            self._hang_up(True)

    # Inside.

    def _line(self, line: bytes) -> None:
        try:
            request = json.loads(line)
        except ValueError:
            request = None
        if not isinstance(request, dict):
            self.show({"event": "refused", "code": "bad-json", "text": "That line is not one JSON object."})
            return
        ref = {"ref": request["ref"]} if "ref" in request else {}
        try:
            self._answer(request, ref)
        except Refusal as refusal:
            words = {"code": refusal.code, "text": refusal.text, **refusal.fields}
            self.show({"event": "refused", **ref, **words})

    def _answer(self, request: Fields, ref: Fields) -> None:
        do = request.get("do")
        if not isinstance(do, str):
            raise Refusal("bad-json", 'A request says what to do: {"do": "say", "text": "hello"}.')
        do = ALIASES.get(do, do)
        prepared = self._desk.judged(do, request)
        if prepared is not None:
            self._tell(prepared, ref)
        elif do == "ping":
            self._tell(arguments("ping", request), ref)
        elif do == "exit":
            self._exit(ref, **arguments("exit", request))
        elif self.person is not None:
            self._tell(self._done(self.person, do, request), ref)
        elif do == "nick":
            self._welcome(request, ref)
        else:
            raise Refusal("no-nickname", 'Choose a nickname first: {"do": "nick", "nick": "…"}.')

    def _done(self, person: FakePerson, do: str, request: Fields) -> Fields:
        """Carry out a request of somebody who is in, once for each key; return the fields of the answer."""
        if do not in REQUESTS:
            raise Refusal("unknown-command", f"There is no command /{do} that a fake server knows; see `answer`.")
        if do == "nick":
            request = {name: value for name, value in request.items() if name in (*EVERYWHERE, *FIELDS["nick"])}
            _string(request, "nick")
        given = arguments(do, request)
        key = request.get("key")
        if key is not None and (not isinstance(key, str) or not 1 <= len(key) <= 64 or not key.isprintable()):
            raise Refusal("bad-json", "A key is a string of at most 64 printable characters.")
        if key is not None and key in person.keys:
            return {"id": person.keys[key]}
        answer = REQUESTS[do](self._hall, person, **given)
        if key is not None and "id" in answer:
            person.keys[key] = answer["id"]
        return answer

    def _tell(self, answer: Fields, ref: Fields) -> None:
        kind = "listed" if "items" in answer else "done"
        self.show({"event": kind, **ref, **answer})

    def _exit(self, ref: Fields, reason: str = "") -> None:
        nick = "" if self.person is None else self.person.nick
        self._tell({"text": f"Goodbye, {nick}." if nick else "Goodbye.", "room": ""}, ref)
        person, self.person = self.person, None
        if person is not None:
            self._hall.vanish(person, reason)
        self.close("exit", "You have left.")

    def _welcome(self, claim: Fields, ref: Fields) -> None:
        """Let somebody in, with the rooms they ask for, those they had, or the lobby."""
        check_claim(claim)
        hall, person = self._hall, self._claimed(claim, claim["nick"])
        is_new, was_here = person not in hall.people, person.is_here
        if is_new:
            hall.people.append(person)
        elif was_here:
            person.replace()
        person.is_quiet = claim.get("quiet") is True and not claim.get("rooms")
        person.is_program = claim.get("program") is True or claim.get("quiet") is True
        rooms, current = (["lobby"], "") if is_new else (person.rooms, person.room)
        if person.is_quiet or isinstance(claim.get("rooms"), list):
            rooms, current = [] if person.is_quiet else list(map(str, claim["rooms"])), ""
        person.show, person.replace = self.show, self._replace
        person.only_new = claim.get("since") == "head"
        person.preferences.clear()
        self.person = person
        hall.arrive(person, claim["nick"], rooms, current, was_here=was_here and not is_new)
        self._tell_where(person, ref)
        for event in self._missed(person, claim.get("since")):
            self.show(event)

    def _replace(self) -> None:
        """Give the person up to another connection."""
        if self.person is not None:
            self.person.position = self._hall.head
        self.person = None
        self.close("replaced", "You have joined again from elsewhere.")

    def _claimed(self, claim: Fields, nick: str) -> FakePerson:
        """Return who claims this nickname."""
        token = claim.get("token")
        known = next((one for one in self._hall.people if one.token == token), None) if token is not None else None
        if token is not None and known is None:
            raise Refusal("token-invalid", "This token is unknown or too old.")
        check_nick(self._hall, nick, known)
        if known is None:
            self._desk.check_password(nick, claim.get("password"))
        return known or FakePerson(nick, secrets.token_urlsafe(16))

    def _tell_where(self, person: FakePerson, ref: Fields) -> None:
        """Tell somebody who they are, and where."""
        self.show({
            "event": "welcome", **ref, "nick": person.nick, "room": person.room, "head": self._hall.head,
            "token": person.token, "position": person.position, "rooms": list(person.rooms), "version": "fake",
            "name": "fake", "features": list(FEATURES),
        })  # fmt: skip
        for room in sorted(person.rooms, key=lambda room: room == person.room):  # the current one last
            self.show(self._hall.entered(room))

    def _missed(self, person: FakePerson, since: object) -> list[Fields]:
        """Return what somebody who comes is sent of what was posted before."""
        if type(since) is int:
            return list(self._hall.replay(person, since))
        if since is None and person.rooms:
            return self._hall.earlier(lambda post: post.is_for(person), CONTEXT)
        return []


def _string(request: dict[str, Any], name: str) -> None:
    if not isinstance(request.get(name), str):
        raise Refusal("bad-json", f"This request needs a string as its {name}.")
