"""The promises of every journal that can follow a log about what stands behind an erasure.

Every kind of operation, consequence, post and fact is here by its name: a new one has to be, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from groupchat.facts.account_facts import (
    AccessToken,
    Account,
    AccountRooms,
    ErasedAuthor,
    Hook,
    Ignoring,
    KeptPreferences,
    KnownAddress,
    RankGiven,
    ReadPosition,
    RegistrationCode,
)
from groupchat.facts.kinds import KINDS
from groupchat.facts.reading_places import talk
from groupchat.facts.room_facts import Closed, Invitation, Lock, Motd, RoomOperator, RoomSettings, Slow
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute
from groupchat.facts.typed import TypedFact
from groupchat.facts.whereabouts import Places
from groupchat.journals.rules.codec import CONSEQUENCES, OPERATIONS
from groupchat.model.drafts import (
    Amendment,
    Announce,
    Audience,
    Consequence,
    Deed,
    Draft,
    Erase,
    Expire,
    FactChange,
    ForgetSessions,
    Kind,
    Need,
    Operation,
    PutOut,
    ReadUpTo,
    Revoke,
    SessionAt,
    StoredFile,
    StoredPost,
    StoredSession,
)
from groupchat.model.errors import Kicked, NoSuchMessage, NoSuchNick
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.node_operations import (
    Attend,
    Check,
    Depart,
    NodeDown,
    NodeUp,
    Passing,
    Presence,
    RemoveNode,
    Rules,
)
from groupchat.model.ranks import Rank
from tests.journals.cases import DecisionsCase
from tests.journals.contract import BOB, CAROL, LOBBY, NOON, account, amended

WHO = AuthorId(4321098765)
"""Whoever is erased."""
NICK, ALIAS = "victim", "forgotten-0123abcd"
DIGEST = "d" * 64
OVER = Need(Rank.ROOM_OPERATOR, "lobby", WHO)


def post(kind: Kind, author: AuthorId = WHO, **more: Any) -> Draft:
    """Draft what somebody posts."""
    nick = {WHO: NICK, BOB: "bob", CAROL: "carol"}[author]
    room = "" if "reader" in more else "lobby"
    return Draft(kind, author, nick, NOON, room, **{"text": "behind", **more})


def deed(act: str, *changes: Consequence, needs: Need | None = None, about: int | None = None) -> Draft:
    """Draft what an operator does to whoever is erased."""
    text = Deed(act, f"did {act} to {NICK}: spam", NICK, None, "spam").encode()
    return post(Kind.MODERATED, BOB, text=text, changes=changes, needs=needs, target=about)


def by(author: AuthorId, *changes: Consequence) -> Amendment:
    """Ask for changes without a post."""
    return Amendment(author, NOON, changes)


def presence(author: AuthorId = WHO, nick: str = NICK, digest: str = DIGEST) -> Presence:
    """Make the presence of somebody in the lobby."""
    return Presence(digest, "a1", 5, author, nick, nick, "", NOON, NOON, ("lobby",), "lobby")


def session(author: AuthorId = WHO, nick: str = NICK, digest: str = DIGEST, **more: Any) -> StoredSession:
    """Make a session."""
    return StoredSession(author, digest, nick, ("lobby",), 0, NOON, "lobby", **more)


FACTS: Mapping[type[TypedFact], Sequence[tuple[AuthorId, TypedFact]]] = {
    Account: [(SERVER, Account(NICK, NICK, WHO, "1:hash", NOON))],
    RankGiven: [(SERVER, RankGiven(WHO, Rank.OPERATOR, "bob", NOON)), (WHO, RankGiven(CAROL, Rank.OPERATOR, NICK, 0))],
    RegistrationCode: [(WHO, RegistrationCode("c" * 64, NICK, NOON))],
    KeptPreferences: [(WHO, KeptPreferences(WHO, "text", {"zone": NICK}))],
    Ignoring: [(BOB, Ignoring(BOB, WHO, NICK, "x")), (WHO, Ignoring(WHO, BOB, "bob"))],
    ReadPosition: [(SERVER, ReadPosition(WHO, "lobby", 1, NOON))],
    KnownAddress: [(SERVER, KnownAddress(WHO, "c" * 32, NOON))],
    AccountRooms: [(SERVER, AccountRooms(WHO, Places(("lobby",), "lobby")))],
    AccessToken: [(WHO, AccessToken(WHO, NICK, "c" * 64, NOON))],
    ErasedAuthor: [],  # it has a pseudonym
    Hook: [(WHO, Hook(WHO, NICK, "lobby", "c" * 64, NOON))],
    Ban: [(BOB, Ban(NICK, NICK, WHO, True, "lobby", "bob", "spam", NOON, None)),
          (WHO, Ban("carol", "carol", CAROL, False, "", NICK, "spam", NOON, None))],
    Mute: [(BOB, Mute(NICK, NICK, WHO, True, "lobby", "bob", "spam", NOON, None)),
           (WHO, Mute("carol", "carol", CAROL, False, "", NICK, "spam", NOON, None))],
    NetworkBan: [(WHO, NetworkBan("192.0.2.0/24", "192.0.2.0/24", None, False, "", NICK, "spam", NOON, None))],
    NetworkMute: [(WHO, NetworkMute("192.0.2.0/24", "192.0.2.0/24", None, False, "", NICK, "spam", NOON, None))],
    Lock: [(WHO, Lock("dev", NICK, NOON))],
    Slow: [(WHO, Slow("dev", 5, NICK, NOON))],
    RoomSettings: [(WHO, RoomSettings("dev", {"topic": "operators"}, NICK, NOON))],
    Closed: [(WHO, Closed("dev", NICK, "spam", NOON))],
    Invitation: [(BOB, Invitation("lobby", WHO, NICK, "bob", NOON)), (WHO, Invitation("dev", CAROL, "carol", NICK, 0))],
    RoomOperator: [(BOB, RoomOperator("lobby", WHO, NICK, "bob", NOON)),
                   (WHO, RoomOperator("dev", BOB, "bob", NICK, NOON))],
    Motd: [(WHO, Motd(f"{NICK} says", NICK, NOON))],
}  # fmt: skip
"""For each kind of fact who asks for it, and how it would name whoever is erased."""

CHANGES: Mapping[type[Any], Sequence[Operation]] = {
    FactChange: [
        *(by(author, fact.put()) for facts in FACTS.values() for author, fact in facts),
        *(deed("did", fact.put()) for facts in FACTS.values() for author, fact in facts if author == BOB),
        deed("uninvite", Invitation("lobby", WHO, NICK, "bob", NOON).undone()),
        deed("unban", Ban(NICK, NICK, WHO, True, "dev", "bob", "spam", NOON, None).undone()),
    ],
    Revoke: [by(WHO, Revoke(WHO, only=DIGEST))],
    PutOut: [deed("kick", PutOut(WHO, "lobby", "kicked", "Go.", "spam")),
             post(Kind.MODERATED, text="did", changes=(PutOut(BOB, "lobby", "kicked", f"By {NICK}."),))],
    Announce: [by(WHO, Announce(f"{NICK} to everybody: behind"))],
}  # fmt: skip
"""For each consequence what has it, and would name whoever is erased."""

FILE = StoredFile("f" * 64, 3, "text/plain")

POSTS: Mapping[Kind, Sequence[Operation]] = {
    Kind.SAID: [post(Kind.SAID), post(Kind.SAID, key="k")],
    Kind.ACTED: [post(Kind.ACTED), post(Kind.ACTED, reader=BOB, to="bob"), post(Kind.ACTED, BOB, reader=WHO, to=NICK)],
    Kind.WHISPERED: [post(Kind.WHISPERED, reader=BOB, to="bob"), post(Kind.WHISPERED, BOB, reader=WHO, to=NICK)],
    Kind.SHARED: [post(Kind.SHARED, file=FILE, link="l"),
                  post(Kind.SHARED, BOB, reader=WHO, to=NICK, file=FILE, link="l")],
    Kind.EDITED: [post(Kind.EDITED, target=1), post(Kind.EDITED, BOB, target=1, anyones=True)],
    Kind.DELETED: [post(Kind.DELETED, target=1), post(Kind.DELETED), post(Kind.DELETED, target=2)],
    Kind.TOPIC: [post(Kind.TOPIC)],
    Kind.MODERATED: [post(Kind.MODERATED, text="did"), deed("purge", needs=OVER), deed("delete", needs=OVER),
                     deed("purge", about=1), deed("delete", about=1), deed("delete", about=99)],
}  # fmt: skip
"""For each kind of post what would name whoever is erased."""

BEHIND: Mapping[type[Any], Sequence[Operation]] = {
    Draft: [one for posts in POSTS.values() for one in posts],
    Amendment: [one for changes in CHANGES.values() for one in changes],
    StoredSession: [session(), SessionAt(session(), "a1"), session(digest="e" * 64),
                    session(CAROL, "carol", "c" * 64, ignored=((WHO, NICK, "x"),))],
    ReadUpTo: [ReadUpTo(WHO, "lobby", 1, NOON), ReadUpTo(BOB, talk(WHO), 1, NOON)],
    Erase: [Erase("bob", "forgotten-89abcdef", WHO)],
    Attend: [Attend(presence()), Attend(presence(), takes=True), Attend(presence(digest="e" * 64))],
    RemoveNode: [RemoveNode("b1", WHO)],
}  # fmt: skip
"""For each operation what would name whoever is erased, or is asked for by them."""

NAMELESS = (Expire, ForgetSessions, Depart, NodeUp, NodeDown, Passing, Check, Rules)
"""The operations that name nobody, and what is never stored."""


class ErasuresContract(DecisionsCase):
    """What a node asks for that has not carried out an erasure yet."""

    __test__ = False

    def test_everything_is_here(self) -> None:
        """Whatever there is was thought of."""
        self.assertEqual({*BEHIND, *NAMELESS}, {*OPERATIONS.values()})
        self.assertEqual({*CHANGES}, {*CONSEQUENCES.values()})
        self.assertEqual({*POSTS}, {*Kind})
        self.assertEqual({*FACTS}, {*KINDS.values()})

    async def begin(self, has_account: bool = False, is_here: bool = True) -> None:
        """Let somebody be erased who has said something, and in whose place others may do something."""
        await self.append(
            Rules(2), NodeUp("a1", 5), NodeUp("b1", 6), NodeDown("b1", 6, NOON),
            amended(account(BOB), RankGiven(BOB, Rank.OPERATOR, "o", NOON), account(CAROL)),
            Attend(presence()), session(), post(Kind.SAID), post(Kind.SAID, BOB),
        )  # fmt: skip
        if has_account:
            await self.append(amended(Account(NICK, NICK, WHO, "1:hash", NOON), RankGiven(WHO, Rank.OPERATOR, "o", 0)))
        await self.append(
            by(BOB, Invitation("lobby", WHO, NICK, "bob", NOON).put()),
            by(BOB, Ban(NICK, NICK, WHO, True, "dev", "bob", "spam", NOON, None).put()),
        )
        if not is_here:
            await self.append(Depart(DIGEST, "a1", 5), by(WHO, Revoke(WHO)))
        [_] = await self.append(Erase(NICK, ALIAS, SERVER, authors=(WHO,)))

    async def named(self) -> list[object]:
        """Return everything that has the nickname."""
        journal = cast(Any, self.journal)
        everything: list[object] = [*await journal.page(Audience(("lobby", "dev"), BOB), 0, 999, 999)]
        everything += await journal.page(Audience((), WHO), 0, 999, 999)
        for kind in KINDS:
            everything += await journal.facts(kind)
        everything += [await journal.recall(letter * 64) for letter in "cde"]
        everything += [one for one in await journal.presences() if one.handle != DIGEST]
        return [one for one in everything if NICK in repr(one)]

    async def judged(self, has_account: bool, is_here: bool) -> None:
        """See that nothing of them, or about them, is added by anything."""
        await self.begin(has_account, is_here)
        self.assertEqual(await self.named(), [])
        before = await self.checked()
        for form, operations in BEHIND.items():
            for operation in operations:
                await self.append(operation)
                self.assertEqual(await self.named(), [], operation)
                if form is not StoredSession and operation not in POSTS[Kind.EDITED]:
                    self.assertEqual(await self.checked(), before, operation)
                before = await self.checked()

    async def test_guest(self) -> None:
        """A guest, of whom the node where they are has said nothing yet."""
        await self.judged(False, True)

    async def test_guest_who_is_gone(self) -> None:
        """A guest who was put out just before."""
        await self.judged(False, False)

    async def test_owner(self) -> None:
        """The owner of an account."""
        await self.judged(True, True)

    async def test_refusals(self) -> None:
        """Whoever asks for it is told, and in such a way that it is not asked for again under the nickname."""
        await self.begin()
        asked = (
            deed("purge", needs=OVER), deed("delete", about=1), deed("delete", about=99),
            deed("ban", FACTS[Ban][0][1].put(), needs=OVER), post(Kind.SAID),
        )  # fmt: skip
        self.assertEqual(await self.answers(*asked), [NoSuchNick, NoSuchNick, NoSuchMessage, NoSuchNick, Kicked])

    async def test_others(self) -> None:
        """What is done to others goes on to be done, also to messages of somebody else that are deleted already."""
        await self.begin()
        text = Deed("delete", "deleted #2 of bob", "bob").encode()
        draft = post(Kind.MODERATED, BOB, text=text, target=2, needs=replace(OVER, over=CAROL))
        again = deed("unban", Ban(ALIAS, ALIAS, WHO, True, "dev", "bob", "", NOON, None).put())
        self.assertEqual(await self.answers(draft, post(Kind.DELETED, BOB, target=2), draft), [StoredPost] * 3)
        about = post(Kind.MODERATED, BOB, text=Deed("delete", f"deleted #1 of {ALIAS}", ALIAS).encode(), target=1)
        self.assertEqual(await self.answers(about), [StoredPost])
        self.assertNotEqual(await self.answers(again), [StoredPost])

    async def test_a_guest_of_before(self) -> None:
        """Guests who are named in lists, and are gone, are not named there again; nor are those here called otherwise.

        These are not erased.
        """
        gone, other, earlier = AuthorId(88), AuthorId(89), AuthorId(91)
        carols = session(CAROL, "carol", "c" * 64, ignored=((gone, NICK, ""), (other, NICK, "")))
        bobs = Ignoring(BOB, earlier, NICK)
        await self.append(
            Rules(2), NodeUp("a1", 5), amended(account(BOB), account(CAROL), bobs), carols,
            Attend(presence(other, "zoe", "e" * 64)), session(AuthorId(90), "yves", "e" * 64),
        )  # fmt: skip
        await self.append(Erase(NICK, ALIAS, SERVER, authors=(other, CAROL, AuthorId(90))))
        self.assertEqual([fact.name for fact in await self.journal.facts(ErasedAuthor.KIND)], [str(gone), str(earlier)])
        await self.append(session(CAROL, "carol", "c" * 64, ignored=((gone, NICK, ""),)), by(BOB, bobs.put()))
        self.assertEqual(await self.named(), [])
        self.assertEqual(await self.answers(Draft(Kind.SAID, other, "zoe", NOON, "lobby", "hi")), [StoredPost])

    async def test_alone(self) -> None:
        """Also without a cluster no deed names a message of somebody who was erased just before."""
        await self.append(
            amended(account(BOB), RankGiven(BOB, Rank.OPERATOR, "o", NOON)), post(Kind.SAID), Erase(NICK, ALIAS, SERVER)
        )
        self.assertEqual(await self.answers(deed("delete", about=1)), [NoSuchNick])
        self.assertEqual(await self.named(), [])
        self.assertEqual(await self.ids(self.journal.page(LOBBY, 0, 99, 99)), [1])
