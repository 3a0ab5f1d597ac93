"""The verbs that post: saying, writing privately, changing and deleting."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Acted, Deleted, Done, Edited, Listed, Refused, Replayed, Said, Typing, Whispered
from tests.fakes import HeldJournal
from tests.house import House
from tests.people import account, member, operator


class SayingTests(SynchronousTestCase):
    def test_say(self) -> None:
        """/say says its text as it is, also when that begins with a slash; nothing to say is refused."""
        alice, bob = House().come("alice", "bob")
        alice.type("/say /exit", "/say  s/a/b/ ", "/me waves", "/say", "/me")
        alice.do("say", text="   ")
        self.assertEqual(
            [(type(event), event.text) for event in bob.take()],  # type: ignore[attr-defined]
            [(Said, "/exit"), (Said, "s/a/b/ "), (Acted, "waves")],
        )
        self.assertEqual(alice.codes, ["bad-arguments", "bad-arguments", "nothing-to-say"])

    def test_other_room(self) -> None:
        """A program says and does things in the room it names, and stays in its current one."""
        house = House()
        (bot,) = house.come("bot", door="json")
        (alice,) = house.come("alice")
        alice.type("/join dev", "/leave lobby")
        bot.do("join", room="dev").do("switch", room="lobby")
        alice.take()
        bot.do("say", text="there", room="dev").do("me", text="waves", room="#DEV").do("say", text="here")
        self.assertEqual([(event.room, event.text) for event in alice.take()], [("dev", "there"), ("dev", "waves")])  # type: ignore[attr-defined]
        self.assertEqual(bot.connection.current, "lobby")
        self.assertEqual(bot.codes, [])

    def test_not_there(self) -> None:
        """Nothing is said in a room somebody is not in, or with a wrong name; nor in the current room instead."""
        house = House()
        (bot,) = house.come("bot", door="json")
        for verb in ("say", "me"):
            for room, code in (("dev", "not-in-room"), ("no such", "room-invalid"), (7, "bad-arguments")):
                bot.take()
                bot.do(verb, text="x", room=room)
                self.assertEqual(bot.codes, [code], (verb, room))
        self.assertEqual(house.hall.stream.delivered, 0)

    def test_emoji(self) -> None:
        """Shortcuts become emoji for those who like them, in everything that is said."""
        house = House()
        (alice, bob) = house.come("alice", "bob")
        alice.type(":)", "/me :)", "/msg bob :)", "/set emoji off", ":)")
        self.assertEqual([event.text for event in bob.events], ["😊"] * 3 + [":)"])  # type: ignore[attr-defined]


class CallTests(SynchronousTestCase):
    """@all of those who keep order calls everybody in the room."""

    def setUp(self) -> None:
        self.house = House()
        self.boss, self.carol = operator(self.house, "boss"), member(self.house, "carol")
        (self.bob,) = self.house.come("bob")

    def called(self) -> list[tuple[str, bool]]:
        """Return what bob was shown since this was asked last, and whether it called him."""
        return [(event.text, event.all) for event in self.bob.take() if isinstance(event, Said | Acted | Edited)]

    def test_operators(self) -> None:
        """Operators of the server and of the room call everybody there; of others it is text, as in code."""
        self.boss.type("/op carol")
        self.bob.take()
        self.bob.type("@all look")
        for words, is_call in (
            ("@all the bell rings", True), ("hello `@all`", False), ("mail x@all.example", False),
            ("all of you", False), ("@alle", False), ("@ALL: now", True),
        ):  # fmt: skip
            self.boss.type(words)
            self.assertEqual(self.called(), [(words, is_call)])
            self.house.pass_time(60)
        self.carol.type("/me calls @all", "/edit @all again")
        self.assertEqual(self.called(), [("calls @all", True), ("@all again", True)])
        self.house.pass_time(60)
        self.boss.type("/join dev", "/msg bob @all")
        self.assertEqual(self.called(), [])
        self.boss.take()
        self.carol.type("/join dev", "@all is text where one keeps no order")
        (said,) = (event for event in self.boss.events if isinstance(event, Said))
        self.assertFalse(said.all)

    def test_pace(self) -> None:
        """In a room everybody is called once a minute, whoever does; a line that was not said counts for nothing."""
        self.boss.type("/op carol", "@all one")
        self.house.pass_time(20)
        self.carol.type("@all two", "two")
        self.assertEqual(self.carol.codes, ["slow-mode"])
        refused = next(answer for answer in self.carol.answers if isinstance(answer, Refused))
        self.assertEqual((refused.wait, "in 40 s" in refused.text), (40.0, True))
        self.house.pass_time(40)
        self.carol.do("say", text="@all", reply=999)
        self.carol.type("@all three")
        self.assertEqual(self.called(), [("@all one", True), ("two", False), ("@all three", True)])

    def test_asked_again(self) -> None:
        """A call that is sent again, as after a connection was lost, is answered as what it is: said already."""
        for text, key in (("@all the bell", "k1"), ("@all the bell", "k1"), ("@all once more", "k2")):
            self.boss.session.do("say", {"text": text}, None, key)
            self.house.turn()
        self.assertEqual(self.boss.codes, ["slow-mode"])
        self.assertEqual([done.id for done in self.boss.answers if isinstance(done, Done)], [1, 1])
        self.assertEqual(self.called(), [("@all the bell", True)])

    def test_mentions(self) -> None:
        """It counts as a mention, until it is deleted: in /mentions, and in what is new for those who were away."""
        self.carol.type("/exit")
        self.boss.type("@all the bell rings", "bob is here", "no bell")
        self.bob.type("/mentions")
        (found,) = (answer for answer in self.bob.answers if isinstance(answer, Replayed))
        self.assertEqual([post.text for post in found.posts], ["bob is here", "@all the bell rings"])  # type: ignore[attr-defined]
        carol = self.house.connect().type("carol", "correct horse")
        (unread,) = (answer for answer in carol.answers if isinstance(answer, Listed) and answer.what == "unread")
        self.assertEqual((unread.items[0]["new"], unread.items[0]["mentions"]), (3, 1))
        self.boss.type("/delete #1")
        self.bob.take()
        self.bob.type("/mentions")
        (found,) = (answer for answer in self.bob.answers if isinstance(answer, Replayed))
        self.assertEqual([post.text for post in found.posts], ["bob is here"])  # type: ignore[attr-defined]


class SeveralLinesTests(SynchronousTestCase):
    """Messages of several lines, which programs send."""

    TEXT = "def f():\n    return ':)'\n\nprint(f()) :)"

    def test_said(self) -> None:
        """Blank lines and leading blanks stay as they are, and so do smileys; it is one message."""
        bot, alice = House().come("bot", "alice", door="json")
        bot.do("set", name="emoji", value="on")
        bot.do("say", text=self.TEXT + "\r\n\r\n").do("msg", nick="alice", text=self.TEXT)
        bot.do("say", text="x").do("edit", text=self.TEXT).do("reply", text="a\nb")
        self.assertEqual([event.text for event in alice.events], [self.TEXT, self.TEXT, "x", self.TEXT])  # type: ignore[attr-defined]
        self.assertEqual(bot.codes, ["no-such-nick"])
        bot.do("say", text=":)\n\n")
        self.assertEqual(alice.events[-1].text, "😊")  # type: ignore[attr-defined]

    def test_too_long(self) -> None:
        """What is too long is refused whole, with figures."""
        bot, alice = House().come("bot", "alice", door="json")
        bot.do("say", text="x\n" * 61).do("say", text="x" * 4097).do("msg", nick="alice", text="é\n" * 1500)
        self.assertEqual(bot.codes, ["too-long"] * 3)
        self.assertEqual(
            [answer.text for answer in bot.answers],  # type: ignore[attr-defined]
            [
                "A message has at most 60 lines; this one has 61.",
                "A message has at most 4,096 bytes; this one has 4,097.",
                "A message has at most 60 lines; this one has 1,500.",
            ],
        )
        bot.do("say", text="\n \n")
        self.assertEqual(bot.codes[3:], ["nothing-to-say"])
        self.assertEqual(alice.events, [])

    def test_one_line(self) -> None:
        """What stands within a line of others has one line: it is refused by its name, and nothing of it is done."""
        house = House()
        (bot,) = house.come("bot", door="json")
        for verb, field in (("me", "text"), ("topic", "text"), ("away", "text"), ("leave", "reason")):
            bot.take()
            bot.do(verb, **{field: "a\nb"})
            self.assertEqual(bot.codes, ["bad-character"], verb)
            self.assertIn(f"The {field} of {verb} has one line.", bot.answers[0].text)  # type: ignore[attr-defined]
        self.assertEqual(house.hall.stream.delivered, 0)

    def test_corrected(self) -> None:
        """A correction changes one word of a message of several lines, and no line."""
        bot, alice = House().come("bot", "alice", door="json")
        bot.do("say", text="one\ntow\nthree").session.type("s/tow/two/")
        self.assertEqual(alice.events[-1].text, "one\ntwo\nthree")  # type: ignore[attr-defined]

    def test_cost(self) -> None:
        """A message counts once, and by the number of its lines: six cost as much as a line more."""
        costs = []
        for lines in (1, 6, 7, 60):
            house = House(flood_burst=100, flood_rate=1)
            (bot,) = house.come("bot", door="json", exempt=False)
            assert bot.session._bucket is not None
            before = bot.session._bucket._balance
            bot.do("say", text="\n".join(["x"] * lines))
            costs.append(before - bot.session._bucket._balance)
        self.assertEqual(costs, [1, 1, 2, 10])


class ReplyTests(SynchronousTestCase):
    def test_reply(self) -> None:
        """A reply names what it answers, whoever sends it and however."""
        alice, bob = House().come("alice", "bob")
        alice.type("who?")
        bob.type("/re #1 me", "/re 1   and me", "/re #1 :)")
        shown = [(event.text, event.reply, event.reply_nick) for event in alice.events]  # type: ignore[attr-defined]
        self.assertEqual(shown, [("me", 1, "alice"), ("and me", 1, "alice"), ("😊", 1, "alice")])
        bob.type("/re", "/re me", "/re #1", "/re #9 x", "/re #99999999999999999999 x")
        self.assertEqual(bob.codes, ["bad-arguments"] * 3 + ["no-such-message", "bad-arguments"])

    def test_private(self) -> None:
        """A private message is answered with /msg, which the refusal says; a program's reply stays private."""
        alice, bob, bot = House().come("alice", "bob", "bot", door="json")
        alice.do("msg", nick="bob", text="psst").take()
        bob.do("re", id=1, text="what?").do("say", text="what?", reply=1).do("me", text="nods", reply=1)
        self.assertEqual(bob.codes, ["bad-arguments"] * 3)
        self.assertIn("/msg alice TEXT", bob.answers[0].text)  # type: ignore[attr-defined]
        bob.do("msg", nick="alice", text="what?", reply=1)
        self.assertEqual([(event.text, event.reply) for event in alice.events], [("what?", 1)])  # type: ignore[attr-defined]
        bot.do("say", text="x", reply=1)
        self.assertEqual((bot.codes, bot.events), (["no-such-message"], []))

    def test_rooms(self) -> None:
        """A reply is said in the room of the message, which must be one of one's own."""
        house = House()
        bot, alice = house.come("bot", "alice", door="json")
        alice.do("join", room="dev").do("say", text="who?", room="dev").do("say", text="lobby?", room="lobby")
        bot.do("say", text="x", reply=1).do("say", text="x", reply=1, room="dev")
        self.assertEqual(bot.codes, ["no-such-message", "not-in-room"])
        alice.take()
        alice.do("say", text="x", reply=1, room="lobby").do("say", text="x", reply="1").do("say", text="x", reply=True)
        self.assertEqual(alice.codes, ["bad-arguments"] * 3)
        alice.do("say", text="x", reply=1, room="dev")
        self.assertEqual(alice.codes[3:], [])


