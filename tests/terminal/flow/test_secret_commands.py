"""Commands that take a password."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.flow.secret_commands import KNOWN, Field, Question, SecretCommands
from groupchat.verbs.commands import COMMANDS

HELP = [
    {
        "command": "unlockvault", "aliases": ["uv"],
        "arguments": [{"name": "room", "typed": False}, {"name": "vault", "label": "VAULT", "typed": True},
                      {"name": "key", "label": "KEY", "typed": True, "secret": True},
                      {"name": "hint", "label": "HINT", "typed": True, "optional": True}],
    },
    {"command": "oldsecret", "usage": "/oldsecret OLD NEW…", "fields": ["old", "new"], "secret": True},
    {"command": "password", "fields": ["old", "new"], "secret": True},
    {"command": "setpassword", "arguments": [{"name": "nick"}, {"name": "password", "secret": True}]},
    {"command": "say", "usage": "/say TEXT…", "arguments": [{"name": "text", "label": "TEXT"}]},
    {"command": "login"},
    "of the future",
]  # fmt: skip


class KnownTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.commands = SecretCommands()

    def test_known(self) -> None:
        """The commands with passwords are secret before any help has come."""
        self.assertEqual(set(KNOWN), {"register", "login", "password", "setpassword", "adduser", "unregister"})
        for name in KNOWN:
            self.assertTrue(self.commands.holds(f"/{name} sesame"), name)
            self.assertEqual(self.commands.shown(f" /{name.upper()} sesame"), f"/{name.upper()}")

    def test_server(self) -> None:
        """The client knows the secret commands and their arguments before the server's help has come."""
        served = {
            verb.name: tuple(
                Field(parameter.name, parameter.argument.secret, parameter.optional) for parameter in verb.parameters
            )
            for verb in COMMANDS.sorted()
            if verb.secret
        }
        self.assertEqual(served, dict(KNOWN))

    def test_other_lines(self) -> None:
        """Lines that are said are not secret, nor are those that begin with two slashes."""
        for line in ("register sesame", "//login a b", "/say login", "", "  ", "/"):
            self.assertFalse(self.commands.holds(line), line)
            self.assertEqual(self.commands.shown(line), line)

    def test_misspelt(self) -> None:
        """A command that looks like a secret one is kept nowhere either; every other command is."""
        for line in ("/pasword old new", "/regsiter x", "/logn bob x", "/passwd x", " /adduse carl x", "/unregster x"):
            self.assertTrue(self.commands.is_secret(line), line)
            self.assertFalse(self.commands.holds(line), line)
            self.assertNotIn(" ", self.commands.shown(line).strip())
        for verb in COMMANDS.sorted():
            if not verb.secret:
                for name in (verb.name, *verb.aliases):
                    self.assertFalse(self.commands.is_secret(f"/{name} x"), name)

    @given(st.sampled_from(sorted(KNOWN)), st.sampled_from("\t\v\f\r\n \u00a0\u2003\u2028"), st.text(max_size=8))
    def test_any_space(self, name: str, space: str, rest: str) -> None:
        """Whatever space follows the command, its line is secret, and nothing of the password is shown."""
        line = f"{space}/{name}{space}{rest}"
        self.assertTrue(self.commands.holds(line))
        self.assertEqual(self.commands.shown(line), f"/{name}")

    def test_questions(self) -> None:
        """A new password is asked for twice, for everything else once; a command of the future by its arguments."""
        asked = {
            name: [self.commands.question(f"/{name.upper()}", field.name) for field in fields if field.secret][:2]
            for name, fields in KNOWN.items()
        }
        new, present = Question("New password", repeated=True), Question("Your present password")
        self.assertEqual(asked["password"], [present, new])
        self.assertEqual((asked["login"], asked["unregister"]), ([Question("Password")], [present]))
        self.assertEqual([asked[name][0] for name in ("register", "adduser", "setpassword")], [new] * 3)
        self.assertEqual(self.commands.question("/unlockvault", "key"), Question("Key"))

    def test_missing(self) -> None:
        """Everything secret that is missing is asked for, once everything open is typed; options are not."""
        for line, missing in (
            ("/register", ["password"]),
            ("/register sesame", []),
            ("/login", []),
            ("/login alice", ["password"]),
            ("/login alice sesame", []),
            ("/password", ["old", "new"]),
            ("/Password old", ["new"]),
            ("/adduser dave", ["password"]),
            ("/adduser", []),
            ("/unregister", ["password"]),
            ("/say", []),
        ):
            self.assertEqual(self.commands.missing(line), missing, line)

    def test_fields(self) -> None:
        """Words are sent by name, so that a password can have spaces."""
        self.assertEqual(self.commands.fields("/adduser", ["dave", "a b"]), {"name": "dave", "password": "a b"})
        self.assertEqual(self.commands.fields("/Password", ["a", "b c"]), {"old": "a", "new": "b c"})
        self.assertEqual(self.commands.fields("/say", ["a"]), {})


class LearnTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.commands = SecretCommands()
        self.commands.learn(HELP)

    def test_learned(self) -> None:
        """A command that the help calls secret is secret under all its names, with its own fields."""
        self.assertEqual(self.commands.shown("/UV safe sesame"), "/UV")
        self.assertEqual(self.commands.missing("/uv safe"), ["key"])
        self.assertEqual(self.commands.missing("/unlockvault"), [])
        self.assertEqual(self.commands.fields("/uv", ["safe", "a b"]), {"vault": "safe", "key": "a b"})
        self.assertEqual(self.commands.fields("/setpassword", ["a", "b"]), {"nick": "a", "password": "b"})

    def test_old_server(self) -> None:
        """A server that only names its fields makes a command secret, but nothing is asked for."""
        self.assertTrue(self.commands.holds("/oldsecret a b"))
        self.assertEqual(self.commands.missing("/oldsecret"), [])
        self.assertEqual(self.commands.missing("/password"), ["old", "new"])

    def test_never_forgotten(self) -> None:
        """A help that does not call them secret does not make the known commands public."""
        self.commands.learn([{"command": name, "arguments": [{"name": "text"}]} for name in KNOWN])
        for name in KNOWN:
            self.assertTrue(self.commands.holds(f"/{name} sesame"), name)
        self.assertFalse(self.commands.holds("/say sesame"))

    @given(st.lists(st.recursive(st.none() | st.text(max_size=3) | st.integers(), lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["command", "arguments", "secret", "aliases", "name"]), inner, max_size=4)
    ), max_leaves=8), max_size=4))  # fmt: skip
    def test_anything(self, items: list[object]) -> None:
        """Whatever a server sends as its help, the known commands stay secret."""
        commands = SecretCommands()
        commands.learn(items)
        self.assertTrue(all(commands.holds(f"/{name} x") for name in KNOWN))
