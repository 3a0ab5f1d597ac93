"""Preferences: what /set accepts, and how it refuses the rest."""

from dataclasses import fields
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import BadArguments
from groupchat.model.preferences import Preferences, find_zone, names, shown_width, values


class Changing(SynchronousTestCase):
    def refusal(self, name: str, value: str) -> str:
        return str(self.assertRaises(BadArguments, Preferences().changed, name, value))

    def test_switches(self) -> None:
        """Each switch goes on and off, typed in any case, and leaves the others alone."""
        for name in ("echo", "emoji"):
            on = Preferences().changed(name, "on")
            off = on.changed(name.upper(), "OFF")
            self.assertEqual((getattr(on, name), getattr(off, name)), (True, False))
            self.assertEqual(off.changed(name, "on"), on)
        paris = Preferences(joins="off", zone="Europe/Paris")
        self.assertEqual(paris.changed("echo", "on"), Preferences(echo=True, joins="off", zone="Europe/Paris"))

    def test_joins(self) -> None:
        """Of those who come and go active people are shown, each, or nobody."""
        for value in ("active", "on", "off"):
            changed = Preferences().changed("JOINS", value.title())
            self.assertEqual((changed.joins, changed.shown("joins")), (value, value))
        self.assertRaises(BadArguments, Preferences().changed, "joins", "yes")

    def test_time(self) -> None:
        """The time is shown in seconds, in minutes or not."""
        for value in ("seconds", "minutes", "off"):
            self.assertEqual(Preferences().changed("time", value.title()), Preferences(time=value))

    def test_width(self) -> None:
        """Lines are broken at one of a few widths, so that they are rendered for a few only; or as the window is."""
        for typed, kept, shown in (("80", "80", 80), ("87", "80", 80), ("20", "20", 20), ("1000", "200", 200)):
            preferences = Preferences().changed("width", typed)
            self.assertEqual((preferences.width, shown_width(preferences, 120)), (kept, shown))
        for columns, width in ((0, 0), (120, 120), (129, 120), (3, 20), (65535, 200)):
            self.assertEqual(shown_width(Preferences(), columns), width)
        off = Preferences().changed("width", "OFF")
        self.assertEqual((shown_width(off, 120), off.changed("width", "auto")), (0, Preferences()))
        for wrong in ("19", "-80", "8o", "2001", "٨٠", "1" * 60):
            self.assertIn("width can be auto, off or a number of columns from 20 up", self.refusal("width", wrong))

    def test_zone(self) -> None:
        """A time zone is found in any case; the server's is the empty string."""
        paris = Preferences().changed("zone", "europe/PARIS")
        self.assertEqual(paris, Preferences(zone="Europe/Paris"))
        self.assertEqual(paris.changed("zone", "Server"), Preferences())
        self.assertEqual(find_zone("america/new york"), "America/New_York")

    def test_wrong_zone(self) -> None:
        """The refusal of an unknown zone names the nearest one, or gives examples."""
        self.assertEqual(self.refusal("zone", "berlin"), "There is no time zone berlin; do you mean Europe/Berlin?")
        self.assertIn("do you mean Europe/Paris?", self.refusal("zone", "Europe/Pariss"))
        self.assertIn("a name such as Europe/Paris", self.refusal("zone", "qqqqqqqqqqq"))
        for path in ("../../etc/passwd", "/etc/localtime", "Europe", "x" * 4000):
            self.assertLess(len(self.refusal("zone", path)), 200)

    def test_wrong_value(self) -> None:
        """The refusal of a wrong value lists the possible values."""
        self.assertEqual(self.refusal("echo", "maybe"), "echo can be on or off, not maybe.")
        self.assertEqual(self.refusal("time", "12h"), "time can be seconds, minutes or off, not 12h.")

    def test_wrong_name(self) -> None:
        """The refusal of a wrong name lists the names of all preferences."""
        expected = "There is no setting colour; the settings are echo, emoji, joins, rooms, time, width and zone."
        self.assertEqual(self.refusal("colour", "on"), expected)
        self.assertLess(len(self.refusal("x" * 4000, "on")), 200)


class Describing(SynchronousTestCase):
    def test_every_field(self) -> None:
        """Every preference can be set, and is described with its current value."""
        self.assertEqual(names(), [field.name for field in fields(Preferences)])
        lines = Preferences(echo=True, zone="Europe/Paris").describe()
        for name, value, line in zip(
            names(), ("on", "on", "on", "server", "seconds", "auto", "Europe/Paris"), lines, strict=True
        ):
            self.assertTrue(line.startswith(f"{name} {value} - "), line)

    def test_values_are_taken(self) -> None:
        """Every value that completion offers is accepted, and shown in the same form."""
        for name in names():
            self.assertGreater(len(values(name)), 1)
            for value in values(name):
                self.assertEqual(Preferences().changed(name, value).shown(name), value)
        self.assertEqual(values("colour"), [])

    def test_purposes(self) -> None:
        """The description of a preference says what it is for, and which values it takes."""
        lines = Preferences().describe()
        self.assertIn("echo off - show my own lines too (on, off)", lines)
        self.assertTrue(any(line.startswith("zone server - ") and "Europe/Paris" in line for line in lines))

    def test_defaults_are_shown(self) -> None:
        """The values of a new person are shown as they would be typed, and setting them changes nothing."""
        for name in names():
            self.assertEqual(Preferences().changed(name, Preferences().shown(name)), Preferences())
        self.assertRaises(KeyError, Preferences().shown, "colour")


class Sharing(SynchronousTestCase):
    def test_equal_preferences_are_one(self) -> None:
        """Preferences that were reached in different ways are equal, so that their owners share one rendering."""
        first = Preferences().changed("zone", "utc").changed("joins", "off")
        second = (
            Preferences().changed("joins", "OFF").changed("echo", "on").changed("zone", "UTC").changed("echo", "off")
        )
        self.assertEqual(len({first, second}), 1)

    def test_unchanged(self) -> None:
        """A change makes a copy: the preferences of others, who may share them, stay."""
        mine = yours = Preferences()
        mine = mine.changed("echo", "on")
        self.assertEqual((mine.echo, yours.echo), (True, False))

    @given(st.sampled_from(names()), st.text(max_size=100))
    def test_any_value(self, name: str, value: str) -> None:
        """Any text is refused with a short sentence, or is a value that is shown and accepted again."""
        try:
            changed = Preferences().changed(name, value)
        except BadArguments as refusal:
            self.assertLess(len(str(refusal)), 250)
        else:
            self.assertEqual(changed.changed(name, changed.shown(name)), changed)


class Zones(SynchronousTestCase):
    def test_all_are_found(self) -> None:
        """Every time zone is found by its own name, in any case, and can be used."""
        for zone in sorted(available_timezones())[::25]:
            self.assertEqual((find_zone(zone), find_zone(zone.upper())), (zone, zone))
            self.assertEqual(ZoneInfo(find_zone(zone.lower())).key, zone)

    def test_server(self) -> None:
        """The time zone of the server has a word of its own, and no name."""
        self.assertEqual([find_zone(text) for text in ("", "server", "SERVER")], ["", "", ""])
        self.assertEqual(Preferences().shown("zone"), "server")
