"""Lines that were not said, because they cannot be said any more where they were meant to.

They are kept until the person says what is to become of them, by a command: a question that takes the next line,
or the next key, for its answer would be answered by what the person is just typing.
"""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from groupchat.model.wording import listed
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.surfaces.surface import Surface

YES, NO, CHANGE = "/yes", "/no", "/change"
ANSWERS = (YES, NO, CHANGE)


class Unsaid:
    """Asks what is to become of the lines in ``ChatState.unsaid``.

    :param say: says a line in a place.
    """

    def __init__(
        self, clock: IReactorTime, surface: Surface, display: Display, state: ChatState,
        say: Callable[[str, Place], object],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._surface = surface
        self._display = display
        self._state = state
        self._say = say
        self._asked: Place | None = None
        """The place that the person was asked about last."""
        self._timer: IDelayedCall | None = None

    def keep(self, line: str, place: Place) -> None:
        """Keep a line that was meant for this place, and ask about it when all that go with it are here."""
        self._state.unsaid.append((place, line))
        self._surface.refresh()
        self.ask_soon()

    def ask_soon(self) -> None:
        """Ask about the lines, if there are any: they can be said elsewhere now."""
        if self._timer is None and self._state.unsaid:
            self._timer = self._clock.callLater(0, self._ask)

    def take(self, line: str) -> bool:
        """Carry out an answer of the person; return whether it was one."""
        answer = line.strip().lower()
        if answer not in ANSWERS or not self._state.unsaid:
            return False
        if answer == NO:
            self._state.unsaid.clear()
            self._remark("Dropped.")
        elif answer == CHANGE:
            self._change()
        elif self._asked == self._state.place and self._state.place:
            unsaid, self._state.unsaid = self._state.unsaid, []
            for _, kept in unsaid:
                self._say(kept, self._state.place)
        else:
            self._ask()  # the lines would not go where the person was told
        self._surface.refresh()
        return True

    def finish(self) -> list[str]:
        """Ask no more; return the lines that were not said."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        unsaid, self._state.unsaid = self._state.unsaid, []
        return [line for _, line in unsaid]

    def _change(self) -> None:
        (place, line), *others = self._state.unsaid
        if self._surface.give_back(line):
            self._state.unsaid[:] = others
            if others:
                self.ask_soon()
        else:
            self._remark(f"Type it again as you want it, and {NO} to drop what was meant for {place}: {line}")

    def _ask(self) -> None:
        self._timer = None
        unsaid, here = self._state.unsaid, self._state.place
        if not unsaid:
            return
        self._asked = here
        it = "it" if len(unsaid) == 1 else f"these {len(unsaid)} lines"
        they = "it is" if len(unsaid) == 1 else "they are"
        say = f" Say {it} {here.where}? {YES} says {it}," if here else ""
        self._remark(
            f"{self._loss(list(dict.fromkeys(place for place, _ in unsaid)), here)}{say} {CHANGE} lets you change {it},"
            f" {NO} drops {it}; until then {they} kept."
        )

    def _loss(self, meant: list[Place], here: Place) -> str:
        """Return why the lines were not said."""
        if meant == [here]:
            return "They were not said." if len(self._state.unsaid) > 1 else "It was not said."
        rooms = [place.room for place in meant if place.room]
        people = [place.nick for place in meant if place.nick]
        return " ".join(
            [
                *([f"You are no longer in {listed(rooms)}."] if rooms else []),
                *([f"{listed(people)} cannot be reached."] if people else []),
            ]
        )

    def _remark(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))
