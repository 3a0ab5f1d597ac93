"""The promises of every journal about messages of several lines, and about replies."""

from dataclasses import replace

from groupchat.model.drafts import Audience, Draft, Erase, Expire, Kind, StoredPost
from groupchat.model.errors import AlreadyDeleted, BadArguments, NoSuchMessage, Refusal
from groupchat.model.events import SERVER, Acted, AuthorId, Edited, Said, Whispered
from groupchat.model.message.sought import Sought
from tests.journals.cases import DecisionsCase
from tests.journals.contract import (
    ALICE,
    BOB,
    CAROL,
    NOON,
    account,
    amended,
    deleted,
    edited,
    events,
    said,
    topic,
    whispered,
)

ALL = Audience(("lobby", "dev"), BOB)


def reply(to: int, text: str = "yes", author: AuthorId = BOB, room: str = "lobby", *within: str) -> Draft:
    """Draft a reply, by somebody who is in its room and in others."""
    return replace(said(text, author, room), reply=to, within=(room, *within))


def private_reply(to: int, author: AuthorId = BOB, reader: AuthorId = ALICE) -> Draft:
    """Draft a private reply."""
    return replace(whispered("yes", author, reader), reply=to, within=("lobby",))


class RepliesContract(DecisionsCase):
    """Tests of every journal."""

    __test__ = False

    async def refusals(self, *drafts: Draft) -> list[Refusal]:
        """Append drafts, all of which must be refused."""
        outcomes = await self.append(*drafts)
        for outcome in outcomes:
            assert isinstance(outcome, Refusal), outcome
        return [outcome for outcome in outcomes if isinstance(outcome, Refusal)]

    async def test_several_lines(self) -> None:
        """A text of several lines comes back as it went in, also edited, and each of its lines is found."""
        text = "first heron\n\n    second egret\nthird"
        await self.append(said(text), whispered(text, ALICE, BOB), said("plain"), edited(3, text))
        page = await self.page(ALL)
        self.assertEqual([post.text for post in page], [text] * 4)  # type: ignore[attr-defined]
        for word in ("heron", "egret", "third"):
            self.assertEqual(await self.ids(self.journal.search(ALL, Sought(word), 9)), [3, 2, 1])

    async def test_calls(self) -> None:
        """What calls everybody says so whenever it is read, also edited; it is found by that, newest first."""
        acted = replace(said("waves"), kind=Kind.ACTED, all=True)
        calls = [replace(said("all", room=room), all=True) for room in ("lobby", "dev", "vault")]
        outcomes = await self.append(*calls, said("plain"), acted, edited(1, "you"), edited(4, "still plain"))
        made = [getattr(post, "all", None) for post in events(outcomes)]
        self.assertEqual(made, [True, True, True, False, True, True, False])
        page = await self.page(ALL)
        self.assertEqual([one.all for one in page], [True, True, False, True, True, False])  # type: ignore[attr-defined]
        self.assertEqual([one.to for one in page if isinstance(one, Edited | Acted)], [""] * 5)
        self.assertEqual(await self.ids(self.journal.calls(ALL, 9)), [5, 2, 1])
        self.assertEqual(await self.ids(self.journal.calls(ALL, 1)), [5])
        self.assertEqual(await self.ids(self.journal.calls(Audience((), BOB), 9)), [])
        (gone,) = events(await self.append(deleted(2, ALICE)))
        self.assertEqual(gone.to, "")  # type: ignore[attr-defined]
        self.assertEqual(await self.ids(self.journal.calls(ALL, 9)), [5, 1])
        await self.append(Expire(NOON + 1))
        self.assertEqual(await self.ids(self.journal.calls(ALL, 9)), [])

    async def test_acts(self) -> None:
        """What somebody does in private is for two people; when edited and read later, it still says what one does."""
        acted = replace(whispered("waves", ALICE, BOB), kind=Kind.ACTED)
        (post, edit) = events(await self.append(acted, edited(1, "nods")))
        self.assertEqual(post, Acted(1, "", "alice", NOON, "waves", to="bob"))
        self.assertEqual(edit, Edited(2, "", "alice", NOON, 1, "nods", "bob"))
        for who in (ALICE, BOB):
            (found,) = await self.journal.recent(Audience((), who), 9, 9)
            self.assertEqual(found.event, Edited(1, "", "alice", NOON, 1, "nods", "bob", acted=True))
        self.assertEqual(await self.ids(self.journal.recent(Audience(("lobby",), CAROL), 9, 9)), [])
        latest = await self.journal.latest(ALICE, "")
        self.assertEqual(None if latest is None else latest.event.id, 1)
        await self.append(deleted(1))
        self.assertEqual(await self.ids(self.journal.recent(Audience((), BOB), 9, 9)), [])

    async def test_replies(self) -> None:
        """A reply says which message it answers and whose that was: when it is posted, and whenever it is read."""
        await self.append(said("who?"), whispered("psst", ALICE, BOB))
        outcomes = await self.append(
            reply(1), replace(reply(1, "nods"), kind=Kind.ACTED), private_reply(2), private_reply(2, ALICE, BOB)
        )
        expected = [
            StoredPost(Said(3, "lobby", "bob", NOON, "yes", 1, "alice"), BOB),
            StoredPost(Acted(4, "lobby", "bob", NOON, "nods", 1, "alice"), BOB),
            StoredPost(Whispered(5, "", "bob", NOON, "alice", "yes", 2, "alice"), BOB, ALICE),
            StoredPost(Whispered(6, "", "alice", NOON, "bob", "yes", 2, "alice"), ALICE, BOB),
        ]
        self.assertEqual(outcomes, expected)
        await self.reopen()
        self.assertEqual(await self.journal.page(ALL, 2, 9, 9), expected)
        self.assertEqual(await self.journal.search(ALL, Sought("nods"), 9), expected[1:2])

    async def test_same_commit(self) -> None:
        """A reply may follow its message in one transaction, and be answered itself."""
        outcomes = await self.append(said("who?"), reply(1), reply(2, author=CAROL))
        self.assertEqual([post.reply_nick for post in map(_event, outcomes)], ["", "alice", "bob"])

    async def test_unseen(self) -> None:
        """What somebody cannot see cannot be answered, in the same words as what does not exist."""
        await self.append(said("a", room="dev"), whispered("b", ALICE, CAROL), topic("c"), edited(1, "d"))
        for number in (0, 1, 2, 3, 4, 5, 99, 2**53):
            for draft in (reply(number), private_reply(number)):
                (refused,) = await self.refusals(draft)
                self.assertIsInstance(refused, NoSuchMessage)
                self.assertEqual(str(refused), f"There is no message #{number}. /history shows the numbers.")
        self.assertEqual(self.journal.head, 4)

    async def test_elsewhere(self) -> None:
        """A message is answered where it was said, and a private one by /msg between the same two people."""
        await self.append(said("a", room="dev"), whispered("b", ALICE, BOB), said("c"))
        refused = await self.refusals(
            reply(1, "x", BOB, "lobby", "dev"), reply(2), private_reply(3), private_reply(2, BOB, CAROL),
            reply(2, author=ALICE),
        )  # fmt: skip
        self.assertEqual({type(each) for each in refused}, {BadArguments})
        self.assertEqual(
            [str(each) for each in refused],
            [
                "#1 is in dev; it cannot be answered in lobby.",
                "#2 is private: /msg alice TEXT answers it, for alice alone.",
                "#3 is in lobby; it cannot be answered in a private message.",
                "#2 is between you and alice: only alice can be sent a reply to it.",
                "#2 is private: /msg bob TEXT answers it, for bob alone.",
            ],
        )
        (quiet,) = await self.append(replace(reply(1, room="dev"), within=()))
        self.assertIsInstance(quiet, StoredPost, "who posts quietly is in no room")

    async def test_deleted(self) -> None:
        """What is deleted cannot be answered any more."""
        await self.append(said("a"), deleted(1))
        (refused,) = await self.refusals(reply(1))
        self.assertIsInstance(refused, AlreadyDeleted)

    async def test_answered_changes(self) -> None:
        """Replies stay as they are when the message they answer is edited, deleted or removed."""
        await self.append(said("a"), reply(1), edited(1, "b"), deleted(1))
        self.assertEqual((await self.page(ALL))[1], Said(2, "lobby", "bob", NOON, "yes", 1, "alice"))
        await self.append(said("later", at=NOON + 9), replace(reply(5), at=NOON + 9))
        await self.append(Expire(NOON + 5), reply(5))
        self.assertEqual(
            [post.reply for post in await self.page(ALL)],  # type: ignore[attr-defined]
            [0, 5, 5],
        )

    async def test_edited(self) -> None:
        """A reply that is edited is still one; the edit says so too."""
        await self.append(said("a"), reply(1), edited(2, "no", BOB))
        await self.reopen()
        self.assertEqual(
            (await self.page(ALL))[1:],
            [
                Edited(2, "lobby", "bob", NOON, 2, "no", "", 1, "alice"),
                Edited(3, "lobby", "bob", NOON, 2, "no", "", 1, "alice"),
            ],
        )

    async def test_erased(self) -> None:
        """A pseudonym stands for the nickname of an erased person in replies, also of those who had been renamed."""
        await self.append(amended(account(ALICE), account(BOB)), said("a"), replace(said("b"), nick="ally"))
        await self.append(reply(1), reply(2), reply(1, author=ALICE))
        await self.append(edited(3, "no", BOB), Erase("alice", "forgotten-0123abcd", SERVER, None))
        for _ in range(2):
            found = {post.id: getattr(post, "reply_nick", None) for post in await self.page(ALL)}
            self.assertEqual((found[3], found[4], found[6]), ("forgotten-0123abcd",) * 3)
            await self.reopen()
        again = await self.append(reply(4, "and?", CAROL))
        self.assertEqual(_event(again[0]).reply_nick, "bob")

    async def test_keys(self) -> None:
        """A reply with a key is stored once; one that was refused does not use the key up."""
        await self.refusals(replace(reply(1), key="k"))
        first, second, third = await self.append(
            said("a"), replace(reply(1), key="k"), replace(reply(1), key="k")
        )  # fmt: skip
        self.assertEqual([_event(first).id, _event(second).id], [1, 2])
        self.assertEqual(getattr(third, "id", None), 2)
        self.assertEqual(events(await self.journal.recent(ALL, 9, 9))[-1].id, 2)


def _event(outcome: object) -> Said:
    assert isinstance(outcome, StoredPost), outcome
    assert isinstance(outcome.event, Said)
    return outcome.event
