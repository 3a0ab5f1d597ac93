"""The log: one line for each event, whatever is in it."""

import json
from io import StringIO

from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat import logs as documented
from groupchat.daemon.log import log_lines as logs
from groupchat.daemon.log.streams import StreamOutput

EVIL = "x\r\n2026-01-01T00:00:00.000Z [forged#info] \x1b[31mred\x9b\u2028\u202e"


class LogsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.stream = StringIO()

    def logger(self, observer: logs.Observer) -> Logger:
        def timed(event: dict[str, object]) -> None:
            observer({**event, "log_time": 1795253720.1234})

        return Logger("groupchat.test", observer=timed)  # type: ignore[arg-type]

    def test_text(self) -> None:
        """A line has the time, the module, the level and the words."""
        self.logger(logs.text_observer(StreamOutput(self.stream))).info("{nick} left", nick="alice")
        self.assertEqual(self.stream.getvalue(), "2026-11-21T09:35:20.123Z [groupchat.test#info] alice left\n")

    def test_text_is_not_injectable(self) -> None:
        """Text of a stranger stays within its line, and moves no cursor."""
        self.logger(logs.text_observer(StreamOutput(self.stream))).info("{nick} left", nick=EVIL)
        (line,) = self.stream.getvalue().splitlines()
        self.assertTrue(line.isprintable())
        self.assertIn(r"x\r\n2026", line)

    def test_failures_in_text(self) -> None:
        """A traceback's lines are indented, its message too when it has several lines."""
        self.logger(logs.text_observer(StreamOutput(self.stream))).failure("Oh", Failure(ValueError(EVIL)))
        first, *rest = self.stream.getvalue().split("\n")
        self.assertIn("#critical] Oh", first)
        self.assertIn("\tTraceback", rest[0])
        self.assertTrue(all(line.startswith("\t") for line in rest[:-1]))
        self.assertTrue(all(line[1:].isprintable() for line in rest))

    def test_json(self) -> None:
        """An object has the event's own fields beside the words; what is no JSON comes as text."""
        self.logger(logs.json_observer(StreamOutput(self.stream))).emit(
            LogLevel.warn, "{nick}: {what}", nick=EVIL, what=(1,), seconds=2
        )
        (line,) = self.stream.getvalue().splitlines()
        self.assertTrue(line.isascii())
        self.assertEqual(
            json.loads(line),
            {
                "at": "2026-11-21T09:35:20.123Z", "level": "warn", "from": "groupchat.test", "text": f"{EVIL}: (1,)",
                "nick": EVIL, "what": "(1,)", "seconds": 2,
            },
        )  # fmt: skip

    def test_failures_in_json(self) -> None:
        """A failure's traceback is one field."""
        self.logger(logs.json_observer(StreamOutput(self.stream))).failure("Oh", Failure(ValueError("bad")))
        self.assertIn("ValueError: bad", json.loads(self.stream.getvalue())["traceback"])

    def test_backslash(self) -> None:
        """A backslash of a stranger cannot be taken for that of an escape."""
        self.logger(logs.text_observer(StreamOutput(self.stream))).info("{nick} left", nick=r"a\nb")
        self.assertIn(r"a\\nb left", self.stream.getvalue())

    def test_old_events(self) -> None:
        """Fields of the old log system are left out, and an event without a level is one of information."""
        event = {"log_time": 0.0, "log_format": "x", "isError": 0, "system": "-", "message": (), "time": 0.0}
        logs.json_observer(StreamOutput(self.stream))(event)
        expected = {"at": "1970-01-01T00:00:00.000Z", "level": "info", "from": "-", "text": "x"}
        self.assertEqual(json.loads(self.stream.getvalue()), expected)

    def test_own_names(self) -> None:
        """A field of the event cannot replace the time or the text."""
        self.logger(logs.json_observer(StreamOutput(self.stream))).info("{text}", text="x", at="never")
        found = json.loads(self.stream.getvalue())
        self.assertEqual((found["at"], found["text"]), ("2026-11-21T09:35:20.123Z", "x"))

    def test_documented_names(self) -> None:
        """The names that units and images give to ``--logger`` are there."""
        for name in ("json_lines", "text_lines"):
            self.assertIs(getattr(documented, name), getattr(logs, name))
            self.assertTrue(callable(getattr(documented, name)()))
