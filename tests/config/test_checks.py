"""The checks of settings, and how their values are written."""

import tomllib
from dataclasses import Field, fields
from ipaddress import ip_network
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.checks import checked, multiline, network, number, time_zone, toml, written
from groupchat.config.settings import Settings
from groupchat.model.errors import CannotStart

SETTINGS: dict[str, "Field[Any]"] = {about.name: about for about in fields(Settings)}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


class CheckedTest(SynchronousTestCase):
    def refusal(self, name: str, value: object) -> str:
        return str(self.assertRaises(CannotStart, checked, SETTINGS[name], value))

    def test_types(self) -> None:
        """A value comes back in the type of the setting."""
        self.assertEqual(checked(SETTINGS["nick_max"], 12), 12)
        rate = checked(SETTINGS["flood_rate"], 5)
        self.assertEqual((rate, type(rate)), (5.0, float))
        self.assertIs(checked(SETTINGS["guests"], False), False)
        self.assertEqual(checked(SETTINGS["reserved_names"], ["a", "b"]), ("a", "b"))
        self.assertEqual(checked(SETTINGS["exempt"], ["10.0.0.0/8"]), (ip_network("10.0.0.0/8"),))

    def test_other_types(self) -> None:
        """A value of another type is refused with the type that is wanted; true is no number, and 1 is not true."""
        for name, value, words in [
            ("nick_max", True, "must be a whole number of characters, not true."),
            ("nick_max", 3.0, "must be a whole number of characters, not 3.0."),
            ("flood_rate", "2", 'must be a number of lines/s, not "2".'),
            ("guests", 1, "must be true or false, not 1."),
            ("motd", ["x"], 'must be text in quotes, not ["x"].'),
            ("reserved_names", "x", 'must be a list of nicknames, not "x".'),
            ("reserved_names", ["x", 1], "must be a list of nicknames, each in quotes."),
        ]:
            self.assertEqual(self.refusal(name, value), f"{name} {words}")

    def test_range(self) -> None:
        """Numbers stay within their range; nan is in none."""
        self.assertEqual(self.refusal("nick_max", 65), "nick_max must be 1 to 64 characters, not 65.")
        self.assertIn("not nan", self.refusal("flood_rate", float("nan")))
        self.assertEqual([checked(SETTINGS["nick_max"], value) for value in (1, 64)], [1, 64])

    def test_choices(self) -> None:
        """A setting with choices takes nothing else."""
        self.assertEqual(checked(SETTINGS["registration"], "invite"), "invite")
        self.assertIn("must be one of open, invite, closed, not", self.refusal("registration", "Open"))

    def test_lines(self) -> None:
        """Only the message of the day has several lines, and no text moves a cursor."""
        self.assertEqual(checked(SETTINGS["motd"], "a\nb"), "a\nb")
        self.assertIn("line ends", self.refusal("name", "a\nb"))
        for name in ("name", "motd"):
            self.assertIn("control characters", self.refusal(name, "\x1b[2J"))

    @given(st.sampled_from(sorted(SETTINGS)), VALUES)
    def test_anything(self, name: str, value: object) -> None:
        """Any value is taken, and then taken again, or is refused with a sentence that begins with the setting."""
        try:
            taken = checked(SETTINGS[name], value)
        except CannotStart as error:
            self.assertTrue(str(error).startswith(name), error)
        else:
            self.assertEqual(checked(SETTINGS[name], taken), taken)


class OwnChecksTest(SynchronousTestCase):
    def test_multiline(self) -> None:
        """Lines may be empty; a tab is no part of one."""
        self.assertEqual(multiline("motd", "a\n\nb"), "a\n\nb")
        self.assertRaises(CannotStart, multiline, "motd", "a\n\tb")

    def test_time_zone(self) -> None:
        """A zone is found in any case; one that is none is refused by the setting's name."""
        self.assertEqual(time_zone("zone", "europe/paris"), "Europe/Paris")
        self.assertTrue(str(self.assertRaises(CannotStart, time_zone, "zone", "Mars")).startswith("zone: "))

    def test_network(self) -> None:
        """A network is IPv4 or IPv6; a number is none, nor is an address within one."""
        self.assertEqual(network("exempt", "2001:db8::/32"), ip_network("2001:db8::/32"))
        for wrong in (1, "10.0.0.1/8", "home", None):
            self.assertIn(
                f"exempt: {wrong} is not a network", str(self.assertRaises(CannotStart, network, "exempt", wrong))
            )


class WritingTest(SynchronousTestCase):
    @given(st.booleans() | st.integers(-(2**63), 2**63) | st.lists(st.text(st.characters(categories=["L", "P", "Zs"]))))
    def test_toml(self, value: object) -> None:
        """TOML reads back what was written."""
        self.assertEqual(tomllib.loads(f"x = {toml(value)}")["x"], value)

    def test_networks(self) -> None:
        """A network is written as text."""
        self.assertEqual(toml((ip_network("10.0.0.0/8"),)), '["10.0.0.0/8"]')

    def test_password(self) -> None:
        """A password is hidden, but not that there is none."""
        self.assertEqual((written("password", "sesame"), written("password", "")), ('"…"', '""'))
        self.assertEqual(written("name", "sesame"), '"sesame"')

    def test_number(self) -> None:
        """Thousands are set apart."""
        self.assertEqual((number(1048576), number(0.5), number(100000.0)), ("1,048,576", "0.5", "100,000"))


class LengthTests(SynchronousTestCase):
    def test_texts(self) -> None:
        """A text, a list and its items have their greatest lengths; a password no longer than anybody could give."""
        Settings(password="x" * 256, name="x" * 100, motd="x\n" * 2000)
        for wrong in (
            {"password": "x" * 257}, {"name": "x" * 101}, {"motd": "x" * 4001}, {"zone": "x" * 1001},
            {"reserved_names": ("x" * 1001,)}, {"exempt": ("10.0.0.0/8",) * 1001},
        ):  # fmt: skip
            (name,) = wrong
            self.assertIn(f"{name} can have ", str(self.assertRaises(CannotStart, Settings, **wrong)))
