"""People are shown readable lines."""

import gc
from datetime import UTC, datetime
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.lines.text_style import TextStyle, text_style
from groupchat.model import events
from groupchat.model.errors import BadArguments
from groupchat.model.preferences import Preferences
from tests.doors.style_contract import StyleContract

AT = datetime(2026, 11, 21, 9, 42, tzinfo=UTC).timestamp()
DAY = 86400.0


def shown(event: events.Event, marked: bool = False, previous: float = AT, **preferences: object) -> str:
    """One event's line, in UTC."""
    style = TextStyle(Preferences(**preferences), UTC)  # type: ignore[arg-type]
    (rendered,) = style.render([event], [previous], marked)
    return rendered.decode()


def answered(answer: events.Answer, current: str = "lobby") -> str:
    return TextStyle(Preferences(), UTC).answer(answer, None, current).decode()


SAID = events.Said(103, "lobby", "alice", AT, "Hello everyone! 😊")


class TextStyleTests(StyleContract, SynchronousTestCase):
    def make(self, preferences: Preferences) -> Any:
        return text_style(preferences, "UTC")


class LineTests(SynchronousTestCase):
    def test_link(self) -> None:
        """The link of a file begins with where the reader reaches the server; readers of one place share a style."""
        event = events.Shared(48, "lobby", "alice", AT, "cat.jpg", 1, "image/jpeg", "/f/ID/cat.jpg")
        style = text_style(Preferences(time="off"), "UTC", base="http://192.0.2.1:5000")
        self.assertEqual(
            style.render([event], [AT], False),
            [b"#48 alice shared cat.jpg (1 byte): http://192.0.2.1:5000/f/ID/cat.jpg\r\n"],
        )
        self.assertIs(style, text_style(Preferences(time="off"), "UTC", base="http://192.0.2.1:5000"))
        self.assertIsNot(style, text_style(Preferences(time="off"), "UTC"))

    def test_code(self) -> None:
        """Lines of code are broken only where a row is full, and keep their blanks; other lines between words."""
        words = "so\n```\nif x  ==  1 and yy == 2:\n```\nor so it seems to me"
        (row,) = text_style(Preferences(time="off", width="30")).render(
            [events.Said(7, "lobby", "al", AT, words)], [AT], False
        )
        self.assertEqual(
            row.decode().split("\r\n"),
            [
                "#7 al: so", "           | ```", "           | if x  ==  1 and y", "           | y == 2:",
                "           | ```", "           | or so it seems to", "           | me", "",
            ],
        )  # fmt: skip

    def test_every_event(self) -> None:
        """Each event has exactly the line that the protocol gives it."""
        for event, line in (
            (SAID, "#103 alice: Hello everyone! 😊"),
            (events.Acted(42, "lobby", "alice", AT, "waves"), "#42 * alice waves"),
            (events.Acted(42, "", "alice", AT, "waves", to="bob"), "#42 * alice -> bob waves"),
            (events.Edited(42, "lobby", "alice", AT, 42, "nods", acted=True), "#42 * alice (edited) nods"),
            (
                events.Edited(42, "", "alice", AT, 42, "nods", "bob", 41, "bob", acted=True),
                "#42 * alice -> bob (re #41 bob) (edited) nods",
            ),
            (events.Whispered(43, "", "alice", AT, "bob", "text"), "#43 alice -> bob: text"),
            (
                events.Shared(48, "lobby", "alice", AT, "cat.jpg", 1_234_567, "image/jpeg", "/f/ID/cat.jpg"),
                "#48 alice shared cat.jpg (1.2 MB): /f/ID/cat.jpg",
            ),
            (
                events.Shared(49, "", "alice", AT, "a b", 512, "text/plain", "/f/ID/a%20b", "bob", 43, "bob"),
                "#49 alice -> bob (re #43 bob) shared a b (512 bytes): /f/ID/a%20b",
            ),
            (events.Edited(44, "lobby", "alice", AT, 41, "new text"), "#41 alice (edited): new text"),
            (events.Edited(44, "", "alice", AT, 43, "text", "bob"), "#43 alice -> bob (edited): text"),
            (events.Deleted(45, "lobby", "alice", AT, 41), "#41 was deleted by alice"),
            (events.TopicChanged(46, "lobby", "bob", AT, "text"), "* topic of lobby, by bob: text"),
            (events.TopicChanged(46, "lobby", "bob", AT, ""), "* topic of lobby, by bob: (none)"),
            (events.Joined("lobby", "bob", AT), "* bob joined lobby"),
            (events.Left("lobby", "bob", AT), "* bob left lobby"),
            (events.Left("lobby", "bob", AT, "reason"), "* bob left lobby (reason)"),
            (events.Renamed("lobby", "bob", AT, "robert"), "* bob is now robert"),
            (
                events.ManyJoined("lobby", ("alice", "bob", "carol", *["dave"] * 54), AT),
                "* alice, bob, carol and 54 others joined lobby",
            ),
            (
                events.ManyLeft("lobby", ("alice", "bob", "carol", "dave"), AT),
                "* alice, bob, carol and 1 other left lobby",
            ),
            (events.ManyLeft("lobby", ("alice", "bob"), AT), "* alice and bob left lobby"),
            (events.ManyLeft("lobby", ("alice", "bob"), AT, "stopping"), "* alice and bob left lobby (stopping)"),
            (events.Joined("lobby", "bob", AT, "bob"), "* bob joined lobby"),
            (events.Left("lobby", "bob", AT, "timed out", True), "* bob left lobby (timed out)"),
            (events.Moderated(47, "lobby", "alice", AT, "banned bob", "ban", "bob", AT, "spam"), "* alice banned bob"),
        ):
            self.assertEqual(shown(event), f"[09:42:00] {line}\r\n")

    def test_no_time(self) -> None:
        """Announcements have no time; typing and being away are not shown."""
        self.assertEqual(shown(events.Announced("The server stops.", AT), previous=0), "-- The server stops.\r\n")
        for event in (events.Typing("lobby", "bob", AT), events.AwayChanged("lobby", "bob", AT, True, "tea")):
            self.assertEqual(shown(event), "")
            self.assertEqual(shown(event, joins="off"), "")

    def test_other_room(self) -> None:
        """Lines of another room than the current one are marked, private ones never."""
        self.assertEqual(shown(SAID, marked=True), "[09:42:00] (lobby) #103 alice: Hello everyone! 😊\r\n")
        whispered = events.Whispered(43, "", "alice", AT, "bob", "text")
        self.assertEqual(shown(whispered, marked=True), "[09:42:00] #43 alice -> bob: text\r\n")

    def test_new_day(self) -> None:
        """Before the first line of a day stands the day; before the others it does not."""
        style = TextStyle(Preferences(), UTC)
        rendered = style.render([SAID, SAID], [AT - DAY, AT], False)
        self.assertEqual(
            b"".join(rendered).decode(),
            "-- Saturday 21 November 2026\r\n" + 2 * "[09:42:00] #103 alice: Hello everyone! 😊\r\n",
        )

    def test_every_change_of_day(self) -> None:
        """A day's line comes with each change of the date, whichever day the style was asked for last."""
        style = TextStyle(Preferences(), UTC)
        times = [AT, AT + DAY, AT, AT + DAY, AT + DAY]
        said = [events.Said(1, "r", "a", at, "t") for at in times]
        rendered = style.render(said, [AT, *times[:-1]], False)
        self.assertEqual([line.startswith(b"-- ") for line in rendered], [False, True, True, True, False])

    def test_previous_of_another_day(self) -> None:
        """The day's line depends on what was shown before in the same room, not on the event before."""
        style = TextStyle(Preferences(), UTC)
        rendered = style.render([SAID, SAID, SAID], [AT, AT - DAY, AT], False)
        self.assertEqual([line.startswith(b"-- ") for line in rendered], [False, True, False])

    def test_hidden_event_begins_a_day(self) -> None:
        """The day's line is shown also when what began the day is hidden: what follows has something before it."""
        joined = events.Joined("r", "bob", AT)
        for joins, began in (("off", joined), ("active", events.Joined("r", "bob", AT, crowded=True))):
            style = text_style(Preferences(joins=joins, zone="UTC"))
            rendered = style.render([began, SAID], [AT - DAY, AT], False)
            self.assertEqual(rendered[0], b"-- Saturday 21 November 2026\r\n", joins)
            self.assertFalse(rendered[1].startswith(b"-- "))
            self.assertEqual(style.render([began], [AT], False), [b""])

    def test_time_goes_on(self) -> None:
        """Each line has its own time."""
        style = TextStyle(Preferences(), UTC)
        said = [events.Said(1, "r", "a", AT + late, "t") for late in (0, 0.9, 1, 60, 0)]
        rendered = style.render(said, [AT] * 5, False)
        times = ["09:42:00", "09:42:00", "09:42:01", "09:43:00", "09:42:00"]
        self.assertEqual([line[1:9].decode() for line in rendered], times)

    def test_day_of_zone(self) -> None:
        """The date is that of the zone, not of UTC."""
        late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC).timestamp()
        event = events.Said(1, "r", "a", late, "t")
        rendered = text_style(Preferences(zone="Europe/Paris")).render([event], [late - 3600], False)
        self.assertEqual(rendered[0].decode(), "-- Sunday 22 November 2026\r\n[00:30:00] #1 a: t\r\n")

    def test_time_preference(self) -> None:
        """The time is shown to the second, to the minute, or not."""
        self.assertEqual(shown(events.Said(1, "r", "a", AT, "t"), time="minutes"), "[09:42] #1 a: t\r\n")
        self.assertEqual(shown(events.Said(1, "r", "a", AT, "t"), time="off"), "#1 a: t\r\n")

    def test_joins_active(self) -> None:
        """Where many come and go, only the line about active people is shown; elsewhere, each."""
        alone, crowded = events.Joined("r", "a", AT), events.Joined("r", "a", AT, crowded=True)
        known = tuple((None, nick) for nick in "abcd")
        for event, active, each in (
            (alone, "* a joined r", True),
            (crowded, "", True),
            (events.Left("r", "a", AT, crowded=True), "", True),
            (events.ManyJoined("r", tuple("abcdef"), AT), "", True),
            (events.Moved("r", False, known[:1], 23, AT), "* a and 23 others left r", False),
            (events.Moved("r", False, known[:2], 0, AT, "bye"), "* a and b left r (bye)", False),
            (events.Moved("r", True, known, 1, AT), "* a, b, c and 2 others joined r", False),
            (events.Moved("r", True, (), 6, AT), "* 6 people joined r", False),
            (events.Moved("r", True, (), 5, AT), "", False),
        ):
            line = shown(event, joins="active")
            self.assertEqual(line.partition("] ")[2].rstrip(), active)
            self.assertEqual(bool(shown(event, joins="on")), each)
            self.assertEqual(shown(event, joins="off"), "")

    def test_joins_off(self) -> None:
        """Without ``joins`` there are no lines about joining and leaving."""
        for event in (
            events.Joined("lobby", "bob", AT),
            events.Left("lobby", "bob", AT),
            events.ManyJoined("lobby", ("bob",), AT),
            events.ManyLeft("lobby", ("bob",), AT),
        ):
            self.assertEqual(shown(event, joins="off"), "")

    def test_harmful_text(self) -> None:
        """Harmful characters in a stored post are harmless when it is shown."""
        shown_text = shown(events.Said(1, "r", "a", AT, "x\x1b[2Jy\u2028z\udc80"))
        self.assertEqual(shown_text, "[09:42:00] #1 a: xy z\r\n")

    def test_echoes(self) -> None:
        """Own words come back only if preferred; whispers always; own joins never."""
        quiet, loud = TextStyle(Preferences()), TextStyle(Preferences(echo=True))
        self.assertEqual((quiet.echoes(SAID), loud.echoes(SAID)), (False, True))
        self.assertTrue(quiet.echoes(events.Whispered(43, "", "alice", AT, "bob", "text")))
        self.assertFalse(loud.echoes(events.Joined("lobby", "bob", AT)))


