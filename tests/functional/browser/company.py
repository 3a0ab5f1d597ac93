"""People without a browser, who chat with those in the page."""

import json
import time
from typing import Any

from tests.functional.harness import LIMIT_S, Line


class Program(Line):
    """A program that speaks JSON Lines; ``events`` are all that it was told and that answer nothing."""

    def __init__(self, port: int, nick: str, **claim: Any) -> None:
        super().__init__(port)
        self.nick = nick
        self.events: list[dict[str, Any]] = []
        self._number = 0
        self.welcome = self.do(do="nick", nick=nick, **claim)
        self.ask(do="set", name="echo", value="on")

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and return its answer, also if it is a refusal."""
        self._number += 1
        self.send(json.dumps({**request, "ref": self._number}) + "\n")
        return self.until(lambda event: event.get("ref") == self._number)

    def do(self, **request: Any) -> dict[str, Any]:
        """Send a request that is not refused."""
        answer = self.ask(**request)
        if answer["event"] == "refused":
            raise AssertionError(f"{request}: {answer['text']}")
        return answer

    def leave(self) -> None:
        """Give the nickname back, so that somebody else can take it."""
        self.ask(do="exit")
        self.rest()

    def until(self, condition: Any) -> dict[str, Any]:
        """Return the next event of which something is so."""
        end = time.monotonic() + LIMIT_S
        while True:
            found = self.expect(r"^(\{.*\})\r?\n", max(end - time.monotonic(), 0.1))
            event: dict[str, Any] = json.loads(found[1])
            if "ref" not in event:
                self.events.append(event)
            if condition(event):
                return event

    def told(self, **fields: Any) -> dict[str, Any]:
        """Wait for an event with these fields, or return one that was told already."""
        for event in self.events:
            if fields.items() <= event.items():
                return event
        return self.until(lambda event: fields.items() <= event.items())


def final(events: list[dict[str, Any]], room: str) -> list[tuple[int, str, str]]:
    """Return what is left of a room's messages after all edits and deletions: number, author, words."""
    messages: dict[int, tuple[int, str, str]] = {}
    for event in events:
        if event.get("room") != room:
            continue
        number = event.get("target") or event.get("id", 0)
        if event["event"] in ("said", "acted") or event["event"] == "edited":
            messages[number] = (number, event["nick"], event["text"])
        elif event["event"] == "deleted":
            messages[number] = (number, messages[number][1], "")
    return [messages[number] for number in sorted(messages)]
