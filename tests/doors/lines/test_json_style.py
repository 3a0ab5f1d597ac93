"""How programs are shown things, and how what they ask is read."""

import json
from datetime import UTC, datetime
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.lines.json_requests import obey
from groupchat.doors.lines.json_style import json_style
from groupchat.model import events
from groupchat.model.claims import Claim
from groupchat.model.preferences import Preferences
from tests.doors.fakes import FakeSession
from tests.doors.style_contract import HOSTILE, StyleContract

AT = datetime(2026, 11, 21, 9, 42, 0, 123000, UTC).timestamp()
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
        """What is said looks exactly as the protocol shows it, without the spaces."""
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
                events.Whispered(1, "", "a", AT, "b", "t"),
                "whispered",
                {"id": 1, "room": "", "nick": "a", "to": "b", "text": "t"},
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
            (events.Joined("r", "a", AT), "joined", {"room": "r", "nick": "a"}),
            (events.Left("r", "a", AT, "why"), "left", {"room": "r", "nick": "a", "reason": "why"}),
            (
                events.ManyJoined("r", ("a", "b"), AT),
                "many-joined",
                {"room": "r", "nicks": ["a", "b"]},
            ),
            (events.ManyLeft("r", ("a", "b"), AT), "many-left", {"room": "r", "nicks": ["a", "b"]}),
            (events.Renamed("r", "a", AT, "b"), "renamed", {"room": "r", "nick": "a", "new": "b"}),
            (events.Typing("r", "a", AT), "typing", {"room": "r", "nick": "a", "active": True}),
            (events.Announced("t", AT), "announced", {"text": "t"}),
        ):
            self.assertEqual(shown(event), {"event": name, **fields, "at": at})

    def test_every_answer(self) -> None:
        """Each answer has its name, the ref of its request, and its fields."""
        item = {"nick": "alice"}
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
                events.Welcomed("bot", "lobby", 103, "token", 7),
                {"event": "welcome", "nick": "bot", "room": "lobby", "head": 103, "token": "token", "position": 7},
            ),
            (events.Done(104), {"event": "done", "id": 104}),
            (events.Done(text="Goodbye."), {"event": "done", "text": "Goodbye.", "room": "lobby"}),
            (events.Refused("nick-taken", "No."), {"event": "refused", "code": "nick-taken", "text": "No."}),
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

    def test_not_for_programs(self) -> None:
        """A greeting and a prompt are nothing to a program."""
        self.assertIsNone(answered(events.Greeted("1.0", "x", 3, "motd")))
        self.assertIsNone(answered(events.Asked("nickname")))

    def test_replay_on_joining(self) -> None:
        """What was said before comes as ordinary events."""
        rendered = json_style(Preferences()).answer(events.Replayed("join", "h", (SAID, SAID), "e", AT), 1, "lobby")
        self.assertEqual(rendered, b"".join(json_style(Preferences()).render([SAID, SAID], [0, 0], False)))

    def test_joins_off(self) -> None:
        """A program that does not care for comings and goings is shown none."""
        self.assertIsNone(shown(events.Joined("r", "a", AT), joins=False))
        self.assertIsNone(shown(events.ManyLeft("r", ("a",), AT), joins=False))

    def test_echoes(self) -> None:
        """A program's own posts come back only if it likes them to."""
        self.assertFalse(json_style(Preferences()).echoes(SAID))
        self.assertTrue(json_style(Preferences(echo=True)).echoes(SAID))

    @given(HOSTILE)
    def test_text_arrives_as_said(self, text: str) -> None:
        """Every text comes out of the line as it was put in."""
        self.assertEqual(shown(events.Said(1, "r", "a", AT, text))["text"], text)

    def test_utf8(self) -> None:
        """Letters and emoji are UTF-8; what could harm is escaped."""
        (rendered,) = json_style(Preferences()).render(
            [events.Said(1, "r", "a", AT, "é😊\x9b\u2028\ud800")], [0], False
        )
        self.assertIn('"text":"é😊\\u009b\\u2028\\ud800"'.encode(), rendered)


def asked(line: str | bytes) -> Any:
    """The one call that this line leads to."""
    session = FakeSession(cast(Any, None), "json")
    obey(cast(Any, session), line if isinstance(line, bytes) else line.encode(), 4)
    (call,) = session.calls
    return call