def deletions(count: int, nick: str = "alice", room: str = "lobby", first: int = 41) -> list[events.Event]:
    """Return deletions of messages in a row."""
    return [events.Deleted(1000 + number, room, nick, AT, number) for number in range(first, first + count)]


class DeletionTests(SynchronousTestCase):
    def lines(self, shown: list[events.Event], marked: bool = False) -> list[str]:
        """The lines a batch becomes; as many renderings as events."""
        rendered = text_style(Preferences(time="off", zone="UTC")).render(shown, [AT] * len(shown), marked)
        self.assertEqual(len(rendered), len(shown))
        return b"".join(rendered).decode().splitlines()

    def test_a_few(self) -> None:
        """Five deletions in a row are five lines."""
        lines = [f"#{number} was deleted by alice" for number in range(41, 46)]
        self.assertEqual(self.lines(deletions(5)), lines)

    def test_many(self) -> None:
        """A thousand are one line, which stands where the last of them does, and is marked with its room."""
        said = events.Said(2000, "lobby", "bob", AT, "oh")
        self.assertEqual(
            self.lines([said, *deletions(1000), said]),
            ["#2000 bob: oh", "* alice deleted 1,000 messages, #41 to #1040", "#2000 bob: oh"],
        )
        self.assertEqual(self.lines(deletions(6), marked=True), ["(lobby) * alice deleted 6 messages, #41 to #46"])

    def test_runs(self) -> None:
        """Deletions of several people, in several rooms, or with something between them, are not thrown together."""
        said = events.Said(2000, "lobby", "bob", AT, "oh")
        mixed = [*deletions(3), said, *deletions(3), *deletions(3, "bob"), *deletions(3, room="dev")]
        self.assertEqual(len(self.lines(mixed)), 13)
        self.assertEqual(
            self.lines([*deletions(6, "bob"), *deletions(6), *deletions(6, room="dev")]),
            [f"* {nick} deleted 6 messages, #41 to #46" for nick in ("bob", "alice", "alice")],
        )

    def test_day(self) -> None:
        """The line of a new day comes before the one line of many deletions."""
        rendered = text_style(Preferences(time="off", zone="UTC")).render(deletions(6), [AT - 86400, *[AT] * 5], False)
        self.assertEqual(b"".join(rendered).decode().count("\r\n"), 2)

    def test_replayed(self) -> None:
        """Purged messages are one line in a replay too."""
        posts = tuple(event for event in deletions(6) if isinstance(event, events.Post))
        text = answered(events.Replayed("history", "", posts, "", AT))
        self.assertEqual(text.splitlines()[-1].partition("] ")[2], "* alice deleted 6 messages, #41 to #46")


