"""One connection of a person, without its verbs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from groupchat.delivery.fanout import View
from groupchat.delivery.queue import Entry
from groupchat.model.drafts import Audience, Draft, Fact, Kind
from groupchat.model.errors import NotInRoom
from groupchat.model.events import Answer, Ref, Refused
from groupchat.model.ranks import Rank
from groupchat.state.people import Person

if TYPE_CHECKING:
    from groupchat.delivery.cursor import Cursor
    from groupchat.hall.hall import Hall
    from groupchat.interfaces.screens import IScreen
    from groupchat.model.errors import Refusal
    from groupchat.verbs.member import Member


class Connection:
    """One connection of a person: where it is, and how it is answered.

    ``rooms``: the rooms it is in, in the order joined; ``current``: where its lines go (empty: nowhere).
    ``live``: whether it gets batches as they come; else ``cursor`` says where it stands, once it has come in.
    ``paused``: whether its connection takes nothing more just now.
    ``attended``: whether a person sits there, and not a program by itself.
    ``digest``: hex SHA-256 of its token (empty: it was given none).
    """

    __slots__ = (
        "attended", "current", "cursor", "digest", "door", "gone", "hall", "live", "paused", "person", "rooms",
        "screen", "since", "view",
    )  # fmt: skip

    def __init__(self, hall: "Hall", person: Person, screen: "IScreen", door: str, since: float) -> None:
        self.hall = hall
        self.person = person
        self.screen = screen
        self.door = door
        self.since = since
        self.rooms: tuple[str, ...] = ()
        self.current = ""
        self.live = False
        self.paused = False
        self.gone = False
        self.cursor: Cursor | None = None
        self.digest = ""
        self.attended = door != "json"
        self.view = View(screen.style, (), "")

    @property
    def rank(self) -> Rank:
        """What this member may do in its current room."""
        return self.rank_in(self.current)

    def rank_in(self, room: str) -> Rank:
        """What this member may do in a room."""
        return self.hall.moderation.rank_of(self.person.account, room)

    @property
    def zone(self) -> ZoneInfo | None:
        """Where this member is; None: where the server is."""
        zone = self.screen.style.preferences.zone
        return ZoneInfo(zone) if zone else None

    @property
    def position(self) -> int:
        """The number up to which everything was handed to this member."""
        return self.hall.delivered if self.cursor is None else self.cursor.position

    @property
    def audience(self) -> Audience:
        """What this member may read in the journal."""
        return Audience(self.rooms, self.person.author)

    def show(self, answer: Answer, ref: Ref = None) -> None:
        """Answer this one connection."""
        self.screen.write(self.screen.style.answer(answer, ref, self.current))

    def refuse(self, refusal: "Refusal", ref: Ref = None) -> None:
        """Say what is refused."""
        self.hall.refusals[refusal.code] += 1
        self.show(Refused(refusal.code, str(refusal)), ref)

    def moderate(
        self, words: str, *facts: Fact, room: str = "", effect: Callable[[], None] | None = None, text: str = ""
    ) -> Entry:
        """Do something as an operator: ``* alice banned bob``, stored in one transaction with what it makes true.

        :param words: what follows the nickname.
        :param room: who is in this room is shown it (empty: it stands in /modlog only).
        :param effect: called when it is on disk, before anybody is shown it.
        :param text: what the operator is told when it is done.
        :raises JournalUnavailable: nothing can be stored now.
        """
        person = self.person
        draft = Draft(Kind.MODERATED, person.author, person.nick, self.hall.now(), room, words)
        entry = Entry(draft, (room,) if room else (), self._origin)
        entry.facts, entry.effect, entry.text = facts, effect, text
        return self.hall.post(entry)

    @property
    def _origin(self) -> "Member":
        """This connection with its verbs: what only a Member is ever made as."""
        return cast("Member", self)

    def _room(self, name: str) -> str:
        """One of this member's rooms: the named one, or (empty) the current one."""
        name = name or self.current
        if not name:
            raise NotInRoom("You are in no room. /join lobby takes you to the lobby, /rooms lists them all.")
        if name not in self.rooms:
            raise NotInRoom(f"You are not in {name}. /join {name} takes you there.")
        return name
