"""The text connection: when it may speak, and what it makes of what it hears."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import IPushProducer
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.programs.conversation import Conversation

CHAT = (
    "groupchat 1.0 at here: 0 people are here.\r\nChoose your nickname: "
    "!! nick-taken: Taken.\r\nChoose your nickname: Connected to the server! You are al, in lobby.\r\n"
    "[09:41:02] #1 bob: h\u00e9 \U0001f60a\r\n-- Goodbye, al.\r\n"
).encode()


class Person:
    """Notes what the conversation tells."""

    def __init__(self) -> None:
        self.text = ""
        self.told: list[object] = []

    def shown(self, text: str) -> None:
        self.text += text

    def prompted(self, what: str) -> None:
        self.told.append(what)

    def turned_away(self, sentence: str) -> None:
        self.told.append(sentence)

    def writable(self) -> None:
        self.told.append("writable")

    def closed(self, expected: bool, reason: str) -> None:
        self.told.append((expected, reason))


class TCPTransport(StringTransport):
    def setTcpKeepAlive(self, enabled: bool) -> None:
        pass

    def setTcpNoDelay(self, enabled: bool) -> None:
        pass


class Conversing(SynchronousTestCase):
    def setUp(self) -> None:
        self.open()

    def open(self, split: bool = False) -> None:
        self.person = Person()
        self.conversation = Conversation(self.person, split)
        self.transport = TCPTransport()
        self.conversation.makeConnection(self.transport)

    def test_honest(self) -> None:
        """It is the push producer it says it is."""
        verifyObject(IPushProducer, self.conversation)

    @given(st.lists(st.integers(1, len(CHAT)), max_size=20), st.booleans())
    def test_cut_anywhere(self, cuts: list[int], split: bool) -> None:
        """Wherever the bytes are cut, the same is shown and told, once."""
        self.open(split)
        edges = sorted({0, len(CHAT), *cuts})
        for start, end in pairwise(edges):
            # As a person would: one answer to each prompt.
            if self.conversation.ready and "writable" not in self.person.told:
                self.conversation.send(b"al")
            self.conversation.dataReceived(CHAT[start:end])
        expected = CHAT.decode().replace("\r", "")
        if split:
            expected = expected.replace("nickname: ", "nickname: \n")
        self.assertEqual(self.person.text, expected)
        self.assertEqual([told for told in self.person.told if told == "nickname"], ["nickname"] * 2)
        self.assertEqual(self.person.told.count("writable"), 1)

    def test_one_line_for_each_prompt(self) -> None:
        """Before one is in, one line may be sent for each prompt; afterwards any number."""
        self.assertFalse(self.conversation.ready)
        self.conversation.dataReceived(b"Choose your nickname: ")
        self.assertTrue(self.conversation.ready)
        self.conversation.send(b"al")
        self.assertFalse(self.conversation.ready)
        self.conversation.dataReceived(b"Connected to the server! You are al.\r\n")
        self.assertTrue(self.conversation.ready)
        self.conversation.send(b"hello")
        self.assertTrue(self.conversation.ready)
        self.assertEqual(self.transport.value(), b"al\nhello\n")

    def test_turned_away(self) -> None:
        """A refusal counts as one of the nickname only when one was sent."""
        self.conversation.dataReceived(b"!! server-full: Later.\r\n")
        self.assertEqual(self.person.told, [])
        self.conversation.dataReceived(b"Choose your nickname: ")
        self.conversation.send(b"al")
        self.conversation.dataReceived(b"!! nick-taken: Taken.\r\n")
        self.assertEqual(self.person.told, ["nickname", "nick-taken: Taken."])

    def test_prompts_are_no_chat(self) -> None:
        """Once one is in, a line that looks like a prompt is none."""
        self.conversation.dataReceived(b"Connected to the server!\r\nPassword: ")
        self.assertEqual(self.person.told, ["writable"])

    def test_leaving(self) -> None:
        """After /exit nothing more is sent, and the end was expected."""
        self.conversation.dataReceived(b"Connected to the server!\r\n")
        self.conversation.send(b" /EXIT ")
        self.conversation.leave()
        self.assertFalse(self.conversation.ready)
        self.assertEqual(self.transport.value(), b" /EXIT \n")
        self.conversation.connectionLost()
        self.assertEqual(self.person.told[-1], (True, ""))

    def test_cut_off(self) -> None:
        """The server's last refusal is why the connection ended, when nothing came after it."""
        self.conversation.dataReceived(b"Connected to the server!\r\n!! x: y\r\n[1] #1 b: z\r\n!! too-slow: Read.\r\n")
        self.conversation.connectionLost()
        self.assertEqual(self.person.told[-1], (False, "too-slow: Read."))

    def test_choked(self) -> None:
        """While the server does not read, no line may be sent."""
        self.conversation.dataReceived(b"Connected to the server!\r\n")
        self.conversation.pauseProducing()
        self.assertFalse(self.conversation.ready)
        self.conversation.resumeProducing()
        self.assertTrue(self.conversation.ready)
        self.assertEqual(self.person.told, ["writable", "writable"])
