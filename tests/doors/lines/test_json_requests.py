"""Requests of programs are read, or refused."""

import json
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.lines.json_requests import obey
from groupchat.interfaces.screens import IScreen
from groupchat.model.claims import Claim
from groupchat.model.errors import Refusal
from groupchat.model.events import Ref
from tests.doors.fakes import FakeSession

LONGEST = 4096


def asked(line: str | bytes) -> Any:
    """The one call that this line leads to."""
    session = FakeSession(cast(Any, None))
    obey(cast(Any, session), line if isinstance(line, bytes) else line.encode(), 4, LONGEST)
    (call,) = session.calls
    return call


class RefusedSession(FakeSession):
    """Writes down what is told."""

    def __init__(self, screen: IScreen) -> None:
        super().__init__(screen)
        self.words: list[str] = []

    def refuse(self, refusal: Refusal, ref: Ref = None) -> None:
        self.words.append(str(refusal))


class RequestTest(SynchronousTestCase):
    def test_requests(self) -> None:
        """Each request becomes the call it asks for; fields of the program's own are left alone."""
        for line, call in (
            ('{"do":"nick","nick":"bot"}', ("offer", Claim("bot"), None)),
            (
                '{"do":"nick","nick":"bot","ref":1,"token":"t","since":0,"x-new":1}',
                ("offer", Claim("bot", "t", 0), 1),
            ),
            ('{"do":"nick","nick":"bot","since":"head"}', ("offer", Claim("bot", since="head"), None)),
            ('{"do":"nick","nick":"bot","password":"p"}', ("offer", Claim("bot", password="p"), None)),
            (
                '{"do":"nick","nick":"bot","password":"p","register":true,"code":"c"}',
                ("offer", Claim("bot", password="p", register=True, code="c"), None),
            ),
            (
                '{"do":"nick","nick":"bot","password":"p","login":true}',
                ("offer", Claim("bot", password="p", login=True), None),
            ),
            ('{"do":"nick","access":"gct_1"}', ("offer", Claim("", access="gct_1"), None)),
            ('{"do":"nick","nick":"bot","access":"gct_1"}', ("offer", Claim("bot", access="gct_1"), None)),
            ('{"do":"nick","nick":"bot","attended":true}', ("offer", Claim("bot", attended=True), None)),
            (
                '{"do":"nick","nick":"bot","rooms":["dev","lobby"],"quiet":true,"marks":true}',
                ("offer", Claim("bot", rooms=("dev", "lobby"), quiet=True, marks=True), None),
            ),
            ('{"do":"nick","nick":"bot","rooms":[]}', ("offer", Claim("bot", rooms=()), None)),
            ('{"do":"set","name":"echo"}', ("do", "set", {"remember": False, "name": "echo"}, None, None)),
            (
                '{"do":"set","name":"echo","remember":true}',
                ("do", "set", {"remember": True, "name": "echo"}, None, None),
            ),
            ('{"do":"say","text":"/exit"}', ("do", "say", {"text": "/exit"}, None, None)),
            ('{"do":"type","line":"/me hi","ref":1,"key":"k"}', ("type", "/me hi", 1, "k")),
            ('{"do":"type","line":"hi","room":"dev"}', ("type", "hi", None, None, "dev")),
            (
                '{"do":"say","text":"hi","ref":"x","key":"k","room":"dev"}',
                ("do", "say", {"text": "hi", "room": "dev"}, "x", "k"),
            ),
            ('{"do":"edit","id":104,"text":"t","ref":[3]}', ("do", "edit", {"id": 104, "text": "t"}, [3], None)),
            ('{"do":"me","text":"t","key":"k"}', ("do", "me", {"text": "t"}, None, "k")),
            ('{"do":"me","text":"t","x-a":[1],"x-":2}', ("do", "me", {"text": "t"}, None, None)),
            (' {"do":"who"} ', ("do", "who", {}, None, None)),
            ('{"do":"nick","nick":"bot","token":null,"since":null}', ("offer", Claim("bot"), None)),
        ):
            self.assertEqual(asked(line), call)

    def test_unreadable(self) -> None:
        """A line that is not one JSON object is refused, whatever is wrong with it."""
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

    def test_unknown_fields(self) -> None:
        """A field that a request does not take is refused, with the request's ref, and never ignored."""
        for line in (
            '{"do":"nick","nick":"bot","new":1,"ref":7}',
            '{"do":"type","line":"hi","rooms":"dev","ref":7}',
        ):
            self.assertEqual(asked(line), ("refuse", "bad-arguments", 7))

    def test_unknown_field_is_named(self) -> None:
        """The refusal names the field, and those that would be taken."""
        session = RefusedSession(cast(Any, None))
        obey(cast(Any, session), b'{"do":"type","line":"hi","rooms":"dev"}', 4, LONGEST)
        self.assertEqual(session.words, ["type has no field rooms; its fields: line, room."])

    def test_keys_are_text(self) -> None:
        """A key that no journal could keep, half a surrogate pair or a control character, is refused by the door."""
        for key in ("\\ud800", "a\\u0000b", "\\n"):
            line = '{"do":"say","text":"x","key":"%s","ref":7}' % key  # noqa: UP031
            self.assertEqual(asked(line), ("refuse", "bad-json", 7))

    def test_wrong_shape(self) -> None:
        """A request with fields of the wrong kind is refused with its ref."""
        for fields in (
            "",
            '"do":1,',
            '"do":null,',
            '"do":"type","line":1,',
            '"do":"type","line":"a","room":1,',
            '"do":"type","line":"a","key":1,',
            '"do":"say","text":"a","key":1,',
            '"do":"say","text":"a","key":"' + "k" * 65 + '",',
            '"do":"nick",',
            '"do":"nick","nick":["a"],',
            '"do":"nick","nick":"a","token":1,',
            '"do":"nick","nick":"a","rooms":"lobby",',
            '"do":"nick","nick":"a","rooms":[1],',
            '"do":"nick","nick":"a","quiet":1,',
            '"do":"nick","nick":"a","marks":"yes",',
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
        """Every line leads to one call and no exception, whatever it contains."""
        asked(line)

    def test_lengths(self) -> None:
        """A string that is longer than a line may be is refused with its field, whatever the field is for."""
        for name, field in (("say", "text"), ("type", "line"), ("nick", "nick"), ("frob", "x"), ("say", "frob")):
            for long in ("x" * (LONGEST + 1), "\u00e9" * (LONGEST // 2 + 1), "\\ud800" * (LONGEST // 3 + 1)):
                session = RefusedSession(cast(Any, None))
                obey(cast(Any, session), f'{{"do":"{name}","{field}":"{long}"}}'.encode(), 4, LONGEST)
                (words,) = session.words
                what = "A message" if field == "text" else field
                self.assertTrue(words.startswith(f"{what} has at most 4,096 bytes; this one has 4,09"), words)
        self.assertEqual(asked(f'{{"do":"say","text":"{"x" * LONGEST}"}}')[0], "do")
        self.assertEqual(asked(f'{{"do":"say","x-own":"{"x" * LONGEST}y","text":"hi"}}')[0], "do")

    def test_refs(self) -> None:
        """A ref is any JSON value of at most 256 characters; a longer one is refused, and does not come back."""
        for ref in ("null", "1", "-1.5", "true", '"a"', "[1,{}]", '"' + "x" * 256 + '"', str(2**64)):
            self.assertEqual(asked(f'{{"do":"ping","ref":{ref}}}'), ("do", "ping", {}, json.loads(ref), None))
        for ref in ('"' + "x" * 257 + '"', "[" + "1," * 128 + "1]", "9" * 300):
            self.assertEqual(asked(f'{{"do":"ping","ref":{ref}}}'), ("refuse", "bad-json", None))

    def test_charged(self) -> None:
        """A line that cannot be read costs as much as one that can."""
        for line in (b"\xff", b"[", b'{"do":"say","frob":1}', b'{"do":"nick","frob":1}', b"{}"):
            session = FakeSession(cast(Any, None))
            obey(cast(Any, session), line, 4, LONGEST)
            self.assertEqual(session.charged, 0.0 if session.calls[0][0] == "do" else 1.0)