class PrivateTests(SynchronousTestCase):
    def test_answer(self) -> None:
        """The sender is told the number, and once the words of somebody away; nobody is told their own words."""
        house = House()
        (bot, bob) = house.come("bot", "bob", door="json")
        bot.do("msg", nick="BOB", text="here?")
        bob.do("away", text="tea").do("msg", nick="bob", text="note")
        bot.do("tell", nick="bob", text="one").do("w", nick="bob", text="two")
        self.assertEqual(bot.answers, [Done(1), Done(3, "bob is away: tea."), Done(4)])
        self.assertEqual([answer.text for answer in bob.answers if isinstance(answer, Done)][1:], [""])

    def test_account_here(self) -> None:
        """To somebody with an account who is here a message is shown at once, and said so by silence."""
        house = House()
        alice = member(house, "alice")
        (bob,) = house.come("bob")
        bob.type("/msg alice hi")
        self.assertEqual(bob.told, [""])
        self.assertEqual([event.text for event in alice.events if isinstance(event, Whispered)], ["hi"])

    def test_reply_to_nobody(self) -> None:
        """Before the first private message there is nobody to answer, and the refusal says so."""
        (alice,) = House().come("alice")
        alice.type("/reply hi")
        self.assertEqual([answer.text for answer in alice.answers], ["Nobody has sent you a private message yet."])  # type: ignore[attr-defined]

    def test_reply(self) -> None:
        """/reply answers the sender of the last private message, under whichever nickname they have now."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        bob.type("/reply too early")
        self.assertEqual(bob.codes, ["no-such-nick"])
        carol.type("/msg bob first")
        alice.type("/msg bob second", "/nick anna")
        house.pass_time(10)
        bob.type("/r yes?")
        self.assertEqual([event.text for event in alice.events if isinstance(event, Whispered)][-1], "yes?")
        alice.vanish()
        house.come("anna")
        bob.take()
        bob.type("/reply still there?")
        self.assertEqual(bob.codes, ["no-such-nick"])

    def test_reply_later(self) -> None:
        """A reply to somebody with an account who has left is kept for them."""
        house = House()
        alice = member(house, "alice")
        (bob,) = house.come("bob")
        alice.type("/msg bob hi")
        alice.vanish()
        bob.take()
        bob.type("/reply later")
        self.assertEqual(bob.told, ["alice is not here now, and will see it when they come back."])

    def test_account_elsewhere(self) -> None:
        """A message to an account that is not here is private between the two, and stays out of rooms."""
        house = House()
        account(house.hall, "dora")
        alice, bob = house.come("alice", "bob")
        alice.type("/msg dora psst")
        self.assertEqual(bob.events, [])
        self.assertEqual([type(event) for event in alice.events], [Whispered])
        self.assertEqual(len(alice.told), 1)

    def test_oneself(self) -> None:
        """A message to oneself is shown once."""
        (alice,) = House().come("alice")
        alice.type("/msg alice note")
        self.assertEqual([event.text for event in alice.events if isinstance(event, Whispered)], ["note"])


class ChangeTests(SynchronousTestCase):
    def test_pipelined(self) -> None:
        """Without a number the last message is changed, also one that is not on disk yet."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob")
        alice.type("one", "two", "/edit deux", "/delete", "/edit uno")
        while journal.pending:
            journal.commit()
        changes = [event for event in bob.events if isinstance(event, Edited | Deleted)]
        self.assertEqual([change.target for change in changes], [2, 2, 1])

    def test_others(self) -> None:
        """What others said, what is not there, and what is deleted cannot be changed."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("mine", "gone", "/delete")
        bob.type("/edit #1 stolen", "/delete #1", "/edit #99 x")
        self.assertEqual(bob.codes, ["not-yours", "not-yours", "no-such-message"])
        alice.type("/edit #2 x")
        self.assertEqual(alice.codes, ["already-deleted"])

    def test_a_day(self) -> None:
        """Messages can be changed by their author for 24 hours, and not after."""
        house = House()
        (alice,) = house.come("alice")
        alice.type("one")
        house.clock.advance(24 * 3600 - 1)
        alice.type("/edit #1 uno")
        self.assertEqual(alice.codes, [])
        house.clock.advance(2)
        alice.type("/edit #1 eins", "/delete #1")
        self.assertEqual(alice.codes, ["too-old"] * 2)

    def test_anybodys(self) -> None:
        """An operator deletes a message of anybody by its number; without one, their own last message."""
        house = House()
        boss = operator(house, "boss")
        (alice,) = house.come("alice")
        alice.type("hers")
        boss.type("mine", "/delete", "/delete #1")
        self.assertEqual([event.target for event in alice.events if isinstance(event, Deleted)], [2, 1])
        self.assertEqual(boss.codes, [])
        self.assertEqual(len(boss.told), 3)

    def test_private(self) -> None:
        """A change of a private message is shown to the two it is between only."""
        alice, bob, carol = House().come("alice", "bob", "carol")
        alice.type("/msg bob teh", "/edit #1 the", "/delete #1")
        self.assertEqual([type(event) for event in bob.events], [Whispered, Edited, Deleted])
        self.assertEqual(carol.events, [])

    def test_last_of_the_room(self) -> None:
        """Without a number the last message in the room is meant: none of another room, and nothing private."""
        house = House()
        alice, bob = house.come("alice", "bob")
        for line in ("/edit x", "/delete", "s/t/T/", "/last"):
            bob.take()
            alice.type("two", "/join dev", "there", "/switch lobby", "/msg bob to bob", line)
            said, _, *changes = bob.events
            assert isinstance(said, Said)
            self.assertEqual([type(change) for change in changes],
                             {"/delete": [Deleted], "/last": []}.get(line, [Edited]), line)  # fmt: skip
            self.assertEqual([change.target for change in changes], [said.id] * len(changes))  # type: ignore[attr-defined]
            self.assertEqual(alice.codes, [])
        alice.type("/join attic", "/msg bob again")
        alice.take()
        alice.type("/edit x", "/delete", "s/a/b/", "/last")
        self.assertEqual(alice.codes, ["no-such-message"] * 4)
        self.assertEqual({answer.text for answer in alice.answers},  # type: ignore[attr-defined]
                         {"You have no message in attic: you have said nothing there, or deleted it."})  # fmt: skip

    def test_room_of_a_program(self) -> None:
        """A program changes its last message in the room that it names, and not another one."""
        house = House()
        (bot,) = house.come("bot", door="json")
        bot.do("say", text="here").do("join", room="dev").do("say", text="there").take()
        bot.do("edit", text="x", room="lobby").do("delete", room="dev").do("edit", text="y", room="attic")
        bot.do("edit", id=1, text="y", room="lobby").do("delete", id=1, room="lobby").do("delete", room="")
        self.assertEqual([answer.id for answer in bot.answers if isinstance(answer, Done)], [3, 4])
        self.assertEqual(bot.codes, ["not-in-room", *["bad-arguments"] * 3])

    def test_in_no_room(self) -> None:
        """In no room there is no last message: its number is needed."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("one", "/leave")
        alice.take()
        alice.type("/edit x", "/delete", "s/o/O/", "/edit #1 uno")
        self.assertEqual(alice.codes, ["not-in-room"] * 3)
        self.assertIsInstance(bob.events[-1], Edited)

    def test_no_numbers(self) -> None:
        """What looks like the number of a message and is none is refused, and is no text."""
        alice, bob = House().come("alice", "bob")
        alice.type("one")
        for line in ("/edit #999999999999999999999 x", "/edit #12x foo", "/edit 5.0 x", "/edit -1 x", "/delete 5.0",
                     "/delete #1x", "/edit 3rd time"):  # fmt: skip
            alice.take()
            alice.type(line)
            self.assertEqual(alice.codes, ["bad-arguments"], line)
        alice.type("/edit #python is fine")
        self.assertEqual([(event.target, event.text) for event in bob.events if isinstance(event, Edited)],
                         [(1, "#python is fine")])  # fmt: skip

    def test_answers(self) -> None:
        """A program is told the number under which its change stands."""
        (bot,) = House().come("bot", door="json")
        bot.do("say", text="one", ref=1).do("edit", text="uno", ref=2).do("delete", id=1, ref=3)
        self.assertEqual(bot.refs(), [("Done", 1), ("Done", 2), ("Done", 3)])

    def test_same_key(self) -> None:
        """What is posted again with the same key is answered as before, and stored once."""
        house = House()
        (bot,) = house.come("bot", door="json")
        (alice,) = house.come("alice")
        for _ in range(2):
            bot.do("say", text="once", key="k1")
        bot.do("me", text="waves", key="k2")
        self.assertEqual(bot.answers, [Done(1), Done(1), Done(2)])
        self.assertEqual([event.id for event in alice.events], [1, 2])  # type: ignore[attr-defined]


