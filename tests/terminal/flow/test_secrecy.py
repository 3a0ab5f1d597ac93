"""Which lines hold passwords, what of them is asked for, and under which names it is sent."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.flow.secrecy import Secrecy
from groupchat.verbs.vocabulary import COMMANDS

HELP = [
    {"command": "adduser", "usage": "/adduser WORD PASSWORD", "fields": ["name", "password"], "aliases": ["au"],
     "secret": True},
    {"command": "register", "usage": "/register PASSWORD [CODE]", "fields": ["password", "code"], "secret": True},
    {"command": "password", "usage": "/password OLD NEW…", "aliases": [], "secret": True},
    {"command": "say", "usage": "/say TEXT…", "fields": ["text"]},
    "of the future",
]  # fmt: skip


class SecrecyTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.secrecy = Secrecy()
        self.secrecy.learn(HELP)

    def test_missing(self) -> None:
        """Asked for is what is secret, when all that is open was typed."""
        for line, missing in (
            ("/adduser dave", ["PASSWORD"]),
            ("/adduser", []),
            ("/adduser dave word", []),
            ("/register", ["PASSWORD"]),
            ("/password", ["OLD", "NEW"]),
            ("/Password old", ["NEW"]),
            ("/login", []),
            ("/login alice", ["PASSWORD"]),
            ("/say", []),
        ):
            self.assertEqual(self.secrecy.missing(line), missing, line)

    def test_fields(self) -> None:
        """Words are sent under the names the server gives, or, where it gives none, those in the usage."""
        self.assertEqual(self.secrecy.fields("/adduser", ["dave", "a b"]), {"name": "dave", "password": "a b"})
        self.assertEqual(self.secrecy.fields("/AU", ["dave", "a"]), {"name": "dave", "password": "a"})
        self.assertEqual(self.secrecy.fields("/password", ["a", "b c"]), {"old": "a", "new": "b c"})

    def test_shown(self) -> None:
        """Of a line with a password only the command is shown; before the server has told, those of the door count."""
        self.assertEqual(self.secrecy.shown("/AU dave sesame"), "/AU")
        self.assertEqual(self.secrecy.shown("/say sesame"), "/say sesame")
        self.assertEqual(Secrecy().shown("/login alice sesame"), "/login")
        self.assertTrue(Secrecy().holds(" /register sesame"))
        self.assertFalse(Secrecy().holds("register"))

    def test_server(self) -> None:
        """What the client knows before it is told is what the server takes."""
        for name in ("login", "register"):
            needed = [parameter.name for parameter in COMMANDS.find(name).parameters if not parameter.optional]
            self.assertEqual([*Secrecy().fields(f"/{name}", ["a", "b"])], needed)
