"""Emoji: which smileys and shortcodes are replaced, and how fast."""

import subprocess
import sys
from time import process_time

import emoji
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.message.emoji import SMILEYS, emojify, shortcodes
from groupchat.model.text import clean, is_harmless
from tests.model.texts import LINES


class Replacing(SynchronousTestCase):
    def test_smileys(self) -> None:
        """Smileys and shortcodes between spaces or line ends become emoji."""
        self.assertEqual(emojify(":) :( :3 <3"), "😊 ☹️ 😺 ❤️")
        self.assertEqual(emojify("Hello everyone! :)"), "Hello everyone! 😊")
        self.assertEqual(emojify(":thumbsup:  :+1: :100: :piñata:"), "👍  👍 💯 🪅")

    def test_left_alone(self) -> None:
        """Parts of words and unknown shortcodes stay."""
        for text in (
            "http://host:3000/",
            "a<3",
            "<3b",
            "f(:3)",
            ":))",
            ":3:",
            "at 12:30:45",
            ":no-such-thing:",
            ": ) :",
        ):
            self.assertEqual(emojify(text), text)

    def test_aliases(self) -> None:
        """The shortcodes are those of the library, including its aliases."""
        for picture, data in list(emoji.EMOJI_DATA.items())[::50]:
            for code in [data["en"], *data.get("alias", ())]:
                expected = emoji.emojize(code, language="alias")
                self.assertEqual(emojify(code), expected, picture)

    def test_unknown_codes_are_quick(self) -> None:
        """Unknown shortcodes are looked up in a table, not searched for in a list as the library does."""
        emojify(":)")
        started = process_time()
        emojify(" ".join(f":x{n}:" for n in range(100_000)))
        self.assertLess(process_time() - started, 2.0)

    @given(LINES)
    def test_clean_stays_clean(self, line: str) -> None:
        """A clean line is still harmless after the replacement."""
        self.assertTrue(is_harmless(emojify(clean(f"{line} :) <3 {line} :england:"))))

    @given(LINES)
    def test_twice_is_once(self, line: str) -> None:
        """What was replaced is not replaced again, so that a line that is edited stays as it was shown."""
        shown = emojify(line)
        self.assertEqual(emojify(shown), shown)

    @given(st.lists(st.sampled_from([*SMILEYS, ":+1:", ":no-such:", "a", "a:b", " ", "  ", "🎉"]), max_size=12))
    def test_words_are_independent(self, pieces: list[str]) -> None:
        """Each word is replaced or left alone by itself, and the spaces between them stay."""
        line = "".join(pieces)
        self.assertEqual(emojify(line), " ".join(emojify(word) for word in line.split(" ")))

    def test_library_stays_away(self) -> None:
        """Lines without shortcodes do not load the library, which takes 8 MiB."""
        script = (
            "import sys; from groupchat.model.message.emoji import emojify; emojify('at 12:30, a <3 b :)')\n"
            "print('emoji' in sys.modules)"
        )
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        self.assertEqual(ran.stdout.strip(), "False")


class Completing(SynchronousTestCase):
    def test_shortest_first(self) -> None:
        """Completion offers the shortest shortcodes first, and those of one length in alphabetical order."""
        found = shortcodes(":sm", 20)
        self.assertEqual(found, sorted(found, key=lambda code: (len(code), code)))
        self.assertTrue(all(code.startswith(":sm") for code in found))
        self.assertIn(":smile:", found)

    def test_limit(self) -> None:
        """Completion offers no more than asked for, and nothing for an unknown beginning."""
        self.assertEqual(len(shortcodes(":", 7)), 7)
        self.assertEqual(shortcodes(":no-such", 7), [])

    def test_offers_are_taken(self) -> None:
        """Every shortcode that completion offers is replaced."""
        for code in shortcodes(":", 100_000):
            self.assertNotEqual(emojify(code), code)
        self.assertEqual({emojify(smiley) for smiley in SMILEYS}, {*SMILEYS.values()})
