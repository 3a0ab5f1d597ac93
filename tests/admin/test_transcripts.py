"""The formats of transcripts, each from rows of a journal."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.transcripts import TRANSCRIPTS
from groupchat.journals.rules.rows import Row
from groupchat.model.drafts import Deed
from groupchat.model.text import CONTINUATION
from tests.admin.cases import DAY, NOON

AT = round(NOON * 1000)
NEXT_DAY = round((NOON + DAY) * 1000)
SAID = Row(1, "said", 11, None, "lobby", "alice", "", AT, "zebra one")
ACTED = Row(2, "acted", 22, None, "lobby", "bob", "", AT, "waves")
WHISPERED = Row(3, "whispered", 11, 22, "", "alice", "bob", AT, "quagga secret")
EDITED = Row(4, "said", 22, None, "zoo", "bob", "", NEXT_DAY, "okapi <b>", revised="okapi & more")
DELETED = Row(6, "said", 22, None, "lobby", "bob", "", NEXT_DAY, "", gone_by="carol", gone_to="")
TOPIC = Row(8, "topic", 11, None, "lobby", "alice", "", NEXT_DAY, "gnu business")
DEED = Deed("ban", "banned bob for 1 hour", "bob", NOON + 3600, "spam")
MODERATED = Row(9, "moderated", 11, None, "lobby", "alice", "", NEXT_DAY, DEED.encode())
ROWS = [SAID, ACTED, WHISPERED, EDITED, DELETED, TOPIC, MODERATED]


def written(format: str, *rows: Row) -> str:
    """Return the whole transcript of some rows."""
    return "".join(TRANSCRIPTS[format](rows))


class TextTest(SynchronousTestCase):
    def test_lines(self) -> None:
        """There is a line for each row, as in the chat, with times in UTC, and a line for each day."""
        self.assertEqual(
            written("text", *ROWS).splitlines(),
            [
                "-- Times are UTC.",
                "-- Saturday 21 November 2026",
                "[12:00:00] (lobby) #1 alice: zebra one",
                "[12:00:00] (lobby) #2 * bob waves",
                "[12:00:00] #3 alice -> bob: quagga secret",
                "-- Sunday 22 November 2026",
                "[12:00:00] (zoo) #4 bob (edited): okapi & more",
                "[12:00:00] (lobby) #6 was deleted by carol",
                "[12:00:00] (lobby) * topic of lobby, by alice: gnu business",
                "[12:00:00] (lobby) * alice banned bob for 1 hour",
            ],
        )

    def test_empty(self) -> None:
        """Without rows there is only the head."""
        self.assertEqual(written("text"), "-- Times are UTC.\n")


class PageTest(SynchronousTestCase):
    def test_paragraphs(self) -> None:
        """Each row is a paragraph that can be linked to, with the nickname in bold."""
        page = written("html", *ROWS)
        self.assertIn(
            '<p id="m1" class="said"><a href="#m1"><time datetime="2026-11-21T12:00:00.000Z">12:00:00</time></a>'
            ' <span class="room">lobby</span> #1 <b>alice</b>: zebra one</p>\n',
            page,
        )
        self.assertIn('<span class="room">private</span> #3 <b>alice</b> -&gt; bob: quagga secret</p>', page)
        self.assertIn("#6 was deleted by <b>carol</b></p>", page)
        self.assertIn("okapi &amp; more", page)
        self.assertEqual([page.count(f"<h2>2026-11-{day}</h2>") for day in (21, 22)], [1, 1])

    def test_several_lines(self) -> None:
        """A message of several lines stays one paragraph, with its blanks."""
        page = written(
            "html", SAID._replace(text="for x in y:\n    print(x)", reply=7, reply_author=3, reply_nick="bob")
        )
        self.assertIn("<b>alice</b> (re #7 bob): for x in y:\n    print(x)</p>", page)
        self.assertIn("white-space: pre-wrap", page)

    def test_whole_nickname(self) -> None:
        """The bold part is the whole nickname, not a word that contains it."""
        page = written("html", TOPIC._replace(nick="lob"))
        self.assertIn("topic of lobby, by <b>lob</b>: gnu business", page)


class Tags(HTMLParser):
    """Collects the names of the elements that begin."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append(tag)


class InjectionTest(SynchronousTestCase):
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.sampled_from(["said", "acted", "topic"]))
    def test_nothing_gets_out(self, words: str, kind: str) -> None:
        """Whatever was said, it makes no line of text and no element of a page of its own."""
        row = SAID._replace(kind=kind, text=words)
        lines = written("text", row).split("\n")
        self.assertEqual(len([line for line in lines if line and not line.startswith(CONTINUATION)]), 3)
        tags = Tags()
        tags.feed(written("html", row))
        expected = ["html", *["meta"] * 4, "title", "style", "main", "h1", "p", "h2", "p", "a", "time", "span", "b"]
        self.assertEqual(tags.found, expected)
