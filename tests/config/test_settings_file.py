"""The settings file, and what is said about a file that is wrong."""

import os
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.config.settings_file import load
from groupchat.model.errors import CannotStart


class SettingsFileTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "settings.toml")

    def load(self, text: str | bytes) -> Settings:
        self.path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load(self.path)

    def refusal(self, text: str | bytes) -> str:
        """Return the complaint about a file, from the line's number on."""
        sentence = str(self.assertRaises(CannotStart, self.load, text))
        before = f"{self.path}, line "
        self.assertTrue(sentence.startswith(before), sentence)
        return sentence.removeprefix(before)

    def test_no_value(self) -> None:
        """What is no value of TOML is told with the setting, and what it takes, but not with what was written."""
        for line, taken in (
            ("guests = no", "guests must be true or false."),
            ("nick_max =", "nick_max must be a whole number of characters."),
            ("password = secret", "password must be text in quotes."),
            ("exempt = [10.0.0.0/8]", "exempt must be a list of networks, each in quotes."),
        ):
            sentence = self.refusal(f'name = "x"\n{line}\n')
            self.assertTrue(sentence.startswith("2: "), sentence)
            self.assertTrue(sentence.endswith(f"; {taken}"), sentence)
            self.assertNotIn("secret", sentence)
        self.assertNotIn("must be", self.refusal("nonsense = no\n"))

    def test_empty(self) -> None:
        """A file without settings leaves every default."""
        self.assertEqual(self.load("# nothing\n"), Settings())

    def test_not_regular(self) -> None:
        """A pipe or a device is refused by name, and not waited for; a file without an end is not read."""
        os.mkfifo(self.path)
        self.assertEqual(
            str(self.assertRaises(CannotStart, load, self.path)), f"{self.path}: This is not a regular file."
        )
        self.path.unlink()
        self.path.symlink_to("/dev/zero")
        self.assertEqual(
            str(self.assertRaises(CannotStart, load, self.path)), f"{self.path}: This is not a regular file."
        )
        self.path.unlink()
        self.path.touch()
        os.truncate(self.path, 1 << 40)
        self.assertIn("more than 1,048,576 bytes", str(self.assertRaises(CannotStart, load, self.path)))

    def test_every_kind(self) -> None:
        """Numbers, switches, text, lists and networks are read as what they are."""
        settings = self.load(
            'nick_max = 12\r\nflood_rate = 5\nunicode_names = true\nmotd = """\nHello\nworld"""\n'
            'zone = "europe/paris"\nreserved_names = ["boss"]\nexempt = ["10.0.0.0/8", "2001:db8::/32"]\n'
        )
        expected = Settings(
            nick_max=12,
            flood_rate=5.0,
            unicode_names=True,
            motd="Hello\nworld",
            zone="Europe/Paris",
            reserved_names=("boss",),
            exempt=(ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")),
        )
        self.assertEqual(settings, expected)
        self.assertIsInstance(settings.flood_rate, float)
        self.assertEqual(hash(settings), hash(expected))

    def test_unknown(self) -> None:
        """An unknown name is refused with its line and the nearest name."""
        self.assertEqual(
            self.refusal("nick_min = 3\n\nnik_max = 3\n"), "3: there is no setting 'nik_max'; do you mean nick_max?"
        )
        self.assertEqual(self.refusal("qqqqqqq = 3"), "1: there is no setting 'qqqqqqq'.")

    def test_sections(self) -> None:
        """Settings within a [section] are refused with the line of its header."""
        expected = "2: settings are not in a table; remove the line [limits]."
        self.assertEqual(self.refusal("# x\n[limits]\nnick_max = 3\n"), expected)
        self.assertTrue(self.refusal("nick_max = 3\nnick_min.x = 3").startswith("2: nick_min must be a whole number"))

    def test_line_numbers(self) -> None:
        """The line is where the name stands, whatever other values contain it, and however it is written."""
        text = (
            'motd = """\nnick_max = 0\n"""\nreserved_names = [\n  "nick_max = 0",\n]\n# nick_max = 0\n"nick_max" = 0\n'
        )
        self.assertEqual(self.refusal(text), "8: nick_max must be 1 to 64 characters, not 0.")
        self.assertTrue(self.refusal('nick_min = 2\nexempt = [\n"10.0.0.0/8",\n"x"]\n').startswith("2: exempt: x is"))

    def test_many_lines(self) -> None:
        """The line is found in a long file, too, without reading it once for each of its lines."""
        self.assertTrue(self.refusal("# x\n" * 100_000 + "nick_max = 0\n").startswith("100001: nick_max"))
        self.assertTrue(self.refusal('\n"nick\\u005fmax" = 0\n').startswith("2: nick_max"))

    def test_windows_lines(self) -> None:
        """Lines that end with CR LF are counted like others."""
        self.assertTrue(self.refusal("motd = 'a'\r\n\r\nnick_max = 0\r\nzone = ''\r\n").startswith("3: nick_max"))

    def test_ill_typed(self) -> None:
        """A value of another kind is refused with the kind it should have."""
        cases = {
            "nick_max = '3'": '1: nick_max must be a whole number of characters, not "3".',
            "nick_max = 3.5": "1: nick_max must be a whole number of characters, not 3.5.",
            "nick_max = true": "1: nick_max must be a whole number of characters, not true.",
            "flood_rate = false": "1: flood_rate must be a number of lines/s, not false.",
            "unicode_names = 1": "1: unicode_names must be true or false, not 1.",
            "motd = 1": "1: motd must be text in quotes, not 1.",
            "exempt = '10.0.0.0/8'": '1: exempt must be a list of networks, not "10.0.0.0/8".',
            "reserved_names = [1]": "1: reserved_names must be a list of nicknames, each in quotes.",
        }
        for text, expected in cases.items():
            self.assertEqual(self.refusal(text), expected)

    def test_out_of_range(self) -> None:
        """A number out of range is refused with the range, infinities and nan too."""
        self.assertEqual(
            self.refusal("\nline_limit_bytes = 1_000_000"),
            "2: line_limit_bytes must be 256 to 65,536 bytes, not 1,000,000.",
        )
        for value in ("inf", "nan", "-1", "0"):
            self.assertIn(f"0.01 to 100,000 lines/s, not {value}", self.refusal(f"flood_rate = {value}"))

    def test_wrong_text(self) -> None:
        """Text that could not be shown, a zone or a network that is none: refused, and said why."""
        self.assertIn("motd must not have control characters or tabs.", self.refusal(r'motd = "a\u001b[2J"'))
        self.assertIn("name must not have control characters, tabs or line ends.", self.refusal(r'name = "a\nb"'))
        self.assertIn("do you mean Europe/Berlin?", self.refusal('zone = "berlin"'))
        self.assertIn("has host bits set", self.refusal('exempt = ["10.0.0.1/8"]'))
        self.assertIn("exempt: 1 is not a network", self.refusal("exempt = [1]"))

    def test_against_each_other(self) -> None:
        """Limits that contradict each other are refused, with the line of the latter."""
        self.assertEqual(
            self.refusal("nick_max = 3\nzone = ''\nnick_min = 4"), "3: nick_min (4) must not be above nick_max (3)."
        )
        self.assertEqual(self.refusal("nick_min = 30"), "1: nick_min (30) must not be above nick_max (24).")
        self.assertEqual(self.load("nick_min = 30\nnick_max = 40").nick_min, 30)

    def test_no_toml(self) -> None:
        """A file that is not TOML is refused with the line of the mistake."""
        self.assertTrue(self.refusal("nick_max = 3\nnick_min 3\n").startswith("2: Expected '='"))
        self.assertTrue(self.refusal("nick_max = 3\n\nnick_max = 3\n").startswith("3: Cannot overwrite a value"))
        self.assertTrue(self.refusal("nick_max = 3\nmotd = [\n\n").startswith("2: "))
        self.assertEqual(self.refusal(b"# ok\nmotd = '\xff'\n"), "2: this is not UTF-8.")

    def test_no_file(self) -> None:
        """A file that cannot be read is refused by its name."""
        error = self.assertRaises(CannotStart, load, self.path)
        self.assertEqual(str(error), f"{self.path}: No such file or directory.")

    @given(st.lists(st.sampled_from(['motd = """', '"""', "nick_max = 3", "[a]", "x = [", "]", "", "# y", "zone=1"])))
    def test_never_another_error(self, lines: list[str]) -> None:
        """However a file is mangled, it is read or refused with a line of it."""
        try:
            self.load("\n".join(lines))
        except CannotStart as error:
            number = int(str(error).removeprefix(f"{self.path}, line ").partition(":")[0])
            self.assertTrue(1 <= number <= max(len(lines), 1), str(error))
