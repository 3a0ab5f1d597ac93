"""An owner that records what a surface tells it."""

from collections.abc import Hashable

from twisted.internet.defer import Deferred, succeed

from groupchat.terminal.surfaces.surface import Owner


class FakeOwner(Owner):
    """``told`` is what the surface told, in order; the other attributes are what it is answered."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.words: list[str] = []
        self.recent: tuple[int, str] | None = None
        self.unanswered: list[str] = []
        self.keys = 0
        self.half_typed = ""
        self.label = "> "
        self.at: Hashable = "lobby"
        self.remarks: list[str] = []

    def place(self) -> Hashable:
        return self.at

    def remark(self, sentence: str) -> None:
        self.remarks.append(sentence)

    def typed(self, line: str) -> None:
        self.told.append(line)

    def pasted(self, lines: list[str]) -> None:
        self.told.append(lines)

    def aim(self, command: str) -> tuple[str, bool]:
        return f"with {command.split()[0]}", command.startswith("/msg")

    def typed_singly(self, command: str) -> None:
        self.told.append(("singly", command))

    def said(self, text: str) -> None:
        self.told.append(("said", text))

    def touched(self) -> None:
        self.keys += 1

    def written(self, text: str) -> None:
        self.half_typed = text

    def go(self, way: str) -> None:
        self.told.append(("go", way))

    def mark_read(self) -> None:
        self.told.append("read")

    def interrupted(self) -> None:
        self.told.append("Ctrl-C")

    def ended(self) -> None:
        self.told.append("Ctrl-D")

    def complete(self, text: str) -> "Deferred[list[str]]":
        return succeed([word for word in self.words if word.startswith(text.rpartition(" ")[2])])

    def last(self) -> tuple[int, str] | None:
        return self.recent

    def is_secret(self, line: str) -> bool:
        return line.startswith("/login")

    def prompt(self, text: str) -> str:
        return self.label

    def waiting(self, width: int) -> list[str]:
        return self.unanswered

    def bar(self, width: int) -> str:
        return f"the bar of {width} columns"
