"""Which characters stay in a line, and what becomes of the others."""

import sys
import unicodedata
from time import process_time
from types import FrameType

import emoji
import pyte
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import BadArguments, BadCharacter, TooLong
from groupchat.model.text import (
    CONTINUATION,
    GAP,
    LENGTHS,
    LINE_ENDS,
    LINES_MOST,
    MARKS_PER_BASE,
    Length,
    clean,
    clean_lines,
    escape,
    harmless,
    harmless_lines,
    is_harmless,
    shown,
    shown_lines,
)
from tests.model.texts import ANY, LINES, PIECES, SENTENCES


class Cleaning(SynchronousTestCase):
    def assert_cleaned(self, cases: dict[str, str]) -> None:
        for text, expected in cases.items():
            self.assertEqual(ascii(clean(text)), ascii(expected), ascii(text))

    def assert_kept(self, *texts: str) -> None:
        self.assert_cleaned({text: text for text in texts})

    def test_words_stay(self) -> None:
        """Words of every script stay as they are, with blanks and punctuation."""
        self.assert_kept(
            "", "  Hello,  you\\[31m!  ", "Grüße", "Привет", "你好　吗", "שלום", "สวัสดี", "한국어", "é" * 99
        )

    def test_languages(self) -> None:
        """Sentences of many languages stay as they are, alone, decomposed, and with emoji in them."""
        for language, sentence in SENTENCES.items():
            for text in (
                sentence,
                unicodedata.normalize("NFD", sentence),
                f"👍🏽 {sentence} ❤\ufe0f",
                sentence.upper(),
            ):
                self.assertEqual(ascii(clean(text)), ascii(text), language)
                self.assertTrue(is_harmless(text), language)

    def test_controls(self) -> None:
        """Control characters are dropped, and a tab becomes one space."""
        self.assert_cleaned({"a\x00b\x07c\x08d\x7fe\x80f\x9fg": "abcdefg", "a\tb\t\tc": "a b  c", "\x1c\x1d\x1e": ""})

    def test_escapes(self) -> None:
        """Escape sequences are dropped, in their 7-bit and 8-bit forms."""
        self.assert_cleaned(
            {
                "\x1b[31mred\x1b[0m": "red",
                "\x9b2Jgone": "gone",
                "\x1b[?1049hx\x1b[38;5;1mx\x1b[2 q": "xx",
                "\x1b]0;title\x07a": "a",
                "\x1b]8;;http://x\x1b\\link\x9d8;;\x9c": "link",
                "\x1bPq#0\x1b\\a\x90q\x9ca\x1b_x\x1b\\": "aa",
                "\x1b(Ba\x1bcb\x1b7c\x1b": "abc",
                "\x1bOPa\x1b[[Ab\x1b[Ac": "abc",
            }
        )

    def test_unfinished_escapes(self) -> None:
        """Only the introducer of a sequence without an end is dropped, and no words."""
        self.assert_cleaned({"\x1b]hello": "hello", "\x9dhello": "hello", "\x1b[1;": "", "\x1b[1é": "é", "a\x9b": "a"})

    def test_no_new_escape(self) -> None:
        """What stands around a dropped sequence does not become another sequence."""
        self.assert_cleaned({"\x1b\x1b[31m[31m": "[31m", "\x1b[\x1b[31m31m": "31m", "\x1b]\x1b]0;\x07x": "x"})

    def test_line_ends(self) -> None:
        """Every character that ends a line somewhere is refused by its name, wherever it hides."""
        for character, name in LINE_ENDS.items():
            for text in (f"a{character}b", character, f"\x1b]0;{character}\x07", f"字{character}"):
                error = self.assertRaises(BadCharacter, clean, text)
                self.assertIn(name, str(error))

    def test_line_ends_have_their_names(self) -> None:
        """Each line end is called by its Unicode name and number."""
        for character, name in LINE_ENDS.items():
            words, _, number = name.partition(" (U+")
            self.assertEqual(unicodedata.lookup(words), character)
            self.assertEqual(int(number.rstrip(")"), 16), ord(character))

    def test_line_ends_complete(self) -> None:
        """A clean line contains nothing at which Python splits lines."""
        for number in range(0x110000):
            if len(f"a{chr(number)}b".splitlines()) > 1 and chr(number) not in LINE_ENDS:
                self.assertEqual(clean(f"a{chr(number)}b"), "ab", hex(number))

    def test_hidden(self) -> None:
        """Bidirectional controls, zero-width characters, tags, surrogates and noncharacters are dropped."""
        hidden = [0xAD, 0x34F, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
        hidden += [0x115F, 0x1160, 0x3164, 0xFFA0, 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB, 0xE0001, 0xE0061, 0xE007F, 0xE0100]
        hidden += [0x1BCA0, 0x1BCA3, 0x1D173, 0x1D17A, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xFDD0, 0xFDEF]
        hidden += [plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF)]
        for number in hidden:
            self.assertEqual(ascii(clean(f"a{chr(number)}b")), "'ab'", hex(number))
            self.assertFalse(is_harmless(f"a{chr(number)}b"), hex(number))

    def test_joiners_between_letters(self) -> None:
        """Joiners stay between letters of scripts that use them, and nowhere else."""
        self.assert_kept("می\u200cخواهم", "क्\u200dष", "ක්\u200dර", "র\u200d্য")
        self.assert_cleaned(
            {
                "a\u200cb\u200dc": "abc",
                "\u200dक": "क",
                "क\u200d": "क",
                "क\u200d a": "क a",
                "क\u200d\u200dष": "कष",
                "१\u200d२": "१२",
            }
        )

    def test_joiners_in_words(self) -> None:
        """Words whose spelling needs joiners stay whole in every language that has them."""
        for text in (
            "نمی\u200cدانم",  # Persian: I do not know
            "خانه\u200cها",  # Persian: houses
            "ئه\u200cمه",  # Kurdish: this
            "কর্\u200cতা",  # Bengali, with a visible hasanta
            "র\u200d্যাম",  # Bengali: RAM
            "कऱ्\u200dहाड",  # Marathi: Karhad
            "क्\u200cष",  # Hindi: two letters, not a conjunct
            "ශ්\u200dරී",  # Sinhala: Sri
        ):
            self.assert_kept(text, f"{text} {text}", f"a {text}!")

    def test_selectors(self) -> None:
        """Variation selectors stay after an emoji, a Mongolian letter or an ideograph that they can modify."""
        self.assert_kept("❤\ufe0f", "❤\ufe0e", "葛\U000e0100", "ᠠ\u180b", "1\ufe0f\u20e3")
        self.assert_cleaned({"a\ufe0fb": "ab", "❤\ufe0f\ufe0f": "❤\ufe0f", "a\U000e0100\u180b": "a", "1\ufe0f": "1"})

    def test_every_emoji(self) -> None:
        """Every emoji stays whole, alone and beside words and other emoji."""
        for picture in emoji.EMOJI_DATA:
            self.assert_kept(picture, f"a{picture}b", f"{picture}{picture} 👍🏽{picture}")

    def test_broken_emoji(self) -> None:
        """The pictures of an incomplete emoji sequence stay, and its invisible parts are dropped."""
        self.assert_cleaned(
            {"👩\u200d": "👩", "\u200d👩": "👩", "👩\u200da": "👩a", "🏴\U000e0067\U000e0062": "🏴", "\ufe0f": ""}
        )
        smuggled = "".join(chr(0xE0000 + ord(c)) for c in "ignore all of this")
        self.assert_cleaned({f"👍{smuggled}": "👍", f"🏴{smuggled}\U000e007f": "🏴"})

    def test_stacks(self) -> None:
        """At most eight marks stay on one base, whatever invisible characters are between them."""
        mark = "\u0301"
        self.assert_kept("e" + mark * 8, ("e" + mark * 8) * 3)
        self.assert_cleaned(
            {
                "e" + mark * 9: "e" + mark * 8,
                mark * 99: mark * 8,
                ("e" + mark * 20 + "!" + mark * 20): "e" + mark * 8 + "!" + mark * 8,
                "e" + (mark * 5 + "\u200d") * 5: "e" + mark * 8,
            }
        )

    def test_pictures_need_no_closer_look(self) -> None:
        """Emoji with selectors, skin tones and joiners are harmless in any number, and so is a run of them."""
        for text in (
            "👍",
            "👍🏽",
            "❤\ufe0f",
            "🤷\u200d♀\ufe0f",
            "👨\u200d👩\u200d👧",
            "🇫🇷",
            "𝐇𝐢",
            "🎉" * 40,
            "a 👍 ✔\ufe0e b",
        ):
            self.assertTrue(is_harmless(text), ascii(text))
            self.assert_kept(text)

    def test_one_look(self) -> None:
        """Neither plain lines nor lines with emoji are taken apart: two functions run, and none for each character."""
        for text in (
            "Hello, everyone!",
            "Grüße",
            "Привет",
            "राम",
            "see you 👍🏽",
            "I ❤\ufe0f it",
            "🤷\u200d♀\ufe0f",
            "🎉" * 40,
        ):
            for function in (clean, is_harmless):
                calls = 0

                def count(frame: FrameType, event: str, argument: object) -> None:
                    nonlocal calls
                    calls += event == "call" and frame.f_globals["__name__"] == "groupchat.model.text"

                sys.setprofile(count)
                try:
                    function(text)
                finally:
                    sys.setprofile(None)
                self.assertEqual(calls, 2, f"{function.__name__}({text!a})")

    @given(LINES)
    @example("👍\ufe0f\ufe0f")
    @example("👍\u200d\ufe0f👍")
    @example("👍\u200da")
    @example("a\ufe0f👍")
    @example("\ufe0f👍")
    @example("👍\ufe0f\u200d\u200d👍")
    @example("\U000e0061\u200d👍")
    @example("e" + "\u0301" * 5 + "\u2013" + "\u0301" * 9)
    def test_quick_look_is_right(self, line: str) -> None:
        """A line is cleaned in the same way when a NUL before it makes a closer look necessary."""
        self.assertEqual(ascii(clean(f"\0{line}")), ascii(clean(line)))

    def test_quick_look_is_right_about_each(self) -> None:
        """So is every character alone, between letters, and beside a picture, a selector and a joiner."""
        small_scripts = (range(0x3401), range(0x4DB0, 0x4E01), range(0x9FFF, 0xAC01), range(0xD7A0, 0xE001))
        for number in (n for some in (*small_scripts, range(0xF8FF, 0x10001), range(0x1EFFF, 0x1FB01)) for n in some):
            line = f"a{chr(number)}b\u2764{chr(number)}\u200d\u2764{chr(number)}\ufe0f"
            if chr(number) not in LINE_ENDS:
                self.assertEqual(ascii(clean(f"\0{line}")), ascii(clean(line)))

    def test_quick_look_is_right_about_pairs(self) -> None:
        """So are two characters that the rules mention, or which stand at the edge of a script."""
        beyond = "\xa0\u0300\u0483\u05cf\u064b\u2028\u205f\u20d0\u2800\u302a\u3099\u3164\uffa0"
        edges = {chr(ord(edge) + step) for edge in beyond for step in (-1, 0, 1)}
        characters = sorted({*edges, *"".join(PIECES), "\U0001efff", "\U0001fb00"} - {*LINE_ENDS})
        for first in characters:
            for second in characters:
                line = f"x{first}{second}"
                self.assertEqual(ascii(clean(f"\0{line}")), ascii(clean(line)))

    def test_marks_are_found_everywhere(self) -> None:
        """Nine marks on a base are too many, for every mark of Unicode."""
        for number in range(0x110000):
            if unicodedata.category(chr(number))[0] == "M" and clean(f"e{chr(number)}") != "e":
                self.assertEqual(len(clean("e" + chr(number) * 9)), 9, hex(number))

    def test_hostile_lines_are_quick(self) -> None:
        """The worst lines take a time that is linear in their length, not quadratic."""
        for piece in (
            "\x9d",
            "\x1b]",
            "\x1b[0",
            "\x1b ",
            "e\u0301",
            "🏴\U000e0061",
            "👩\u200d",
            "क\u200d",
            "\u0301\u200d",
        ):
            started = process_time()
            clean(piece * 100_000)
            self.assertLess(process_time() - started, 2.0, ascii(piece))

    @given(LINES)
    @example("👍\u200c🏽\ufe0f")
    @example("e" + "\u0301\u200d" * 9)
    def test_idempotent(self, line: str) -> None:
        """Cleaning twice is cleaning once, and exactly the lines that it does not change are harmless."""
        cleaned = clean(line)
        self.assertEqual(clean(cleaned), cleaned)
        self.assertTrue(is_harmless(cleaned))
        self.assertEqual(is_harmless(line), cleaned == line)

    @given(LINES, LINES)
    def test_parts(self, first: str, second: str) -> None:
        """Two clean lines with a space between them are a clean line: nothing acts across a space."""
        line = f"{clean(first)} {clean(second)}"
        self.assertEqual(ascii(clean(line)), ascii(line))

    @given(LINES, LINES)
    def test_prefix(self, first: str, second: str) -> None:
        """A nickname and a colon before a line do not change what the line becomes."""
        self.assertEqual(ascii(clean(f"alice: {first}")), ascii(f"alice: {clean(first)}"))

    @given(LINES)
    def test_only_drops(self, line: str) -> None:
        """Cleaning only drops characters, and no visible ones except in escape sequences."""
        left = iter(line.replace("\t", " "))
        self.assertTrue(all(c in left for c in clean(line)))
        if not any(c in line for c in "\x1b\x8e\x8f\x90\x98\x9b\x9d\x9e\x9f"):
            plain = [c for c in line if unicodedata.category(c)[0] in "LNPSZ" and c not in "\u3164\u115f\u1160\uffa0"]
            kept = clean(line)
            self.assertEqual(
                [c for c in kept.replace(" ", "") if unicodedata.category(c)[0] in "LNPSZ"],
                [c for c in plain if c != " "],
            )

    @given(LINES)
    def test_terminal(self, line: str) -> None:
        """On a terminal a clean line stays in its row, and does not ring, answer, set the title or change a mode."""
        screen = Terminal(200, 5)
        stream = pyte.Stream(screen)
        stream.feed("above\r\n")
        modes = set(screen.mode)
        stream.feed("alice: " + clean(line)[:90])  # none is wider than two columns
        stream.feed("|end\r\nbelow")
        self.assertEqual(screen.display[0].rstrip(), "above")
        self.assertTrue(screen.display[1].rstrip().endswith("|end"), screen.display)
        self.assertEqual(screen.display[2].rstrip(), "below")
        self.assertEqual((screen.title, screen.icon_name, screen.rung, screen.answers), ("", "", 0, []))
        self.assertEqual(screen.mode, modes)

    def test_terminal_tells(self) -> None:
        """The terminal of these tests notices what is not clean."""
        screen = Terminal(200, 5)
        pyte.Stream(screen).feed("\x07\x1b]2;mine\x07\x1b[c\x1b[3;1H")
        self.assertEqual((screen.title, screen.rung, len(screen.answers), screen.cursor.y), ("mine", 1, 1, 2))