class RequestTests(SynchronousTestCase):
    def test_requests(self) -> None:
        """Each request becomes the call it asks for; fields that are unknown there are left alone."""
        for line, call in (
            ('{"do":"nick","nick":"bot"}', ("offer", Claim("bot"), None)),
            (
                '{"do":"nick","nick":"bot","ref":1,"token":"t","since":0,"new":1}',
                ("offer", Claim("bot", "t", 0), 1),
            ),
            ('{"do":"nick","nick":"bot","since":"head"}', ("offer", Claim("bot", since="head"), None)),
            ('{"do":"nick","nick":"bot","password":"p"}', ("offer", Claim("bot", password="p"), None)),
            (
                '{"do":"nick","nick":"bot","password":"p","register":true,"code":"c"}',
                ("offer", Claim("bot", password="p", register=True, code="c"), None),
            ),
            ('{"do":"nick","nick":"bot","attended":true}', ("offer", Claim("bot", attended=True), None)),
            ('{"do":"set","name":"echo"}', ("do", "set", {"remember": False, "name": "echo"}, None, None)),
            (
                '{"do":"set","name":"echo","remember":true}',
                ("do", "set", {"remember": True, "name": "echo"}, None, None),
            ),
            ('{"do":"say","text":"/exit"}', ("say", "/exit", None, None, "")),
            ('{"do":"type","line":"/me hi","ref":1,"key":"k"}', ("type", "/me hi", 1, "k")),
            ('{"do":"say","text":"hi","ref":"x","key":"k","room":"dev"}', ("say", "hi", "x", "k", "dev")),
            ('{"do":"edit","id":104,"text":"t","ref":[3]}', ("do", "edit", {"id": 104, "text": "t"}, [3], None)),
            ('{"do":"me","text":"t","key":"k"}', ("do", "me", {"text": "t", "key": "k"}, None, "k")),
            (' {"do":"who"} ', ("do", "who", {}, None, None)),
            ('{"do":"nick","nick":"bot","token":null,"since":null}', ("offer", Claim("bot"), None)),
        ):
            self.assertEqual(asked(line), call)

    def test_unreadable(self) -> None:
        """What is not one JSON object is refused, whatever is wrong with it."""
        for line in (
            "",
            "hello",
            "{",
            "[]",
            '"do"',
            "1",
            "null",
            "{} {}",
            '{"do":"say","text":"a","text":"b"}',
            '{"do":"who","x":NaN}',
            '{"do":"who","x":-Infinity}',
            '{"do":"who","x":1e999}',
            '{"do":"who","x":' + "9" * 5000 + "}",
            '{"do":"who","x":[[[[]]]]}',
            '{"x":' * 5000,
            "[" * 100_000,
            '{"do":"say","text":"a\nb"}',
            '{"do":"say","text":"\x1b"}',
        ):
            self.assertEqual(asked(line), ("refuse", "bad-json", None))

    def test_depth(self) -> None:
        """Nesting up to the limit is taken."""
        self.assertEqual(asked('{"do":"who","x":[[{}]]}'), ("do", "who", {"x": [[{}]]}, None, None))
        self.assertEqual(asked('{"do":"who","x":"[[[[[[{{{{"}')[0], "do")

    def test_wrong_shape(self) -> None:
        """A request with fields of the wrong kind is refused with its ref."""
        for fields in (
            "",
            '"do":1,',
            '"do":null,',
            '"do":"say",',
            '"do":"say","text":1,',
            '"do":"type","line":1,',
            '"do":"type","line":"a","key":1,',
            '"do":"say","text":"a","key":1,',
            '"do":"say","text":"a","key":"' + "k" * 65 + '",',
            '"do":"say","text":"a","room":[],',
            '"do":"nick",',
            '"do":"nick","nick":["a"],',
            '"do":"nick","nick":"a","token":1,',
            '"do":"nick","nick":"a","since":-1,',
            '"do":"nick","nick":"a","since":true,',
            '"do":"nick","nick":"a","since":1.0,',
            '"do":"nick","nick":"a","since":"41",',
            '"do":"nick","nick":"a","since":9223372036854775808,',
        ):
            self.assertEqual(asked(f'{{{fields}"ref":7}}'), ("refuse", "bad-json", 7))

    def test_not_utf8(self) -> None:
        """A line that is not UTF-8 is refused as such."""
        self.assertEqual(asked(b'{"do":"say","text":"\xff"}'), ("refuse", "not-utf8", None))

    @given(st.binary(max_size=40) | st.text('{}[]",:dosay\\u18eE-.0', max_size=40).map(str.encode))
    def test_anything(self, line: bytes) -> None:
        """Whatever a line contains, there is one call and no exception."""
        asked(line)
