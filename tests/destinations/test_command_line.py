"""The destination that a command line, the environment and client.toml name together."""

import contextlib
import io
import shutil
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.address import address, addresses_of
from groupchat.client.tls.trust import Encryption
from groupchat.destinations.command_line import BadDestination, Destination, add_arguments, destination_of
from groupchat.destinations.credentials import Credentials
from groupchat.destinations.hosts import Host, NamedHosts
from groupchat.destinations.known_hosts import KnownHosts

TOKEN = "gct_" + "0123456789" * 4
OTHER_TOKEN = "gct_" + "9876543210" * 4


class CommandLineCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.hosts: dict[str, Host] = {}
        self.nick = ""
        self.environ: dict[str, str] = {}

    def file(self, name: str, content: str) -> str:
        """Write a file that only its owner can read, and return its name."""
        path = self.folder / name
        path.write_text(content)
        path.chmod(0o600)
        return str(path)

    def go(self, *words: str, is_attended: bool = False, **environ: str) -> Destination:
        """Return the destination that these arguments name."""
        parser = ArgumentParser()
        add_arguments(parser, "nick", "room")
        self.environ = {"HOME": "/root", **environ}
        configuration = NamedHosts(self.nick, self.hosts)
        return destination_of(parser.parse_args(words), self.environ, False, is_attended, configuration)

    def refused(self, *words: str, **environ: str) -> str:
        """Return why there is no destination."""
        return str(self.assertRaises(BadDestination, self.go, *words, **environ))

    def misused(self, *words: str) -> str:
        """Return how argparse complains about these arguments."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertRaises(SystemExit, self.go, *words)
        return said.getvalue().splitlines()[-1]


class WhoTest(CommandLineCase):
    def test_nothing(self) -> None:
        """With an address alone the nickname is asked for, or is the login name."""
        found = self.go("chat.org")
        self.assertEqual((found.nick, found.account, found.answer, found.room), ("", False, None, ""))
        self.assertEqual(len(list(found.nicks())), 4)

    def test_nick(self) -> None:
        """A nickname of the command line is the only one that will do; one of the file has others after it."""
        self.assertEqual(list(self.go("chat.org", "--nick", "ci").nicks()), ["ci"])
        self.nick = "Zoë"
        found = self.go("chat.org")
        self.assertEqual((found.answer, list(found.nicks())[:3]), ("Zoë", ["Zoë", "Zoë2", "Zoë3"]))
        self.hosts = {"work": Host("chat.org", nick="alice")}
        self.assertEqual(list(self.go("work").nicks())[:2], ["alice", "alice2"])
        self.assertEqual(list(self.go("work", "--nick", "ci").nicks()), ["ci"])

    def test_account(self) -> None:
        """An account is the one that is named, by a password or an access token, and nobody else."""
        for found in (
            self.go("chat.org", "--account", "alice", GROUPCHAT_PASSWORD="open sesame"),
            self.go("chat.org", "--account", "alice", GROUPCHAT_TOKEN=TOKEN),
        ):
            self.assertEqual((found.account, found.answer, list(found.nicks())), (True, "alice", ["alice"]))
        self.assertIn("not allowed with argument --nick", self.misused("chat.org", "--nick", "a", "--account", "b"))

    def test_without_proof(self) -> None:
        """A program that could ask nobody says at once what is missing; a person is asked."""
        told = self.refused("chat.org", "--account", "alice")
        self.assertEqual(
            told,
            "The account alice needs its password or an access token: "
            "GROUPCHAT_PASSWORD, --password-file, GROUPCHAT_TOKEN or --token-file.",
        )
        self.assertEqual(self.go("chat.org", "--account", "alice", is_attended=True).answer, "alice")

    def test_access_token(self) -> None:
        """With an access token the nickname is the account's, unless one is named on the command line."""
        self.nick = "al"
        self.hosts = {"work": Host("chat.org", nick="alice")}
        for host in ("chat.org", "work"):
            found = self.go(host, GROUPCHAT_TOKEN=TOKEN)
            self.assertEqual((found.answer, list(found.nicks())), ("", [""]))
        self.assertEqual(list(self.go("work", "--nick", "ci", GROUPCHAT_TOKEN=TOKEN).nicks()), ["ci"])