class AnswerTests(SynchronousTestCase):
    def test_prompts(self) -> None:
        """A prompt has no line end."""
        self.assertEqual(answered(events.Asked("nickname")), "Choose your nickname: ")
        self.assertEqual(answered(events.Asked("password")), "Password: ")

    def test_every_answer(self) -> None:
        """Each answer has exactly the lines that the protocol gives it."""
        for answer, lines in (
            (
                events.Greeted("1.0", "chat.example.org", 3, "Be kind."),
                "groupchat 1.0 at chat.example.org: 3 people are here.\r\n-- Be kind.\r\n",
            ),
            (events.Greeted("1.0", "x", 1), "groupchat 1.0 at x: 1 person is here.\r\n"),
            (
                events.Welcomed("alice", "lobby", 3, "token"),
                "Connected to the server! You are alice, in lobby. /help lists the commands.\r\n",
            ),
            (events.Done(3), ""),
            (events.Done(3, "Goodbye, alice."), "-- Goodbye, alice.\r\n"),
            (events.Refused("nick-taken", "Choose another."), "!! nick-taken: Choose another.\r\n"),
            (events.Told(("one", "two")), "-- one\r\n-- two\r\n"),
            (events.Listed("people", ("alice", "bob"), ()), "-- alice\r\n-- bob\r\n"),
            (events.Done(fields={"name": "zone", "value": "utc"}), ""),
            (events.Entered("dev", "plans"), ""),
            (events.Departed("dev", "", "left", "lobby"), ""),
            (
                events.Departed("dev", "spam", "kicked", "lobby"),
                "-- You are no longer in dev. Your lines now go to lobby.\r\n",
            ),
            (
                events.Departed("dev", "spam", "banned", ""),
                "-- You are no longer in dev. You are in no room now.\r\n",
            ),
            (events.Closing("kicked"), ""),
            (events.MarkedRead("dev", "", 105, 0.0), ""),
        ):
            self.assertEqual(answered(answer), lines)

    def test_facts(self) -> None:
        """The core is told that a person sits there, has no token, and wants a sentence for an empty list."""
        style = text_style(Preferences())
        self.assertEqual((style.door, style.resumes, style.attended, style.prose), ("text", False, True, True))

    def test_replay(self) -> None:
        """Replayed posts stand between their heading and ending; posts of another day than today follow its line."""
        posts = (
            events.Said(101, "lobby", "bob", AT - DAY, "Good morning"),
            events.Acted(102, "dev", "bob", AT, "waves"),
        )
        replayed = events.Replayed("join", "2 earlier messages:", posts, "end of the earlier messages", AT)
        self.assertEqual(
            answered(replayed),
            "-- 2 earlier messages:\r\n"
            "-- Friday 20 November 2026\r\n"
            "[09:42:00] #101 bob: Good morning\r\n"
            "-- Saturday 21 November 2026\r\n"
            "[09:42:00] (dev) #102 * bob waves\r\n"
            "-- end of the earlier messages\r\n",
        )

    def test_replay_of_today(self) -> None:
        """Replayed posts of today need no day's line."""
        replayed = events.Replayed("history", "", (SAID,), "", AT + 60)
        self.assertEqual(answered(replayed), "[09:42:00] #103 alice: Hello everyone! 😊\r\n")


class InterningTests(SynchronousTestCase):
    def test_same_preferences(self) -> None:
        """Equal preferences have one style as long as it is used; other preferences another."""
        style = text_style(Preferences(time="minutes"))
        gc.collect()
        self.assertIs(style, text_style(Preferences(time="minutes")))
        self.assertIsNot(style, text_style(Preferences()))

    def test_unknown_zone(self) -> None:
        """A zone that does not exist is refused, whatever its name."""
        for zone in ("Mars/Olympus", "../etc/passwd", "Europe", "\x00", "\ud800"):
            self.assertRaises(BadArguments, text_style, Preferences(zone=zone))


class TimesTests(SynchronousTestCase):
    def test_impossible(self) -> None:
        """A message of a time that the reader's calendar does not have is shown all the same, and those beside it."""
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC", ""):
            for at in (253402300799.0, 1e12, -62135596800.0, -1e12):
                style = text_style(Preferences(zone=zone))
                odd = events.Said(1, "lobby", "alice", at, "hi")
                lines = style.render([SAID, odd, SAID], [AT, AT, at], False)
                self.assertTrue(all(b": h" in line.lower() for line in lines), lines)
                style.answer(events.Replayed("join", "", (SAID, odd, SAID), "", AT), None, "lobby")
