"""The table of all verbs, and the help: its pages, for people and for programs."""

import re

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model import names
from groupchat.model.events import Listed, Refused
from groupchat.model.ranks import Rank
from groupchat.verbs.commands import COLUMNS, COMMANDS, COMPLETIONS, LINES, USAGE
from tests.house import House, Peer
from tests.people import member, operator

TOPICS = ["talking", "reading", "rooms", "people", "account", "settings", "order", "accounts"]

HIDDEN = [verb.name for verb in COMMANDS.sorted() if verb.needs >= Rank.ROOM_OPERATOR]
"""The commands of operators."""


def people() -> dict[Rank, Peer]:
    """Return somebody of each rank, all in the lobby, which rita operates."""
    house = House()
    (guest,) = house.come("gus")
    found = {
        Rank.GUEST: guest,
        Rank.MEMBER: member(house, "alice"),
        Rank.ROOM_OPERATOR: member(house, "rita"),
        Rank.OPERATOR: operator(house, "olga"),
    }
    found[Rank.OPERATOR].type("/op rita lobby")
    for peer in found.values():
        peer.take()
    return found


def asked(peer: Peer, words: str = "") -> Listed:
    """Return what /help answers."""
    peer.type(f"/help {words}".rstrip())
    answer = peer.answers[-1]
    assert isinstance(answer, Listed), answer
    return answer


class TableTests(SynchronousTestCase):
    def test_topics(self) -> None:
        """Every verb stands on the page of one topic, whose name is one word that can be typed after /help."""
        self.assertEqual(COMMANDS.topics(), TOPICS)
        self.assertEqual({verb.topic for verb in COMMANDS.sorted()}, set(TOPICS))

    def test_secret(self) -> None:
        """A verb is secret exactly when one of its arguments is."""
        for verb in COMMANDS.sorted():
            secret = any(parameter.argument.secret for parameter in verb.parameters)
            self.assertEqual(verb.secret, secret, verb.name)

    def test_rooms(self) -> None:
        """Every verb about a room takes the room as an argument, and none needs it but those that go there."""
        about_rooms = """
            say send files re me topic list history catchup leave typing kick ban unban bans mute unmute mutes purge
            modlog lock unlock slow invite uninvite op deop join switch hook hooks edit delete last close reopen
            set-room read
        """.split()  # noqa: SIM905  # as prose
        found = {verb.name: parameter for verb in COMMANDS.sorted() for parameter in verb.parameters
                 if parameter.name == "room"}  # fmt: skip
        self.assertEqual(sorted(found), sorted(about_rooms))
        self.assertEqual(
            {name for name, room in found.items() if not room.optional}, {"join", "switch", "close", "reopen"}
        )


class PageTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.people = people()

    def check(self, lines: tuple[str, ...], words: object) -> None:
        """See that a page fits a terminal of 80 columns and 24 lines."""
        self.assertLessEqual(len(lines), LINES, words)
        self.assertLessEqual(max(map(len, lines)), COLUMNS, words)
        self.assertTrue(all(line.strip() for line in lines), words)

    def test_numbers(self) -> None:
        """A line leaves room for the mark before it; a page, for the command and the next prompt."""
        self.assertEqual((COLUMNS + len("-- "), LINES + 2), (80, 24))

    def test_every_page(self) -> None:
        """The first page, the topics and the page of each topic fit a terminal, for everybody who may see them."""
        for rank, peer in self.people.items():
            for words in ("", "topics", *COMMANDS.topics(rank)):
                self.check(asked(peer, words).lines, (rank, words))

    def test_first_page(self) -> None:
        """The first page names the commands of a newcomer, each of which there is, and how to find the others."""
        page = "\n".join(asked(self.people[Rank.GUEST]).lines)
        named = set(re.findall(r"/(\w+)", page))
        self.assertEqual(
            named,
            {"msg", "edit", "delete", "history", "search", "list", "rooms", "join", "switch", "leave", "nick",
             "register", "away", "back", "ignore", "set", "exit", "help"},
        )  # fmt: skip
        for name in named:
            self.assertIs(COMMANDS.find(name).needs, Rank.GUEST, name)
        for words in re.findall(r"/help (\w+)", page):
            asked(self.people[Rank.GUEST], words)

    def test_order_line(self) -> None:
        """Only operators, also those of a room, are pointed to what operators can do."""
        for rank, peer in self.people.items():
            is_shown = any("/help order" in line for line in asked(peer).lines)
            self.assertEqual(is_shown, rank >= Rank.ROOM_OPERATOR, rank)

    def test_topics(self) -> None:
        """/help topics names every command somebody may use, and no other, with its topic."""
        for rank, peer in self.people.items():
            lines = asked(peer, "topics").lines
            named = re.findall(r"[\w-]+", " ".join(line[17:] for line in lines))
            self.assertEqual(sorted(named), [verb.name for verb in COMMANDS.of_rank(rank)])
            topics = [line.split()[1] for line in lines if line.startswith("/help ")]
            self.assertEqual(topics, COMMANDS.topics(rank))

    def test_topic(self) -> None:
        """The page of a topic has a line for each of its commands somebody may use: usage and first clause."""
        for rank, peer in self.people.items():
            for topic in COMMANDS.topics(rank):
                *lines, ending = asked(peer, topic).lines
                verbs = [verb for verb in COMMANDS.of_rank(rank) if verb.topic == topic]
                self.assertEqual([line.split()[0] for line in lines], [f"/{verb.name}" for verb in verbs])
                for line, verb in zip(lines, verbs, strict=True):
                    self.assertTrue(line.startswith(verb.short_usage(USAGE)), line)
                    self.assertTrue(line.endswith(f"  {verb.clause}"), line)
                holds = "By you, these hold in the whole server. "
                is_theirs = topic == "order" and rank is Rank.OPERATOR
                self.assertEqual(ending, f"{holds if is_theirs else ''}/help NAME explains a command.")

    def test_title(self) -> None:
        """The page of a topic is found by its title too, as the documentation prints it."""
        peer = self.people[Rank.OPERATOR]
        for topic, title in COMMANDS.titles.items():
            self.assertEqual(asked(peer, title.capitalize()).lines, asked(peer, topic).lines, title)

    def test_operators_topics(self) -> None:
        """A topic with no command for somebody is no topic to them."""
        for rank, topic in (
            (Rank.GUEST, "order"), (Rank.MEMBER, "order"), (Rank.GUEST, "accounts"), (Rank.ROOM_OPERATOR, "accounts"),
        ):  # fmt: skip
            peer = self.people[rank]
            peer.take()
            peer.type(f"/help {topic}")
            self.assertEqual(len(peer.codes), 1, topic)

    def test_command(self) -> None:
        """/help NAME shows usage, explanation, details and aliases, by any name of the command."""
        for name in ("msg", "/msg", "TELL", "/w"):
            self.assertEqual(
                asked(self.people[Rank.GUEST], name).lines,
                (
                    "/msg NICK TEXT",
                    "Say something to one person only.",
                    "Somebody who has an account and is not here reads it when they come.",
                    "also: /tell, /w",
                ),
            )

    def test_command_named_like_a_topic(self) -> None:
        """With a slash the name is always that of a command."""
        self.assertEqual(asked(self.people[Rank.GUEST], "/rooms").lines[0], "/rooms [after NAME]")
        self.assertIn("/join ROOM", asked(self.people[Rank.GUEST], "rooms").lines[0])
        self.assertEqual(asked(self.people[Rank.OPERATOR], "/accounts").lines[0], "/accounts [after NAME]")

    def test_every_command(self) -> None:
        """Each command is explained in full to those who may use it, and to nobody else."""
        for rank, peer in self.people.items():
            for verb in COMMANDS.sorted():
                peer.take()
                peer.type(f"/help /{verb.name}")
                if verb.needs <= rank:
                    (listed,) = peer.answers
                    assert isinstance(listed, Listed)
                    self.assertEqual(listed.lines[:2], (verb.usage, verb.explanation))
                else:
                    self.assertEqual(peer.codes, ["not-allowed"], (rank, verb.name))

    def test_unknown(self) -> None:
        """What is neither a topic nor a command is refused."""
        peer = self.people[Rank.OPERATOR].type("/help nothing")
        self.assertEqual(peer.codes, ["unknown-command"])

    def test_nothing_of_operators(self) -> None:
        """No page of anybody else names a command of operators: neither in text nor in items."""
        peer = self.people[Rank.MEMBER]
        for words in ("", "topics", *COMMANDS.topics(Rank.MEMBER)):
            listed = asked(peer, words)
            words_shown = set(re.findall(r"/([\w-]+)", "\n".join(listed.lines)))
            self.assertFalse(words_shown.intersection(HIDDEN), words)
            self.assertFalse({item["command"] for item in listed.items}.intersection(HIDDEN), words)

    def test_elsewhere(self) -> None:
        """A room's operator is shown what they can do there, in whichever room they ask."""
        rita = self.people[Rank.ROOM_OPERATOR].type("/join dev")
        self.assertIs(rita.actor.rank, Rank.MEMBER)
        self.assertIn("/help order", asked(rita).lines[-1])
        self.assertIn("kick", [item["command"] for item in asked(rita).items])


class SuggestionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.people = people()

    def test_nearest(self) -> None:
        """A mistyped command of operators is suggested to those who may use it only."""
        for rank, peer in self.people.items():
            for verb in COMMANDS.sorted():
                peer.take()
                peer.type(f"/{verb.name}x")
                (refused,) = peer.answers
                suggested = re.search(r"Did you mean /([\w-]+)\?", refused.text)  # type: ignore[attr-defined]
                if suggested is not None:
                    self.assertLessEqual(COMMANDS.find(suggested[1]).needs, rank, verb.name)
                else:
                    self.assertGreater(verb.needs, rank, verb.name)

    def test_elsewhere(self) -> None:
        """To the operator of a room the commands for it are suggested and completed in every room."""
        rita = self.people[Rank.ROOM_OPERATOR].type("/join dev")
        rita.take()
        rita.type("/lokc ops")
        self.assertIn("Did you mean /lock?", rita.answers[0].text)  # type: ignore[attr-defined]
        self.assertIn("/lock", COMMANDS.complete(rita.actor, "/lo"))

    def test_completion(self) -> None:
        """Completion offers the names, and the arguments, of commands somebody may use only."""
        for rank, peer in self.people.items():
            names = {COMMANDS.find(choice.removeprefix("/")).name for choice in COMMANDS.complete(peer.actor, "/")}
            self.assertEqual(names, {verb.name for verb in COMMANDS.of_rank(rank)}, rank)
            self.assertEqual(COMMANDS.complete(peer.actor, "/kick g"), ["gus"] if rank >= 2 else [])

    def test_help(self) -> None:
        """After /help, names of commands and topics are completed; those of operators for operators only."""
        guest, boss = self.people[Rank.GUEST].actor, self.people[Rank.OPERATOR].actor
        self.assertEqual(COMMANDS.complete(guest, "/help a"), ["account", "away"])
        self.assertEqual(COMMANDS.complete(boss, "/help ac"), ["account", "accounts"])
        self.assertEqual(COMMANDS.complete(guest, "/help /sw"), ["switch"])

    def test_program(self) -> None:
        """A program asks what a half-typed line could become."""
        (bot,) = House().come("bot", door="json")
        bot.do("complete", text="/hi", ref=1)
        (listed,) = bot.answers
        assert isinstance(listed, Listed)
        (item,) = listed.items
        self.assertEqual((listed.what, listed.lines, item["text"]), ("completions", ("/history",), "/history"))
        self.assertEqual(
            (item["usage"], item["about"]), (COMMANDS.find("history").usage, COMMANDS.find("history").clause)
        )
        bot.do("complete", text="on :turtle", ref=2)
        found = bot.answers[-1]
        assert isinstance(found, Listed)
        self.assertEqual(found.items, ({"text": ":turtle:", "emoji": "🐢"},))


class CostTests(SynchronousTestCase):
    def test_reading_few(self) -> None:
        """A history costs by how many messages are asked for; never less than a line, nor more than any history."""
        history = COMMANDS.find("history")
        costs = [history.cost_of({"count": count}) for count in (1, 20, 60, 200, 1000)]
        self.assertEqual([*costs, history.cost_of({})], [1, 1, 3, 10, 10, 10])