class Terminal(pyte.Screen):
    """A terminal that counts bells and records its answers."""

    def __init__(self, columns: int, lines: int) -> None:
        self.rung = 0
        self.answers: list[str] = []
        super().__init__(columns, lines)

    def bell(self, *args: object) -> None:
        self.rung += 1

    def write_process_input(self, data: str) -> None:
        self.answers.append(data)


class Output(SynchronousTestCase):
    def test_line_ends_become_spaces(self) -> None:
        """Output is never refused: line separators become spaces."""
        self.assertEqual(harmless("a\r\nb\u2028c\x1b[2J\u202ed"), "a  b cd")

    @given(ANY)
    def test_never_raises(self, text: str) -> None:
        """Any text becomes harmless and one line; a harmless one is not changed."""
        shown = harmless(text)
        self.assertTrue(is_harmless(shown))
        self.assertEqual(len(f"{shown}|".splitlines()), 1)
        if is_harmless(text):
            self.assertEqual(shown, text)

    def test_marks_limit(self) -> None:
        """The limit that these tests assume is the one in force."""
        self.assertEqual(MARKS_PER_BASE, 8)


class SeveralLines(SynchronousTestCase):
    """Messages of several lines, on their way in and out."""

    def test_kept(self) -> None:
        """Blank lines inside and at the beginning stay, and so do leading blanks; blank lines at the end go."""
        for given_, kept in (
            ("a\nb", "a\nb"),
            ("a\r\nb\rc", "a\nb\nc"),
            ("  a\n\n    b\n \n\n", "  a\n\n    b"),
            ("\n a", "\n a"),
            ("a\n\n", "a"),
            ("\n \n\t\n", ""),
            ("a\tb\n\tc", "a b\n c"),
            ("a\n\x1b[2J\n\u200b", "a"),
            ("one", "one"),
        ):
            self.assertEqual(clean_lines(given_), kept)

    def test_other_line_ends(self) -> None:
        """No other separator of lines survives."""
        for end in set(LINE_ENDS) - set("\n\r"):
            self.assertRaises(BadCharacter, clean_lines, f"a{end}b")
            self.assertRaises(BadCharacter, clean_lines, f"a\nb{end}c")
            self.assertEqual(shown_lines(f"a\nb{end}c"), ["a", f"{CONTINUATION}b c"])

    def test_too_many(self) -> None:
        """More lines than a message may have are refused with their number; blank ones at the end do not count."""
        self.assertEqual(clean_lines("x\n" * LINES_MOST).count("\n"), LINES_MOST - 1)
        error = self.assertRaises(TooLong, clean_lines, "x\n" * LINES_MOST + "x")
        self.assertEqual(str(error), "A message has at most 60 lines; this one has 61.")

    @given(st.lists(ANY, max_size=5).map("\n".join))
    def test_idempotent(self, text: str) -> None:
        """What was cleaned once is clean; it has no separator but line feeds, and no blank line at the end."""
        try:
            cleaned = clean_lines(text)
        except BadCharacter:
            return
        self.assertEqual(clean_lines(cleaned), cleaned)
        self.assertEqual(harmless_lines(cleaned), cleaned)
        self.assertEqual(set(cleaned) & set(LINE_ENDS), {"\n"} & set(cleaned))
        self.assertTrue(not cleaned or cleaned.rpartition("\n")[2].strip() or "\n" not in cleaned)

    @given(st.lists(ANY, max_size=5).map("\n".join))
    def test_shown(self, text: str) -> None:
        """Every line but the first begins as a continuation, whatever it contains, and is harmless."""
        first, *others = shown_lines(text)
        self.assertTrue(all(line.startswith(CONTINUATION) for line in others))
        self.assertTrue(all(is_harmless(line) for line in (first, *others)))
        self.assertEqual(len(others), text.count("\n"))

    @given(ANY)
    @example("a\xa0" * 9)
    @example("👍" + " " * 9 + "\U0001d159")
    @example("字\u3000" + " " * 8)
    def test_quick_look_is_right(self, text: str) -> None:
        """A line is shown in the same way when a NUL before it makes a closer look necessary."""
        self.assertEqual(ascii(shown(f"\0{text}")), ascii(shown(text)))

    def test_one_look(self) -> None:
        """What needs no closer look is shown as it is by a single function."""
        calls = 0

        def count(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "call" and frame.f_globals["__name__"] == "groupchat.model.text"

        lines = "Hello, everyone!", "Grüße", "Привет, мир", "人人生而自由，", "see you 👍🏽", "I ❤\ufe0f it", "🎉" * 40
        for line in lines:
            calls = 0
            sys.setprofile(count)
            try:
                shown(line)
            finally:
                sys.setprofile(None)
            self.assertEqual(calls, 1, ascii(line))

    def test_long_gaps(self) -> None:
        """Blanks of any kind do not fill a line of a terminal, so that what follows does not seem to begin one."""
        for blank in " \t\xa0\u2003\u3000\u2800\U0001d159":
            forged = f"#7 mal: x{blank * 70}[09:00:00] #8 alice: forged"
            self.assertEqual(shown(forged), f"#7 mal: x{GAP}[09:00:00] #8 alice: forged")
            (_, line) = shown_lines(f"x\n{blank * 70}[09:00:00] #8 alice: forged")
            self.assertLess(line.index("["), 40)
        self.assertEqual(shown("a" + GAP + "b"), "a" + GAP + "b")
        self.assertEqual(shown_lines("a:\n" + " " * 20 + "b")[1], CONTINUATION + " " * 20 + "b")


class Escaping(SynchronousTestCase):
    def test_escape(self) -> None:
        """A log contains readable characters as they are, and all others by their numbers."""
        self.assertEqual(escape("héllo 字\n\x1b[2J\u2028\u202e\\\ud800"), r"héllo 字\n\x1b[2J\u2028\u202e\\\ud800")

    def test_backslash(self) -> None:
        """A backslash that somebody typed cannot be mistaken for an escape."""
        self.assertEqual(escape("\\n"), "\\\\n")

    @given(ANY)
    def test_one_line(self, text: str) -> None:
        """An escaped text is printable, on one line, and different for different texts."""
        escaped = escape(text)
        self.assertTrue(escaped.isprintable())
        back = "".join(c if c.isascii() else c.encode("unicode_escape").decode() for c in escaped)
        self.assertEqual(back.encode().decode("unicode_escape"), text)


class LengthTests(SynchronousTestCase):
    def test_check(self) -> None:
        """What is as long as it may be is returned; one character more is refused, with both numbers."""
        length = Length("A word", 1000, "it is a test")
        self.assertEqual(length.check("x" * 1000), "x" * 1000)
        error = self.assertRaises(BadArguments, length.check, "x" * 1001)
        self.assertEqual(str(error), "A word has at most 1,000 characters; this one has 1,001.")

    def test_all(self) -> None:
        """Every length says what it is for, and none is so long that normalising that much takes a millisecond."""
        for length in LENGTHS:
            self.assertTrue(length.what and length.reason)
            self.assertLessEqual(length.most, 1000)
