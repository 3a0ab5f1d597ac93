"""Options and settings from the environment."""

from dataclasses import fields

from twisted.trial.unittest import SynchronousTestCase

from groupchat.config import environment
from groupchat.config.settings import Settings
from groupchat.model.errors import CannotStart


class EnvironmentTest(SynchronousTestCase):
    def test_settings(self) -> None:
        """Each kind of setting can be given as text."""
        found = environment.settings(
            {
                "GROUPCHAT_NICK_MAX": "12",
                "GROUPCHAT_FLOOD_RATE": "0.5",
                "GROUPCHAT_GUESTS": "False",
                "GROUPCHAT_MOTD": "Hello\nthere",
                "GROUPCHAT_EXEMPT": "10.0.0.0/8, ::1/128",
                "HOME": "/",
            }
        )
        settings = Settings().replaced(**found)
        self.assertEqual((settings.nick_max, settings.flood_rate, settings.guests), (12, 0.5, False))
        self.assertEqual((settings.motd, len(settings.exempt)), ("Hello\nthere", 2))

    def test_mistakes(self) -> None:
        """A misspelt setting, or a wrong value, is refused with the whole name; other variables are not ours."""
        for variable, value, words in [
            ("GROUPCHAT_NIK_MAX", "3", "do you mean GROUPCHAT_NICK_MAX?"),
            ("GROUPCHAT_NICK_MAX", "three", "GROUPCHAT_NICK_MAX must be a number of characters, not 'three'."),
            ("GROUPCHAT_GUESTS", "1", "GROUPCHAT_GUESTS must be true or false"),
        ]:
            error = self.assertRaises(CannotStart, environment.settings, {variable: value})
            self.assertIn(words, str(error))
        foreign = {"GROUPCHAT_SERVICE_HOST": "10.0.0.1", "GROUPCHAT_PORT_5000_TCP": "tcp://10.0.0.1:5000"}
        self.assertEqual(environment.settings(foreign), {})

    def test_options(self) -> None:
        """Options are there too; what Kubernetes says under the name of one is left alone."""
        given = {"GROUPCHAT_DATA": "/data", "GROUPCHAT_PORT": "tcp://10.0.0.1:5000"}
        self.assertEqual(environment.options(given), {"data": "/data"})

    def test_cluster(self) -> None:
        """The log of a cluster has “://” in it and is one; the login for etcd is neither an option nor a setting."""
        given = {"GROUPCHAT_JOURNAL": "etcd://a,b/p", "GROUPCHAT_ETCD_USER": "chat", "GROUPCHAT_ETCD_PASSWORD": "x"}
        self.assertEqual(environment.options(given), {"journal": "etcd://a,b/p"})
        self.assertEqual(environment.settings(given), {})

    def test_every_setting(self) -> None:
        """Every setting can be given in the environment, by its name in capitals."""
        for about in fields(Settings):
            default = about.default
            text = " ".join(map(str, default)) if isinstance(default, tuple) else str(default)
            found = environment.settings({f"GROUPCHAT_{about.name.upper()}": text})
            self.assertEqual(Settings().replaced(**found), Settings(), about.name)

    def test_option_names(self) -> None:
        """Variables of options are not taken for misspelt settings."""
        given = {f"GROUPCHAT_{name.upper()}": "x" for name in environment.OPTIONS}
        self.assertEqual(environment.settings(given), {})
        self.assertEqual(environment.options(given), dict.fromkeys(environment.OPTIONS, "x"))

    def test_empty(self) -> None:
        """An option that is set to nothing is not given; a text that is set to nothing is."""
        self.assertEqual(environment.options({"GROUPCHAT_DATA": ""}), {})
        self.assertEqual(environment.settings({"GROUPCHAT_MOTD": ""}), {"motd": ""})
        self.assertRaises(CannotStart, environment.settings, {"GROUPCHAT_NICK_MAX": ""})

    def test_whole_names(self) -> None:
        """The prefix stands at the beginning, in capitals."""
        others = {"MY_GROUPCHAT_NICK_MAX": "3", "groupchat_nick_max": "3", "NICK_MAX": "3", "nick_max": "3"}
        self.assertEqual(environment.settings(others), {})