class ProofTest(CommandLineCase):
    def test_order(self) -> None:
        """An option counts more than the environment, and that more than the file."""
        token, password = self.file("t", TOKEN), self.file("p", "open sesame\n")
        self.hosts = {"work": Host("chat.org", account="alice", token_file=token)}
        self.assertEqual(self.go("work").credentials, Credentials(access=TOKEN))
        self.assertEqual(self.go("work", GROUPCHAT_PASSWORD="x").credentials, Credentials("x"))
        found = self.go("work", "--password-file", password, GROUPCHAT_PASSWORD="x", GROUPCHAT_TOKEN=OTHER_TOKEN)
        self.assertEqual(found.credentials, Credentials("open sesame"))

    def test_of_another(self) -> None:
        """The proofs of a host in the file are not sent for anybody but its own account."""
        token = self.file("t", TOKEN)
        self.hosts = {"work": Host("chat.org", account="alice", token_file=token)}
        self.assertIn("account bob needs", self.refused("work", "--account", "bob"))
        self.assertFalse(self.go("work", "--nick", "bob").credentials)
        for words in (("--account", "ALICE"), ("--nick", "alice"), ()):
            self.assertTrue(self.go("work", *words).credentials, words)
        self.hosts = {"work": Host("chat.org", nick="alice", password_file=self.file("p", "the server's"))}
        self.assertTrue(self.go("work", "--nick", "bob").credentials)
        self.assertTrue(self.go("work", "--account", "alice").credentials)
        self.assertIn("account bob needs", self.refused("work", "--account", "bob"))

    def test_of_another_host(self) -> None:
        """Nor to another host."""
        self.hosts = {"work": Host("chat.org", account="alice", token_file=self.file("t", TOKEN))}
        for name in ("chat.org", "work:5001", "home"):
            found = self.go(name)
            self.assertEqual((found.credentials, found.answer), (Credentials(), None))

    def test_refused(self) -> None:
        """What cannot be used is told in one sentence."""
        self.hosts = {"work": Host("chat.org", account="alice", token_file="/none")}
        self.assertEqual(self.refused("work"), "/none cannot be read: No such file or directory.")
        self.assertIn("are both set", self.refused("chat.org", GROUPCHAT_PASSWORD="x", GROUPCHAT_TOKEN=TOKEN))
        told = self.misused("chat.org", "--password-file", "p", "--token-file", "t")
        self.assertIn("--token-file: not allowed with argument --password-file", told)

    def test_forgotten(self) -> None:
        """What a program starts later is not given the secrets of its environment."""
        self.go("chat.org", GROUPCHAT_PASSWORD="open sesame")
        self.assertEqual(self.environ, {"HOME": "/root"})
        self.refused("chat.org", GROUPCHAT_PASSWORD="x", GROUPCHAT_TOKEN=TOKEN)
        self.assertEqual(self.environ, {"HOME": "/root"})


class ServerTest(CommandLineCase):
    def test_host(self) -> None:
        """A host of the file stands for its address, room and encryption; the command line counts more."""
        self.hosts = {"work": Host("chat.org:5001", room="dev", insecure=True)}
        found = self.go("work")
        self.assertEqual((str(found.server), found.room), ("chat.org:5001", "dev"))
        self.assertEqual(addresses_of(found.server)[0].encryption, Encryption(insecure=True))
        found = self.go("work", "--room", "ops", "--tls")
        self.assertEqual((found.room, addresses_of(found.server)[0].encryption), ("ops", Encryption()))
        self.assertEqual(str(self.go("work:7").server), "work:7")

    def test_one_trust(self) -> None:
        """Of the ways to know a certificate only one can be asked for."""
        for words in (("--insecure", "--fingerprint", "ab" * 32), ("--insecure", "--insecure=x")):
            self.misused("chat.org", *words)
        self.hosts = {"work": Host("chat.org", fingerprint="ab" * 32)}
        self.assertEqual(addresses_of(self.go("work", "--insecure").server)[0].encryption, Encryption(insecure=True))


class SeveralTest(CommandLineCase):
    """Several servers of one chat."""

    def test_several(self) -> None:
        """They are named with commas, on the command line and in the file."""
        self.assertEqual(str(self.go("chat.org,b:5001").server), "chat.org,b:5001")
        self.hosts = {"work": Host("chat.org, b:5001", nick="alice", tls=True)}
        found = self.go("work")
        self.assertEqual((str(found.server), found.nick), ("chat.org,b:5001", "alice"))
        self.assertEqual([one.encryption for one in addresses_of(found.server)], [Encryption()] * 2)

    def test_too_many(self) -> None:
        """A list that is too long is refused by what is wrong with it."""
        told = self.misused(",".join(f"h{number}" for number in range(17)))
        self.assertIn("these are 17 addresses; one chat has at most 16", told)

    def test_host_in_a_list(self) -> None:
        """A host of the file stands alone: in a list its encryption and its proofs would be lost silently."""
        self.hosts = {"work": Host("chat.org", tls=True)}
        told = self.refused("chat.org,work")
        self.assertIn("work is a host of client.toml and cannot be one of several addresses", told)
        self.assertEqual(str(self.go("chat.org,work:5001").server), "chat.org,work:5001")

    def test_known(self) -> None:
        """What is remembered of a server holds for it and not for the others."""
        KnownHosts.of_person({"XDG_STATE_HOME": str(self.folder)}).remember(
            address("b:5001"), b"", "2026-11-26"
        )  # fmt: skip
        found = self.go("chat.org,b:5001", "--tls", XDG_STATE_HOME=str(self.folder))
        encryptions = [one.encryption for one in addresses_of(found.server)]
        self.assertEqual(encryptions, [Encryption(), Encryption(vouched=True)])