class ItemTests(SynchronousTestCase):
    def test_every_verb(self) -> None:
        """The items list every verb somebody may use, on the first page and on that of the topics."""
        for rank, peer in people().items():
            for words in ("", "topics"):
                names = [item["command"] for item in asked(peer, words).items]
                self.assertEqual(names, [verb.name for verb in COMMANDS.of_rank(rank)])

    def test_one(self) -> None:
        """The items of a command or a topic are those it is about."""
        (guest,) = House().come("gus")
        self.assertEqual([item["command"] for item in asked(guest, "msg").items], ["msg"])
        self.assertEqual({item["topic"] for item in asked(guest, "rooms").items}, {"rooms"})

    def test_fields(self) -> None:
        """An item says how the verb is typed and asked for, what it does, and where it stands."""
        (guest,) = House().come("gus")
        (item,) = asked(guest, "register").items
        self.assertEqual(
            item,
            {
                "command": "register",
                "usage": "/register PASSWORD [CODE]",
                "fields": ["password", "code"],
                "arguments": [
                    {"name": "password", "label": "PASSWORD", "typed": True, "optional": False, "secret": True},
                    {"name": "code", "label": "CODE", "typed": True, "optional": True, "secret": True},
                ],
                "aliases": [],
                "text": "Make your nickname your own: from then on it asks for this password.",
                "topic": "account",
                "secret": True,
            },
        )

    def test_arguments(self) -> None:
        """The arguments have the names of the fields; those that are only sent as JSON are not typed."""
        peer = people()[Rank.OPERATOR]
        for item in asked(peer).items:
            arguments = item["arguments"]
            self.assertEqual([argument["name"] for argument in arguments], item["fields"])
            for argument in arguments:
                self.assertTrue(argument["label"], item)
                self.assertEqual(argument["typed"], argument["label"] in item["usage"], (item, argument))
        (say,) = asked(peer, "say").items
        self.assertEqual(
            say["arguments"][1], {"name": "room", "label": "ROOM", "typed": False, "optional": True}
        )  # fmt: skip

    def test_secret(self) -> None:
        """Only passwords and codes are marked as secret: a client needs no English to know what to hide."""
        secret = {
            (item["command"], argument["name"])
            for item in asked(people()[Rank.OPERATOR]).items
            for argument in item["arguments"]
            if argument.get("secret")
        }
        self.assertEqual(
            secret,
            {
                ("register", "password"), ("register", "code"), ("login", "password"), ("password", "old"),
                ("password", "new"), ("unregister", "password"), ("adduser", "password"), ("setpassword", "password"),
            },
        )  # fmt: skip


class LongFieldsTests(SynchronousTestCase):
    """No field of any command costs much before it is refused."""

    LONG = ("\ufdfa" * 5385, "a" + "\u0301\u0316" * 4000, "x" * 16384)

    def test_every_field(self) -> None:
        """A long text in any field of any command is refused by a person's fault, and no cache holds anything of it."""
        house = House()
        olga = operator(house, "olga", "json")
        remembered = names._skeleton.cache_info().currsize
        cleaned = {(name, "text") for name in ("complete", "away", "announce", "motd")} | {("leave", "reason")}
        for verb in COMMANDS.sorted():
            for parameter in verb.parameters:
                for long in self.LONG if verb.name != "exit" else ():
                    fields = {one.name: "1" for one in verb.parameters if not one.optional}
                    olga.take()
                    olga.do(verb.name, **{**fields, parameter.name: long})
                    codes = olga.codes
                    with self.subTest(verb=verb.name, field=parameter.name):
                        if (verb.name, parameter.name) not in cleaned:
                            self.assertEqual(len(codes), 1)
                        self.assertNotIn("server-error", codes)
                        self.assertTrue(all(len(answer.text) < 1000 for answer in olga.answers
                                            if isinstance(answer, Refused)))  # fmt: skip
        self.assertEqual(names._skeleton.cache_info().currsize, remembered)


class CompletionTests(SynchronousTestCase):
    def test_many(self) -> None:
        """Of very many words some are listed, and what these have in common all have."""
        house = House()
        house.come(*(f"peer{number}" for number in range(100, 350)), "Person")
        (bot,) = house.come("bot", door="json")
        bot.do("complete", text="/msg pe")
        (listed,) = [answer for answer in bot.answers if isinstance(answer, Listed)]
        words = [item["text"] for item in listed.items]
        self.assertEqual((len(words), listed.more), (COMPLETIONS, 251 - COMPLETIONS))
        self.assertEqual((words[0], words[-1]), ("peer100", "Person"))
        bot.take()
        bot.do("complete", text="/msg pers")
        (listed,) = [answer for answer in bot.answers if isinstance(answer, Listed)]
        self.assertEqual(([*listed.items], listed.more), ([{"text": "Person"}], 0))
