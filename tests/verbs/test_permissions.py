"""The rank that each command needs: every command of the table, typed and asked for by programs."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Refused
from groupchat.model.ranks import Rank
from groupchat.verbs.commands import COMMANDS
from groupchat.verbs.grammar.arguments import Argument, NickArgument, RoomArgument, TargetArgument
from groupchat.verbs.grammar.number_arguments import (
    CountArgument,
    DayArgument,
    DurationArgument,
    EndingArgument,
    PauseArgument,
    PostIdArgument,
    SinceArgument,
)
from groupchat.verbs.grammar.text_arguments import RestArgument
from groupchat.verbs.grammar.verb import ROOM, Parameter, Verb
from groupchat.verbs.grammar.word_arguments import CommandArgument, PreferenceArgument, PreferenceValueArgument
from tests.house import House, Peer
from tests.people import member, operator

NEEDED: dict[Rank, str] = {
    Rank.GUEST: """
        away back complete delete edit exit files goto help history ignore ignored join last leave list login me
        mentions msg nick paste ping query re read register reply rooms say search send set set-room status switch topic
        typing unignore unread whoami whois
    """,
    Rank.MEMBER: "catchup hook hooks logout password revoke token tokens unhook unregister",
    Rank.ROOM_OPERATOR: """
        ban bans close invite kick lock modlog mute mutes purge reopen slow unban uninvite unlock unmute
    """,
    Rank.OPERATOR: """
        accounts adduser announce demote deop forget invitecode motd nodes op promote removenode removeuser setpassword
    """,
}
"""The rank each command needs: a second opinion, so that no rank is changed, and none forgotten, by mistake."""

EXAMPLES: dict[type[Argument], Any] = {
    NickArgument: "bob",
    TargetArgument: "bob",
    RoomArgument: "dev",
    RestArgument: "words",
    CountArgument: 3,
    EndingArgument: "others",
    PauseArgument: 3,
    PostIdArgument: 1,
    SinceArgument: 1,
    DayArgument: "2026-11-21",
    DurationArgument: "10m",
    PreferenceArgument: "echo",
    PreferenceValueArgument: "on",
    CommandArgument: "help",
    Argument: "carol",
}
"""Something of each kind that is understood."""


def example(parameter: Parameter) -> Any:
    """Return a value for this parameter."""
    return next(EXAMPLES[kind] for kind in type(parameter.argument).__mro__ if kind in EXAMPLES)


def needed(command: Verb) -> list[Parameter]:
    """Return the parameters that cannot be left out."""
    return [parameter for parameter in command.parameters if not parameter.optional]


class PermissionTest(SynchronousTestCase):
    def people(self, door: str) -> dict[Rank, Peer]:
        """Return somebody of each rank, all in the room dev, which rita operates; bob is for commands about people."""
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
        """Use a command with examples of what it needs; return the codes of refusals for lack of rank."""
        given = {parameter.name: example(parameter) for parameter in needed(command)} | fields
        fields = {parameter.name: given[parameter.name] for parameter in command.parameters if parameter.name in given}
        if door == "text":
            # Beyond the needed ones nothing is typed but a room.
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
        """A lower rank than needed is refused and changes nothing; the needed rank is never refused for lack of it."""
        for command in COMMANDS.sorted():
            for door in ("text", "json"):
                for rank in Rank:
                    peer = self.people(door)[rank]
                    hall = peer.session._hall
                    before = (hall.stream.delivered, hall.rooms.open("dev").topic, peer.screen.closed)
                    codes = self.request(peer, command, door)
                    if rank < command.needs:
                        self.assertEqual(codes, ["not-allowed"], f"{command.name} by {rank.name} at {door}")
                        after = (hall.stream.delivered, hall.rooms.open("dev").topic, peer.screen.closed)
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
            typed = any(known.name == ROOM and known.is_typed for known in command.parameters)
            for door in ("text", "json") if typed else ("json",):
                rita = self.people(door)[Rank.ROOM_OPERATOR]
                refused = self.request(rita, command, door, room="lobby")
                self.assertEqual(refused, ["not-allowed"], command.name)
                rita.type("/switch lobby") if door == "text" else rita.do("switch", room="lobby")
                rita.take()
                self.assertEqual(self.request(rita, command, door, room="#DEV"), [], command.name)

    def test_room_of_nobody(self) -> None:
        """A room operator has no rank in another room: typed commands that name no room are about the current one."""
        for command in COMMANDS.sorted():
            if command.needs is Rank.ROOM_OPERATOR and all(
                known.name != ROOM or not known.is_typed for known in command.parameters
            ):
                rita = self.people("text")[Rank.ROOM_OPERATOR]
                rita.type("/switch lobby")
                rita.take()
                self.assertEqual(self.request(rita, command, "text"), ["not-allowed"], command.name)

    def test_help(self) -> None:
        """Help and completion name the commands a person may use, and no others."""
        for rank, peer in self.people("text").items():
            peer.type("/help")
            (listed,) = peer.answers
            allowed = {command.name for command in COMMANDS.sorted() if command.needs <= rank}
            self.assertEqual({item["command"] for item in listed.items}, allowed)  # type: ignore[attr-defined]
            completed = {choice.removeprefix("/") for choice in COMMANDS.complete(peer.actor, "/")}
            self.assertEqual({COMMANDS.find(name).name for name in completed}, allowed)
