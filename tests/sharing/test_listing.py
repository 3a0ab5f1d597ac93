"""Lists of files, and what people are told of their own."""

from groupchat.model.drafts import CHARGED_LEAST
from groupchat.model.events import Listed
from groupchat.verbs.reading import FILES
from tests.house import Peer
from tests.sharing.cases import SharingCase


class ListingTests(SharingCase):
    def listed(self, peer: Peer, **fields: object) -> Listed:
        """Return the answer to /files."""
        peer.take()
        peer.do("files", **fields)
        (answer,) = peer.answers
        assert isinstance(answer, Listed), answer
        return answer

    def names(self, peer: Peer, **fields: object) -> list[object]:
        """Return the names of the files that somebody is listed."""
        return [item["name"] for item in self.listed(peer, **fields).items]

    def test_which(self) -> None:
        """People are listed the files of the room and their own private ones; or those of a person, or of a room."""
        self.share(self.alice, name="public")
        self.share(self.alice, name="secret", nick="bob")
        self.alice.do("join", room="dev")
        self.share(self.alice, name="code", room="dev")
        (carol,) = self.house.come("carol", door="json")
        self.assertEqual(self.names(self.alice), ["code", "secret"])
        self.assertEqual(self.names(self.alice, room="lobby"), ["public"])
        self.assertEqual(self.names(self.alice, whose="#lobby"), ["public"])
        self.assertEqual(self.names(self.alice, whose="alice"), ["code", "secret", "public"])
        self.assertEqual(self.names(carol), ["public"])
        self.assertEqual(self.names(carol, whose="alice"), ["public"])
        self.assertEqual(self.names(carol, whose="carol"), [])
        for fields in ({"room": "dev"}, {"whose": "#dev"}, {"whose": "nobody"}, {"whose": "bob", "room": "lobby"}):
            carol.take()
            carol.do("files", **fields)
            self.assertEqual(len(carol.codes), 1, fields)

    def test_lines(self) -> None:
        """People read the number, the name, the size, who, where, when, and the link."""
        self.share(self.alice, name="cat.png")
        self.bob.type("/files")
        answer = self.bob.answers[-1]
        assert isinstance(answer, Listed)
        (line,) = answer.lines
        self.assertRegex(
            line,
            r"#1 cat\.png \(1008 bytes\), by alice in lobby, 2026-11-21 .*: http://192\.0\.2\.9:5000/f/.{22}/cat\.png",
        )
        self.bob.take()
        self.bob.type("/files carol")
        self.assertEqual(self.bob.codes, ["no-such-nick"])

    def test_pages(self) -> None:
        """A long list has pages; the last line, and ``more``, say that there is another."""
        numbers = [self.share(self.alice, name=f"file{number}") for number in range(FILES + 2)]
        first = self.listed(self.alice)
        self.assertEqual(([item["id"] for item in first.items], first.more), (numbers[:1:-1], 1))
        self.assertEqual(first.lines[-1], f"/files #{numbers[2]} lists earlier ones.")
        second = self.listed(self.alice, before=numbers[2])
        self.assertEqual(([item["id"] for item in second.items], second.more), (numbers[1::-1], 0))
        self.bob.type(f"/files alice #{numbers[1]}", f"/files {numbers[1]}", f"/files #{numbers[1]}")
        for answer in self.bob.answers[-3:]:
            assert isinstance(answer, Listed)
            self.assertEqual(len(answer.items), 1)

    def test_deleted(self) -> None:
        """What is deleted is in no list, and does not count any more."""
        number = self.share(self.alice)
        self.alice.do("delete", id=number)
        self.assertEqual(self.listed(self.alice).lines, ("There are no files.",))

    def test_whoami(self) -> None:
        """People are told how much of what they may share they do."""
        self.share(self.alice)
        self.alice.take()
        self.alice.do("whoami")
        (answer,) = self.alice.answers
        assert isinstance(answer, Listed)
        self.assertEqual(answer.items[0]["files"], {"used": CHARGED_LEAST, "most": 256 * 2**20})
        self.assertIn("You share 16 KB of files, and may share 256 MB. /files lists them.", answer.lines)

    def test_whoami_before(self) -> None:
        """Who shares nothing is told what they may share; guests are not, as they may not."""
        told = "You may share 256 MB of files, each of at most 16 MB. /send NAME shares one."
        for peer, is_told in ((self.alice, True), (self.bob, False)):
            peer.take()
            peer.do("whoami")
            (answer,) = peer.answers
            assert isinstance(answer, Listed)
            self.assertEqual([line for line in answer.lines if "share" in line], [told] if is_told else [])
