"""The settings: their declarations, changes, and differences."""

from dataclasses import FrozenInstanceError, fields

from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.model.errors import CannotStart
from groupchat.model.names import NameRules


class SettingsTest(SynchronousTestCase):
    def test_replaced(self) -> None:
        """Options of the command line are checked like those of a file, and leave the original alone."""
        settings = Settings()
        self.assertEqual(settings.replaced(nick_max=12, motd="Hi").nick_max, 12)
        self.assertEqual(settings, Settings())
        error = self.assertRaises(CannotStart, settings.replaced, nick_max=0)
        self.assertEqual(str(error), "nick_max must be 1 to 64 characters, not 0.")
        error = self.assertRaises(CannotStart, settings.replaced, nik_max=3)
        self.assertIn("do you mean nick_max?", str(error))
        self.assertRaises(CannotStart, Settings, flood_rate=0)

    def test_frozen(self) -> None:
        """Nobody changes a setting on the way."""
        self.assertRaises(FrozenInstanceError, setattr, Settings(), "nick_max", 3)

    def test_fixed(self) -> None:
        """Changes that need a restart are told apart from those that do not."""
        self.assertEqual(Settings().fixed(Settings(connections=5, nick_max=5)), ["connections"])

    def test_name_rules(self) -> None:
        """The rules for nicknames are those of the settings, and the defaults agree."""
        self.assertEqual(Settings().name_rules, NameRules())
        settings = Settings(nick_min=1, nick_max=5, unicode_names=True, reserved_names=("x",))
        self.assertEqual(settings.name_rules, NameRules(1, 5, True, ("x",)))

    def test_numbers_have_ranges(self) -> None:
        """Every number has a range, and its default is within."""
        for about in fields(Settings):
            if isinstance(about.default, int | float) and not isinstance(about.default, bool):
                self.assertTrue(about.metadata["minimum"] <= about.default <= about.metadata["maximum"], about.name)

    def test_changed(self) -> None:
        """The settings that differ are named."""
        self.assertEqual(Settings().changed(Settings(nick_max=5, motd="Hi")), ["motd", "nick_max"])
        self.assertEqual(Settings().changed(Settings()), [])

    def test_described(self) -> None:
        """Every setting says what it counts and what it is for."""
        for about in fields(Settings):
            self.assertTrue(about.metadata["unit"] and about.metadata["reason"], about.name)

    def test_ordered(self) -> None:
        """Pairs of which one must not be above the other are checked together."""
        for low, high in [("commit_pause_s", "commit_refuse_s"), ("password_wait_s", "password_wait_max_s")]:
            error = self.assertRaises(CannotStart, Settings, **{low: 3000.0, high: 1.0})
            self.assertEqual(str(error), f"{low} (3000) must not be above {high} (1).")

    def test_tables(self) -> None:
        """A table whose name is no setting, but has one in it, is explained."""
        error = self.assertRaises(CannotStart, Settings.check, "limits", {"nick_max": 3})
        self.assertIn("remove the line [limits]", str(error))
        error = self.assertRaises(CannotStart, Settings.check, "limits", {"x": 3})
        self.assertEqual(str(error), "there is no setting 'limits'.")
