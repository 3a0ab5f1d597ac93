"""An evening on the terminal: two people in two rooms and private talks with a third, by a script of 200 steps.

Nothing that the script does waits for the screen: keys come as fast as they do from a keyboard, and the server is
killed and started again between them.  What was said is compared with what the server has, and with what each
person's terminal shows in the end, from its first line on.
"""

import json
import random
import re
import time
from typing import Any

from tests.functional.harness import LIMIT_S, Line, free_port
from tests.functional.pane import Pane, PaneTest

STEPS = 200
SEED = 20261126
PLACES = ("lobby", "dev", "carol")
"""The views of both people, by their numbers."""

RULE = re.compile(r"^──── (\w+)(?:, in private)? ")
SHOWN = re.compile(r"^\d\d:\d\d:\d\d (\(\w+\) )?#(\d+) (.*)$")
LAST_SIZE = (100, 40)
SIZES = ((80, 24), (40, 12), (64, 18))


class Somebody:
    """Somebody at a terminal, and what the script knows of where they are."""

    def __init__(self, nick: str, pane: Pane, script: random.Random) -> None:
        self.nick = nick
        self.pane = pane
        self.said: list[tuple[str, str]] = []
        """What they have said, each with the place where they saw themselves."""
        self._script = script
        self._here, self._before = "lobby", "carol"

    def step(self, number: int) -> None:
        choice = self._script.random()
        if choice < 0.4:
            self.say(f"{self.nick}-{number}")
        elif choice < 0.5:
            self._half_typed(f"{self.nick}-{number}")
        elif choice < 0.7:
            self.go(self._script.choice(PLACES))
        elif choice < 0.78:
            self._beside(self._script.choice((1, -1)))
        elif choice < 0.86:
            self.pane.keys("M-q")
            self._here, self._before = self._before, self._here
        elif choice < 0.92:
            room = self._script.choice(PLACES[:2])
            self.pane.enter(f"/switch {room}")
            self._arrive(room)
        elif choice < 0.97:
            self.pane.keys("M-a")  # wherever that is: after two more steps it is known where they are, and were before
            self._here, other = self._script.sample(PLACES, 2)
            self.pane.keys(f"M-{PLACES.index(other) + 1}", f"M-{PLACES.index(self._here) + 1}")
            self._before = other
        else:
            self.pane.keys("Escape", "Escape")
            self.pane.taken()
            time.sleep(0.6)  # Escape and a key at once would be Alt and that key

    def go(self, place: str) -> None:
        self.pane.keys(f"M-{PLACES.index(place) + 1}")
        self._arrive(place)

    def say(self, words: str) -> None:
        self.pane.enter(words)
        self.said.append((self._here, words))

    def _half_typed(self, words: str) -> None:
        """Begin a line, go elsewhere and perhaps say something there, come back, and end it."""
        here, half = self._here, len(words) // 2
        self.pane.type(words[:half])
        self.go(self._script.choice([place for place in PLACES if place != here]))
        if self._script.random() < 0.5:
            self.say(f"{words}-too")
        self.go(here)
        self.say(words[half:])
        self.said[-1] = (here, words)

    def _beside(self, step: int) -> None:
        self.pane.keys("C-n" if step > 0 else "C-p")
        self._arrive(PLACES[(PLACES.index(self._here) + step) % len(PLACES)])

    def _arrive(self, place: str) -> None:
        if place != self._here:
            self._here, self._before = place, self._here


