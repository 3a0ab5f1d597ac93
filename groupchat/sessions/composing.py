"""A message of several lines that a person types line by line: /paste begins it, and a line with only a dot says it.

No line of it is a command.  A message that is too long, or has a line that cannot be taken, is refused at that line,
and what follows up to the dot is left out: nobody is shown half of what was pasted.
"""

from collections.abc import Callable

from groupchat.delivery.queue import Receipt
from groupchat.hall.hall import Hall
from groupchat.model import text
from groupchat.model.errors import NothingToSay, Refusal, TooLong
from groupchat.model.events import Answer, Done
from groupchat.model.wording import plural
from groupchat.verbs.actor import Actor, Composing
from groupchat.verbs.talking import compose

END, CANCEL = ".", "/cancel"
"""The lines that say a message, and drop it."""
STANDS_FOR_DOT = ".."
"""The line that stands for one with only a dot."""

LINE_COST = 1 / 6
"""The cost of a line of a message, where one that is said by itself costs 1: they are one message in the end."""


class Composition:
    """The lines that were typed so far.

    ``to``: where the message goes; ``is_open``: lines are taken, and are no commands;
    ``is_refused``: it will not be said, and its lines are left out.
    """

    __slots__ = ("_blank", "_size", "is_open", "is_refused", "lines", "to")

    def __init__(self, to: Composing) -> None:
        self.to = to
        self.is_open = True
        self.is_refused = False
        self.lines: list[str] = []
        self._blank = 0
        """Blank lines since the last that is not: they count when another follows."""
        self._size = 0

    @property
    def text(self) -> str:
        """Return the message."""
        return "\n".join(self.lines)

    def add(self, line: str, most: int) -> None:
        """Add a line as it was typed.

        :param most: the most bytes of a message.
        :raises BadCharacter: the line cannot be taken.  TooLong: the message is too long with it.
        """
        if self.is_refused:
            return
        try:
            spoken = END if line == STANDS_FOR_DOT else text.clean(line)
            if not spoken or spoken.isspace():
                self._blank += 1
                return
            size = self._size + self._blank + len(spoken.encode("utf-8", "surrogatepass")) + 1
            if len(self.lines) + self._blank >= text.LINES_MOST or size - 1 > most:
                raise TooLong(f"A message has at most {text.LINES_MOST} lines and {most:,} bytes; this one has more.")
        except Refusal:
            self.refuse()
            raise
        self.lines += [*[""] * self._blank, spoken]
        self._size, self._blank = size, 0

    def refuse(self) -> None:
        """Take no more lines into it, and forget those it has."""
        self.is_refused = True
        self.lines = []


class Composer:
    """Leads one person through messages of several lines.

    :param show: shows an answer.  :param refuse: shows a refusal.
    """

    __slots__ = ("_hall", "_message", "_refuse", "_show")

    def __init__(self, hall: Hall, show: Callable[[Answer], object], refuse: Callable[[Refusal], object]) -> None:
        self._hall = hall
        self._show = show
        self._refuse = refuse
        self._message: Composition | None = None

    @property
    def is_open(self) -> bool:
        """Say whether lines belong to a message now."""
        return self._message is not None and self._message.is_open

    def begin(self, to: Composing) -> None:
        """Take lines from now on, after those of a message that could not be said."""
        kept = [] if self._message is None else self._message.lines
        self._message = Composition(to)
        before = f"{plural(len(kept), 'line is', 'lines are')} here from before. " if kept else ""
        for line in kept:
            self._message.add(STANDS_FOR_DOT if line == END else line, self._hall.settings.line_limit_bytes)
        where = f"to {to.partner.nick}" if to.partner is not None else f"in {to.room}"
        self._tell(f"{before}Paste or type lines. One with only a dot says them {where}, {CANCEL} drops them.")

    def take(self, me: Actor, line: str) -> Receipt | None:
        """Take a line while a message is open; return the receipt when that was said.

        :raises Refusal: the line or the message is refused.
        """
        message, word = self._message, line.strip()
        assert message is not None
        if word == END and not message.is_refused:
            return self._say(me, message)
        if word in (END, CANCEL):
            self._message = None
            self._tell("That was the end of your message; nothing of it was said.")
            return None
        try:
            message.add(line, self._hall.settings.line_limit_bytes)
        except Refusal as refusal:
            self._refuse(refusal)
            self.spoil()
        return None

    def spoil(self) -> None:
        """Say nothing of the message that is open, because a line of it was refused."""
        if self._message is not None:
            self._message.refuse()
            self._tell(f"Nothing of your message is said. Lines up to the one with a dot, or {CANCEL}, are left out.")

    def _say(self, me: Actor, message: Composition) -> Receipt | None:
        message.is_open = False
        try:
            receipt = compose(me, message.to, message.text)
        except NothingToSay:
            self._message = None
            raise
        except Refusal as refusal:
            self._refuse(refusal)
            self._keep(message)
            return None

        def settle() -> None:
            if receipt.refusal is not None:
                self._keep(message)
            elif self._message is message:
                self._message = None

        receipt.when_settled(settle)
        return receipt

    def _keep(self, message: Composition) -> None:
        """Keep a message that could not be said: it can be said later, or elsewhere."""
        if self._message is message:
            count = plural(len(message.lines), "line is", "lines are")
            them = "it" if len(message.lines) == 1 else "them"
            self._tell(f"Your {count} kept. /paste goes on with {them}, also in another room.")

    def _tell(self, words: str) -> None:
        self._show(Done(text=words))
