"""Programs are shown one object a line."""

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from types import FrameType, MappingProxyType
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.lines.json_style import json_style
from groupchat.model import events
from groupchat.model.preferences import Preferences
from tests.doors.style_contract import HOSTILE, NUMBERS, TIMES, StyleContract

AT = datetime(2026, 11, 21, 9, 42, 0, 123000, UTC).timestamp()
MANY = tuple(f"nick{number}" for number in range(57))
SAID = events.Said(105, "lobby", "alice", AT, "thanks")


def shown(event: events.Event, **preferences: Any) -> Any:
    (rendered,) = json_style(Preferences(**preferences)).render([event], [0], True)
    return json.loads(rendered) if rendered else None


def answered(answer: events.Answer, ref: Any = None) -> Any:
    rendered = json_style(Preferences()).answer(answer, ref, "lobby")
    return json.loads(rendered) if rendered else None


class JsonStyleTests(StyleContract, SynchronousTestCase):
    def make(self, preferences: Preferences) -> Any:
        return json_style(preferences)

    def test_said(self) -> None:
        """A message looks exactly as the protocol shows it, without the spaces."""
        (rendered,) = json_style(Preferences()).render([SAID], [0], False)
        self.assertEqual(
            rendered,
            b'{"event":"said","id":105,"room":"lobby","nick":"alice","text":"thanks",'
            b'"at":"2026-11-21T09:42:00.123Z"}\r\n',
        )

    def test_every_event(self) -> None:
        """Each event has its class's name in kebab-case, and all its fields."""
        at = "2026-11-21T09:42:00.123Z"
        for event, name, fields in (
            (events.Acted(1, "r", "a", AT, "t"), "acted", {"id": 1, "room": "r", "nick": "a", "text": "t"}),
            (
                events.Acted(1, "", "a", AT, "t", to="b"),
                "acted",
                {"id": 1, "room": "", "nick": "a", "to": "b", "text": "t"},
            ),
            (
                events.Said(1, "r", "a", AT, "t", all=True),
                "said",
                {"id": 1, "room": "r", "nick": "a", "text": "t", "all": True},
            ),
            (
                events.Edited(1, "r", "a", AT, 1, "t", all=True, acted=True),
                "edited",
                {"id": 1, "target": 1, "room": "r", "nick": "a", "to": "", "text": "t", "all": True, "acted": True},
            ),
            (
                events.Whispered(1, "", "a", AT, "b", "t"),
                "whispered",
                {"id": 1, "room": "", "nick": "a", "to": "b", "text": "t"},
            ),
            (
                events.Shared(1, "r", "a", AT, "cat.jpg", 5, "image/jpeg", "/f/ID/cat.jpg"),
                "shared",
                {
                    "id": 1,
                    "room": "r",
                    "nick": "a",
                    "name": "cat.jpg",
                    "size": 5,
                    "type": "image/jpeg",
                    "link": "/f/ID/cat.jpg",
                },
            ),
            (
                events.Shared(2, "", "a", AT, "cat.jpg", 0, "image/jpeg", "/f/ID/cat.jpg", "b", 1, "b"),
                "shared",
                {
                    "id": 2,
                    "room": "",
                    "nick": "a",
                    "to": "b",
                    "reply": 1,
                    "reply_nick": "b",
                    "name": "cat.jpg",
                    "size": 0,
                    "type": "image/jpeg",
                    "link": "/f/ID/cat.jpg",
                },
            ),
            (
                events.Edited(2, "r", "a", AT, 1, "t"),
                "edited",
                {"id": 2, "target": 1, "room": "r", "nick": "a", "to": "", "text": "t"},
            ),
            (
                events.Deleted(2, "r", "a", AT, 1),
                "deleted",
                {"id": 2, "target": 1, "room": "r", "nick": "a", "to": ""},
            ),
            (
                events.TopicChanged(1, "r", "a", AT, "t"),
                "topic-changed",
                {"id": 1, "room": "r", "nick": "a", "text": "t"},
            ),
            (
                events.Moderated(1, "r", "a", AT, "banned bob", "ban", "bob", AT, "spam"),
                "moderated",
                {
                    "id": 1,
                    "room": "r",
                    "nick": "a",
                    "text": "banned bob",
                    "act": "ban",
                    "target": "bob",
                    "until": at,
                    "reason": "spam",
                },
            ),
            (
                events.Moderated(1, "r", "a", AT, "made bob an operator"),
                "moderated",
                {
                    "id": 1,
                    "room": "r",
                    "nick": "a",
                    "text": "made bob an operator",
                    "act": "",
                    "target": "",
                    "until": None,
                    "reason": "",
                },
            ),
            (events.Joined("r", "a", AT), "joined", {"room": "r", "nick": "a"}),
            (events.Joined("r", "a", AT, "Alice"), "joined", {"room": "r", "nick": "a", "account": "Alice"}),
            (events.Left("r", "a", AT, "why"), "left", {"room": "r", "nick": "a", "reason": "why", "gone": False}),
            (events.Left("r", "a", AT, "", True), "left", {"room": "r", "nick": "a", "reason": "", "gone": True}),
            (
                events.AwayChanged("r", "a", AT, True, "tea"),
                "away-changed",
                {"room": "r", "nick": "a", "away": True, "text": "tea"},
            ),
            (events.ManyJoined("r", MANY, AT), "many-joined", {"room": "r", "nicks": list(MANY)}),
            (
                events.ManyJoined("r", MANY, AT, MANY[:2]),
                "many-joined",
                {"room": "r", "nicks": list(MANY), "accounts": list(MANY[:2])},
            ),
            (
                events.ManyLeft("r", MANY, AT, "stopping", True),
                "many-left",
                {"room": "r", "nicks": list(MANY), "reason": "stopping", "gone": True},
            ),
            (events.ProgramJoined("r", "a", AT), "program-joined", {"room": "r", "nick": "a"}),
            (
                events.ProgramLeft("r", "a", AT, "", True),
                "program-left",
                {"room": "r", "nick": "a", "reason": "", "gone": True},
            ),
            (events.ManyProgramsJoined("r", MANY, AT), "many-programs-joined", {"room": "r", "nicks": list(MANY)}),
            (
                events.ManyProgramsLeft("r", MANY, AT, "", True),
                "many-programs-left",
                {"room": "r", "nicks": list(MANY), "reason": "", "gone": True},
            ),
            (events.Renamed("r", "a", AT, "b"), "renamed", {"room": "r", "nick": "a", "new": "b"}),
            (events.Typing("r", "a", AT), "typing", {"room": "r", "nick": "a", "active": True}),
            (events.Announced("t", AT), "announced", {"text": "t"}),
            (events.HistoryErased(7, AT), "history-erased", {"upto": 7}),
        ):
            self.assertEqual(shown(event), {"event": name, **fields, "at": at})

    def test_every_answer(self) -> None:
        """Each answer has its name, the ref of its request, and its fields."""
        item, at = {"nick": "alice"}, "2026-11-21T09:42:00.123Z"
        post = {
            "event": "said",
            "id": 105,
            "room": "lobby",
            "nick": "alice",
            "text": "thanks",
            "at": "2026-11-21T09:42:00.123Z",
        }
        for answer, fields in (
            (
                events.Welcomed("bot", "lobby", 103, "token", 7, ("dev", "lobby"), "Bot", "1.0", "x", ("quiet",)),
                {
                    "event": "welcome",
                    "nick": "bot",
                    "room": "lobby",
                    "head": 103,
                    "token": "token",
                    "position": 7,
                    "rooms": ["dev", "lobby"],
                    "version": "1.0",
                    "name": "x",
                    "features": ["quiet"],
                    "account": "Bot",
                },
            ),
            (
                events.Entered("dev", "plans", ({"nick": "bob", "operator": True},)),
                {
                    "event": "entered",
                    "room": "dev",
                    "topic": "plans",
                    "people": [{"nick": "bob", "operator": True}],
                },
            ),
            (events.Entered("dev", ""), {"event": "entered", "room": "dev", "topic": ""}),
            (
                events.Entered("dev", "", None, True),
                {"event": "entered", "room": "dev", "topic": "", "locked": True},
            ),
            (
                events.Told(("rita invites you",), {"invited": "dev", "by": "rita"}),
                {"event": "done", "text": "rita invites you", "invited": "dev", "by": "rita"},
            ),
            (
                events.Departed("dev", "spam", "kicked", "lobby"),
                {"event": "departed", "room": "dev", "reason": "spam", "code": "kicked", "current": "lobby"},
            ),
            (
                events.Done(text="zone is now utc.", fields={"name": "zone", "value": "utc"}),
                {"event": "done", "text": "zone is now utc.", "room": "lobby", "name": "zone", "value": "utc"},
            ),
            (events.Done(fields={"name": "zone"}), {"event": "done", "name": "zone"}),
            (events.Done(104), {"event": "done", "id": 104}),
            (
                events.Entered("dev", "", (item,), programs=({"nick": "ci"},)),
                {"event": "entered", "room": "dev", "topic": "", "people": [item], "programs": [{"nick": "ci"}]},
            ),
            (
                events.Entered("dev", "", (item,), followers=({"nick": "mia"},), unnamed=2),
                {
                    "event": "entered",
                    "room": "dev",
                    "topic": "",
                    "people": [item],
                    "followers": [{"nick": "mia"}],
                    "unnamed": 2,
                },
            ),
            (events.MarkedRead("dev", "", 105, AT), {"event": "read", "room": "dev", "upto": 105, "at": at}),
            (
                events.MarkedRead("", "bob", 105, AT),
                {"event": "read", "room": "", "nick": "bob", "upto": 105, "at": at},
            ),
            (
                events.Listed("unread", (), (), upto=105),
                {"event": "listed", "what": "unread", "items": [], "upto": 105, "text": ""},
            ),
            (events.Done(text="Goodbye."), {"event": "done", "text": "Goodbye.", "room": "lobby"}),
            (events.Refused("nick-taken", "No."), {"event": "refused", "code": "nick-taken", "text": "No."}),
            (
                events.Refused("slow-mode", "No.", 2.1),
                {"event": "refused", "code": "slow-mode", "text": "No.", "wait": 3},
            ),
            (events.Told(("one", "two")), {"event": "done", "text": "one\ntwo"}),
            (
                events.Listed("people", ("alice",), (item,)),
                {"event": "listed", "what": "people", "items": [item], "text": "alice"},
            ),
            (
                events.Replayed("history", "1 message:", (SAID,), "end", AT),
                {"event": "listed", "what": "history", "items": [post], "heading": "1 message:", "ending": "end"},
            ),
        ):
            for ref in (1, "x", [None, {"a": 1.5}], 0, False, ""):
                self.assertEqual(answered(answer, ref), {**fields, "ref": ref})
            self.assertEqual(answered(answer), fields)

    def test_next_page(self) -> None:
        """A page of history that was not the last says how to go on."""
        page = events.Replayed("history", "h", (), "e", AT, 41)
        fields = {"event": "listed", "what": "history", "items": [], "heading": "h", "ending": "e", "next": 41}
        self.assertEqual(answered(page), fields)

    def test_not_for_programs(self) -> None:
        """A greeting and a prompt are nothing to a program."""
        self.assertIsNone(answered(events.Greeted("1.0", "x", 3, "motd")))
        self.assertIsNone(answered(events.Asked("nickname")))

    def test_replay_on_joining(self) -> None:
        """Earlier messages come as ordinary events."""
        rendered = json_style(Preferences()).answer(events.Replayed("join", "h", (SAID, SAID), "e", AT), 1, "lobby")
        self.assertEqual(rendered, b"".join(json_style(Preferences()).render([SAID, SAID], [0, 0], False)))

    @given(st.integers(1, 2**53), st.none() | st.integers(-(2**63), 2**63) | st.text() | st.sampled_from([True, False]))
    def test_done(self, id: int, ref: Any) -> None:
        """The answer to most requests is written in a shorter way, and is the same."""
        rendered = json_style(Preferences()).answer(events.Done(id), ref, "lobby")
        carried = {} if ref is None else {"ref": ref}
        # With a text it is written in the long way.
        other = json_style(Preferences()).answer(events.Done(id, "x"), ref, "lobby")
        self.assertEqual(rendered, other.replace(b',"text":"x","room":"lobby"', b""))
        self.assertEqual(json.loads(rendered), {"event": "done", **carried, "id": id})

    def test_closing(self) -> None:
        """The last line has the code, and a sentence whatever the code is."""
        for code in ("exit", "replaced", "stopping", "kicked", "whatever"):
            closing = answered(events.Closing(code))
            self.assertEqual((closing["event"], closing["code"]), ("closing", code))
            self.assertTrue(closing["text"].endswith("."))

    def test_what_a_welcome_leaves_out(self) -> None:
        """A guest's welcome has no account, and none has a message of the day unless there is one."""
        plain = answered(events.Welcomed("bot", "lobby", 0, "token"))
        self.assertEqual({"account", "motd"} & set(plain), set())
        full = answered(events.Welcomed("bot", "lobby", 0, "token", account="bot", motd="Be kind.\nAlways."))
        self.assertEqual((full["account"], full["motd"]), ("bot", "Be kind.\nAlways."))

    def test_facts(self) -> None:
        """The core is told that programs come back with a token, and want no sentence for an empty list."""
        style = json_style(Preferences())
        self.assertEqual((style.door, style.resumes, style.attended, style.prose), ("json", True, False, False))

    def test_any_mapping(self) -> None:
        """Items and fields need not be dictionaries."""
        item = MappingProxyType({"nick": "bob"})
        self.assertEqual(answered(events.Listed("people", (), (item,)))["items"], [{"nick": "bob"}])
        self.assertEqual(answered(events.Entered("dev", "", (item,)))["people"], [{"nick": "bob"}])

    def test_joins_off(self) -> None:
        """A program that prefers no presence is shown none."""
        self.assertIsNone(shown(events.Joined("r", "a", AT), joins="off"))
        self.assertIsNone(shown(events.ManyLeft("r", ("a",), AT), joins="off"))
        self.assertIsNone(shown(events.AwayChanged("r", "a", AT, True), joins="off"))

    def test_echoes(self) -> None:
        """A program's own posts come back only if it likes them to."""
        self.assertFalse(json_style(Preferences()).echoes(SAID))
        self.assertTrue(json_style(Preferences(echo=True)).echoes(SAID))

    @given(HOSTILE)
    def test_text_arrives_as_said(self, text: str) -> None:
        """Every text comes out of the line as it was put in."""
        self.assertEqual(shown(events.Said(1, "r", "a", AT, text))["text"], text)

    @given(st.lists(st.builds(events.Said, NUMBERS, *[HOSTILE] * 2, TIMES, HOSTILE, NUMBERS, HOSTILE, st.booleans())))
    @example([events.Said(1, "r", "a", AT, "a\x7f")])
    @example([events.Said(1, "r", "é", AT, "\x9b", reply=0, reply_nick="b", all=True)])
    def test_messages_are_written_like_everything(self, said: list[events.Said]) -> None:
        """A message is byte for byte what the encoder of all other things makes of it."""
        style = json_style(Preferences())
        lines = style.render(said, [0] * len(said), False)
        listed = style.answer(events.Replayed("history", "", tuple(said), "", 0.0), None, "r")
        objects = b",".join(line.removesuffix(b"\r\n") for line in lines)
        self.assertIn(b'"items":[%b],' % objects, listed)

    def test_no_encoder_for_messages(self) -> None:
        """A message takes three functions, and its second is written once."""
        calls: list[str] = []

        def note(frame: FrameType, event: str, argument: object) -> None:
            # Python 3.12 has no functions for comprehensions; others may look on when garbage is searched for.
            if event == "call" and frame.f_code.co_name != "<listcomp>" and "groupchat" in frame.f_globals["__name__"]:
                calls.append(frame.f_code.co_name)

        style = json_style(Preferences())
        said = [events.Said(number, "r", "a", AT + number / 1000, "hello 👍") for number in range(64)]
        style.render(said[:1], [0], False)
        sys.setprofile(note)
        try:
            style.render(said, [0] * 64, False)
        finally:
            sys.setprofile(None)
        self.assertEqual(Counter(calls), {"render": 1, "_said": 64, "_safe": 64, "iso": 64})

    def test_utf8(self) -> None:
        """Letters and emoji are UTF-8; what could harm is escaped."""
        (rendered,) = json_style(Preferences()).render(
            [events.Said(1, "r", "a", AT, "é😊\x9b\u2028\ud800")], [0], False
        )
        self.assertIn('"text":"é😊\\u009b\\u2028\\ud800"'.encode(), rendered)