class EveningTest(PaneTest):
    def setUp(self) -> None:
        super().setUp()
        self.port = free_port()
        self.place = ("--port", f"tcp:{self.port}:interface=127.0.0.1")
        self.script = random.Random(SEED)
        self.daemon = self.start(*self.place)
        self.posts: dict[int, tuple[str, str]] = {}

    def test_evening(self) -> None:
        """No line is in a wrong place, none is missing, none is there twice, and nothing else was left behind."""
        carol = self.come_as_carol(register=True)
        people = [self.come("alice", carol), self.come("bob", carol, TERM="linux")]
        killings = {STEPS // 4: "kill", STEPS // 2: "stop", 3 * STEPS // 4: "kill"}
        for step in range(STEPS):
            if step in killings:
                getattr(self.daemon, killings[step])()
                carol.close()
            elif step - 6 in killings:
                self.daemon = self.start(*self.place)
                carol = self.come_as_carol()
            if step % 40 == 30:
                people[0].pane.resize(*self.script.choice(SIZES))
            if self.script.random() < 0.3 and self.daemon.process.poll() is None:
                self.chatter(carol, step)
            else:
                self.script.choice(people).step(step)
        for somebody in people:
            somebody.pane.resize(*LAST_SIZE)
            somebody.pane.expect("> *\n .*│ connected")
            for place in PLACES:
                somebody.go(place)
                somebody.say(f"{somebody.nick}-last-{place}")
                somebody.pane.expect(f"{somebody.nick}-last-{place}$")
        said = self.journal(carol)
        for somebody in people:
            self.judge_said(somebody, said)
        for somebody in people:
            self.see_everything(somebody, said)
            self.judge_shown(somebody, said)

    # The people.

    def come(self, nick: str, carol: Line, **variables: str) -> Somebody:
        """Start a client in lobby, dev, and a private talk with Carol."""
        place = f"127.0.0.1:{self.port}"
        pane = self.open("join", place, "--nick", nick, "--room", "dev", height=40, variables=variables)
        pane.expect("│ dev │")
        pane.enter("/query carol")
        pane.expect("│ to carol, in private")
        pane.keys("M-1")
        pane.expect("│ lobby │ .*│ connected")
        return Somebody(nick, pane, self.script)

    def come_as_carol(self, register: bool = False) -> Line:
        """Connect Carol, who talks to everybody and waits for each answer."""
        carol = Line(self.port)
        self.addCleanup(carol.close)
        claim = {"do": "nick", "nick": "carol", "password": "correct-horse-battery", "rooms": ["dev", "lobby"]}
        self.ask(carol, {**claim, **({"register": True} if register else {})})
        return carol

    def chatter(self, carol: Line, step: int) -> None:
        """Let Carol say something in a room, with a mention perhaps, or to one of them in private."""
        words = f"carol-{step}"
        kind = self.script.randrange(5)
        if kind == 0:
            to = self.script.choice(("alice", "bob"))
            self.ask(carol, {"do": "msg", "nick": to, "text": words}, but="no-such-nick")  # they may not be back yet
        else:
            mention = "alice: " if kind == 1 else ""
            self.ask(carol, {"do": "say", "room": self.script.choice(PLACES[:2]), "text": f"{mention}{words}"})

    def ask(self, carol: Line, request: dict[str, Any], but: str = "") -> dict[str, Any]:
        carol.send(json.dumps({**request, "ref": 1}) + "\n")
        found = carol.expect(r'^\{"event":"(welcome|done|listed|refused)","ref":1\b.*\}\r\n', LIMIT_S)
        answer: dict[str, Any] = json.loads(found[0])
        self.assertIn(answer.get("code", ""), ("", but), answer)
        return answer

    # The judges.

    def journal(self, carol: Line) -> dict[int, tuple[str, str, str]]:
        """Return all that was said by its number: where, by whom, and what; a private talk is that of two people."""
        said = {}
        for where in ({"room": "lobby"}, {"room": "dev"}, {"nick": "alice"}, {"nick": "bob"}):
            page = self.ask(carol, {"do": "history", "since": 0, "count": 200, **where})
            self.assertNotIn("next", page)
            for item in page["items"]:
                if item["event"] in ("said", "whispered"):
                    talk = where.get("room") or f"carol with {where['nick']}"
                    said[item["id"]] = (talk, item["nick"], item["text"])
        return said

    maxDiff = None

    def judge_said(self, somebody: Somebody, said: dict[int, tuple[str, str, str]]) -> None:
        """Everything that somebody typed is where they saw themselves, once, and nothing else is theirs."""
        private = f"carol with {somebody.nick}"
        meant = [(private if place == "carol" else place, words) for place, words in somebody.said]
        found = [(where, words) for where, nick, words in said.values() if nick == somebody.nick]
        self.assertEqual(sorted(found), sorted(meant), somebody.pane.everything())

    def see_everything(self, somebody: Somebody, said: dict[int, tuple[str, str, str]]) -> None:
        """Let somebody look into every view until the newest message that they may read is shown."""
        newest = max(number for number, (where, *_) in said.items() if where in ("lobby", "dev"))
        end = time.monotonic() + LIMIT_S
        while f" #{newest} " not in somebody.pane.everything() and time.monotonic() < end:
            for place in PLACES:
                somebody.go(place)
            time.sleep(0.1)

    def judge_shown(self, somebody: Somebody, said: dict[int, tuple[str, str, str]]) -> None:
        """Everything that somebody may read is on their terminal, once, under the name of its place or marked."""
        # Lines that were too long for a narrow terminal go on below, indented.
        shown = re.sub(r"\n {2,}(?=\S)", " ", somebody.pane.everything())
        private = f"carol with {somebody.nick}"
        readable = {number: one for number, one in said.items() if one[0] in ("lobby", "dev", private)}
        here, numbers = "dev", []
        for line in shown.splitlines():
            if (rule := RULE.match(line)) is not None:
                here = rule[1]
            elif (found := SHOWN.match(line)) is not None:
                mark, number, rest = found[1], int(found[2]), found[3]
                self.assertIn(number, readable, f"{line!r} is none of {somebody.nick}'s business")
                where, nick, words = readable[number]
                numbers.append(number)
                if where == private:
                    other = somebody.nick if nick == "carol" else "carol"
                    self.assertEqual((mark, rest), (None, f"{nick} -> {other}: {words}"))
                else:
                    self.assertEqual((mark, rest), (None if where == here else f"({where}) ", f"{nick}: {words}"), here)
        self.assertEqual(sorted(numbers), sorted(readable), shown)
        lines = shown.splitlines()
        self.assertEqual([line for line in lines if "│" in line], [lines[-1]], "an old bar was left behind")
        self.assertEqual([line for line in lines if line.startswith(("> ", "to carol> "))][1:], [], "an old prompt")