class SubstitutionTests(SynchronousTestCase):
    def test_nothing_said(self) -> None:
        """Somebody who has said nothing has nothing to correct."""
        (alice,) = House().come("alice")
        alice.type("s/a/b/")
        self.assertEqual(alice.codes, ["no-such-message"])

    def test_every_time(self) -> None:
        """With a g at the end every occurrence is corrected."""
        alice, bob = House().come("alice", "bob")
        alice.type("teh cat and teh dog", "s/teh/the/g")
        self.assertEqual([event.text for event in bob.events][1:], ["the cat and the dog"])  # type: ignore[attr-defined]

    def test_never_said(self) -> None:
        """What looks like a correction and is none is answered, with how to say it all the same, and never said."""
        alice, bob = House().come("alice", "bob")
        alice.type("one two")
        for line in ("s/a", "s/a/b", "s//x/", "s/nowhere/x/", "s/one/two/three/", "s/one/x/q", "s|one|x|", "s,one,x,g"):
            alice.take()
            alice.type(line)
            self.assertEqual(alice.codes, ["bad-arguments"], line)
            self.assertIn(f"/say {line}", alice.answers[0].text)  # type: ignore[attr-defined]
            alice.type(f"/say {line}")
            self.assertEqual(bob.texts[-1], line)
            alice.type("/delete")
        alice.type(" s/a/b/", "s, I think so")
        self.assertEqual(bob.texts[-2:], [" s/a/b/", "s, I think so"])
        self.assertFalse([event for event in bob.events if isinstance(event, Edited)])

    def test_nothing_left(self) -> None:
        """A correction that would leave nothing is refused, and the message stays."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("oops", "s/oops//")
        self.assertEqual(alice.codes, ["nothing-to-say"])
        self.assertEqual(bob.texts, ["oops"])


class TypingTests(SynchronousTestCase):
    def test_other_room(self) -> None:
        """A program says in which of its rooms somebody is typing; others are told there only."""
        house = House()
        bot, alice, carol = house.come("bot", "alice", "carol", door="json")
        carol.do("join", room="dev").do("leave", room="lobby")
        bot.do("join", room="dev").do("switch", room="lobby")
        for peer in (bot, alice, carol):
            peer.take()
        bot.do("typing", room="dev")
        self.assertEqual(carol.take(), [Typing("dev", "bot", house.now())])
        self.assertEqual(alice.take(), [])
        self.assertEqual(bot.take(), [Done()])

    def test_not_there(self) -> None:
        """Nobody types in a room they are not in."""
        (bot,) = House().come("bot", door="json")
        bot.do("typing", room="dev").do("leave").do("typing")
        self.assertEqual(bot.codes, ["not-in-room"] * 2)
