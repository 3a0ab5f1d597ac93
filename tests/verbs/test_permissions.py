"""Who may use which command and who may not: every command of the table, typed and asked for by programs."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Refused
from groupchat.model.ranks import Rank
from groupchat.verbs.commands import COMMANDS
from groupchat.verbs.grammar import arguments
from groupchat.verbs.grammar.table import ROOM, Parameter, Verb
from tests.house import House, Peer
from tests.people import member, operator

NEEDED: dict[Rank, str] = {
    Rank.GUEST: """
        away back complete delete edit exit goto help history ignore ignored join last leave list login me mentions
        msg nick register reply rooms search set status switch topic typing unignore whois
    """,
    Rank.MEMBER: "catchup logout password unregister",
    Rank.ROOM_OPERATOR: """
        ban bans invite kick lock modlog mute mutes purge slow unban uninvite unlock unmute
    """,
    Rank.OPERATOR: """
        accounts adduser announce demote deop invitecode motd op promote removeuser setpassword
    """,
}
"""For each command who may use it: a second opinion, so that no rank is changed, and none forgotten, by mistake."""

EXAMPLES: dict[type[arguments.Argument], Any] = {
    arguments.NickArgument: "bob",
    arguments.TargetArgument: "bob",
    arguments.RoomArgument: "dev",
    arguments.RestArgument: "words",
    arguments.CountArgument: 3,
    arguments.SecondsArgument: 3,
    arguments.PostIdArgument: 1,
    arguments.SinceArgument: 1,
    arguments.DayArgument: "2026-11-21",
    arguments.DurationArgument: "10m",
    arguments.PreferenceArgument: "echo",
    arguments.PreferenceValueArgument: "on",
    arguments.CommandArgument: "help",
    arguments.Argument: "carol",
}
"""Something of each kind that is understood."""


def example(parameter: Parameter) -> Any:
    """A value for this parameter."""
    return next(EXAMPLES[kind] for kind in type(parameter.argument).__mro__ if kind in EXAMPLES)


def needed(command: Verb) -> list[Parameter]:
    """The parameters one cannot leave out, and the room, which decides who may."""
    return [parameter for parameter in command.parameters if not parameter.optional]


class PermissionTest(SynchronousTestCase):
    def people(self, door: str) -> dict[Rank, Peer]:
        """Somebody of each rank, all in the room dev, whose operator is rita; and bob, whom everything is about."""
        house = House()
        (guest,) = house.come("gus", door=door)
        found = {
            Rank.GUEST: guest,
            Rank.MEMBER: member(house, "alice", door),
            Rank.ROOM_OPERATOR: member(house, "rita", door),
            Rank.OPERATOR: operator(house, "olga", door),
        }
        member(house, "bob")
        first = found[Rank.OPERATOR]
        first.type("/op rita dev") if door == "text" else first.do("op", nick="rita", room="dev")
        for peer in found.values():
            peer.type("/join dev") if door == "text" else peer.do("join", room="dev")
            peer.take()
        return found

    def request(self, peer: Peer, command: Verb, door: str, **fields: Any) -> list[str]:
        """Use a command with examples of what it needs; the codes of what was refused, if that was for the rank."""
        fields = {parameter.name: example(parameter) for parameter in needed(command)} | fields
        if door == "text":
            # Beyond the needed ones nothing is typed but a room, which is the last word there.
            peer.type(f"/{command.name} {' '.join(str(value) for value in fields.values())}".rstrip())
        else:
            peer.session.do(command.name, fields, 1)
        words = f"/{command.name} is for {command.needs.title} only."
        return [answer.code for answer in peer.answers if isinstance(answer, Refused) and answer.text == words]

    def test_second_opinion(self) -> None:
        """Each command needs the rank that is written here, and each command is written here."""
        written = {name: rank for rank, names in NEEDED.items() for name in names.split()}
        self.assertEqual({command.name: command.needs for command in COMMANDS.sorted()}, written)

    def test_every_command(self) -> None:
        """Who has less than the needed rank is refused, and changes nothing; who has it is not refused for it."""
        for command in COMMANDS.sorted():
            for door in ("text", "json"):
                for rank in Rank:
                    peer = self.people(door)[rank]
                    hall = peer.session._hall
                    before = (hall.journal.head, hall.rooms.open("dev").topic, peer.screen.closed)
                    codes = self.request(peer, command, door)
                    if rank < command.needs:
                        self.assertEqual(codes, ["not-allowed"], f"{command.name} by {rank.name} at {door}")
                        after = (hall.journal.head, hall.rooms.open("dev").topic, peer.screen.closed)
                        self.assertEqual(after, before, command.name)
                    else:
                        self.assertEqual(codes, [], f"{command.name} by {rank.name} at {door}")

    def test_room_named(self) -> None:
        """A command about another room asks for the rank there: neither more nor less is enough."""
        about_rooms = [
            command
            for command in COMMANDS.sorted()
            if command.needs is Rank.ROOM_OPERATOR and any(known.name == ROOM for known in command.parameters)
        ]
        self.assertGreaterEqual({command.name for command in about_rooms}, {"slow", "lock", "unlock", "invite"})
        for command in about_rooms:
            for door in ("text", "json"):
                rita = self.people(door)[Rank.ROOM_OPERATOR]
                refused = self.request(rita, command, door, room="lobby")
                self.assertEqual(refused, ["not-allowed"], command.name)
                rita.type("/switch lobby") if door == "text" else rita.do("switch", room="lobby")
                rita.take()
                self.assertEqual(self.request(rita, command, door, room="#DEV"), [], command.name)

    def test_room_of_nobody(self) -> None:
        """In one's own room one has no rank in another: the commands without a room are about the current one."""
        for command in COMMANDS.sorted():
            if command.needs is Rank.ROOM_OPERATOR and all(known.name != ROOM for known in command.parameters):
                rita = self.people("text")[Rank.ROOM_OPERATOR]
                rita.type("/switch lobby")
                rita.take()
                self.assertEqual(self.request(rita, command, "text"), ["not-allowed"], command.name)

    def test_help(self) -> None:
        """Help and completion name the commands one may use, and no others."""
        for rank, peer in self.people("text").items():
            peer.type("/help")
            (listed,) = peer.answers
            allowed = {command.name for command in COMMANDS.sorted() if command.needs <= rank}
            self.assertEqual({item["command"] for item in listed.items}, allowed)  # type: ignore[attr-defined]
            completed = {choice.removeprefix("/") for choice in COMMANDS.complete(peer.connection, "/")}
            self.assertEqual({COMMANDS.find(name).name for name in completed}, allowed)
