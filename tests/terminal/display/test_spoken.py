"""Events as sentences for a screen reader."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.stdio.phrases import Reader
from groupchat.terminal.display.spoken import sentence

KINDS = (
    "said", "acted", "whispered", "shared", "edited", "deleted", "topic-changed", "moderated", "joined", "left",
    "many-joined", "many-left", "renamed", "announced",
)  # fmt: skip


def spoken(event: str, **fields: Any) -> str | None:
    usual = {"id": 41, "room": "lobby", "nick": "bob", "text": "hi", "at": "2026-11-21T09:42:00.123Z"}
    return sentence({"event": event, **usual, **fields}, Reader("alice"), "lobby")


class SpokenTest(SynchronousTestCase):
    def test_messages(self) -> None:
        """Who says something, and to whom, is part of the sentence."""
        self.assertEqual(spoken("said"), "bob says: hi")
        self.assertEqual(spoken("said", nick="Alice"), "You say: hi")
        self.assertEqual(spoken("said", text="hi Alice"), "bob mentions you: hi Alice")
        self.assertEqual(spoken("acted", text="waves"), "bob, in action: bob waves")
        self.assertEqual(spoken("acted", nick="alice", text="waves"), "You, in action: alice waves")
        acted = spoken("acted", room="", to="alice", text="waves")
        self.assertEqual(acted, "bob, in action with you in private: bob waves")
        acted = spoken("acted", nick="alice", room="", to="bob", text="waves")
        self.assertEqual(acted, "You, in action with bob in private: alice waves")
        self.assertEqual(spoken("said", text="@all tea", all=True), "bob calls everybody: @all tea")
        self.assertEqual(spoken("whispered", room="", to="alice"), "bob tells you in private: hi")
        self.assertEqual(spoken("whispered", room="", nick="alice", to="bob"), "You tell bob in private: hi")

    def test_files(self) -> None:
        """Of a file the name, the size and the address are said, and who it is for."""
        cat: dict[str, Any] = {"name": "cat.jpg", "size": 512, "link": "/f/ID/cat.jpg"}
        self.assertEqual(spoken("shared", **cat), "bob shares the file cat.jpg, 512 bytes: /f/ID/cat.jpg")
        self.assertEqual(
            spoken("shared", **cat, room="", to="alice"),
            "bob shares the file cat.jpg, 512 bytes with you in private: /f/ID/cat.jpg",
        )
        self.assertEqual(
            spoken("shared", **cat, room="", nick="alice", to="bob"),
            "You share the file cat.jpg, 512 bytes with bob in private: /f/ID/cat.jpg",
        )

    def test_replies(self) -> None:
        """A reply says which message it answers, and whose that is."""
        self.assertEqual(spoken("said", reply=40, reply_nick="carol"), "bob says, in reply to carol's message 40: hi")
        self.assertEqual(spoken("said", reply=40, reply_nick="Alice"), "bob says, in reply to your message 40: hi")

    def test_several_lines(self) -> None:
        """Each further line is one of its own, which cannot be taken for another message."""
        self.assertEqual(spoken("said", text="hi\ncarol says: ho"), "bob says: hi\n  carol says: ho")

    def test_changes(self) -> None:
        """Changes are told with the number of the message, or the name of the room."""
        self.assertEqual(spoken("edited", target=40), "bob changed message 40 to: hi")
        self.assertEqual(spoken("deleted", target=40, nick="alice"), "You deleted message 40")
        self.assertEqual(spoken("topic-changed"), "bob set the topic of lobby to: hi")
        self.assertEqual(spoken("topic-changed", text=""), "bob set the topic of lobby to: nothing")
        self.assertEqual(spoken("renamed", new="robert"), "bob is now called robert")
        self.assertEqual(spoken("moderated", text="kicked eve", act="kick", target="eve"), "bob kicked eve")
        self.assertEqual(spoken("announced", room="", text="Soon."), "The server says: Soon.")

    def test_presence(self) -> None:
        """Of many people who join or leave at once the first three are named."""
        self.assertEqual(spoken("joined"), "bob joined lobby")
        self.assertEqual(spoken("left", reason="tea"), "bob left lobby: tea")
        self.assertEqual(spoken("left", reason=""), "bob left lobby")
        self.assertEqual(spoken("many-joined", nicks=["a", "b"]), "a and b joined lobby")
        nicks = [f"n{number}" for number in range(57)]
        self.assertEqual(
            spoken("many-left", nicks=nicks, reason="restart"), "n0, n1, n2 and 54 others left lobby: restart"
        )
        self.assertEqual(spoken("many-joined", nicks=["a", "b", "c"], others=4), "a, b, c and 4 others joined lobby")

    def test_elsewhere(self) -> None:
        """Events in another room begin with its name."""
        self.assertEqual(spoken("said", room="dev"), "In dev: bob says: hi")

    def test_nothing_for_people(self) -> None:
        """Events that are not for people, and those of the future, are not read out."""
        for event in ("typing", "entered", "away-changed", "of-the-future"):
            self.assertIsNone(spoken(event))

    @given(st.sampled_from(KINDS), st.dictionaries(
        st.sampled_from(["room", "nick", "text", "to", "target", "reason", "nicks", "new", "others"]),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=8),
    ))  # fmt: skip
    def test_anything(self, kind: str, fields: dict[str, object]) -> None:
        """Whatever a server sends, the sentence is one line of printable text."""
        said = sentence({"event": kind, **fields}, Reader("alice"), "lobby")
        self.assertIsNotNone(said)
        self.assertTrue(all(ord(char) >= 32 and not 127 <= ord(char) < 160 for char in said or ""))
