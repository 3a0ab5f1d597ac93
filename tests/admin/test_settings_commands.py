"""``groupchat settings`` and ``groupchat check``."""

import os
import tomllib
from dataclasses import fields

from groupchat.admin.settings_commands import describe, template
from groupchat.config.settings import Settings
from groupchat.journals.logs.etcd.etcd_connections import NAMED
from tests.admin.cases import CommandCase
from tests.doors.connections import authority, issued


class SettingsTest(CommandCase):
    def test_template(self) -> None:
        """``groupchat settings`` prints a file that changes nothing; without its marks it sets every default."""
        out = self.output("settings")
        self.assertEqual(out, template())
        self.assertEqual(tomllib.loads(out), {})
        uncommented = "\n".join(line[1:] for line in out.splitlines() if line.startswith("#") and line[1] != " ")
        given = tomllib.loads(uncommented)
        self.assertEqual(list(given), [about.name for about in fields(Settings)])
        self.assertEqual(Settings().replaced(**given), Settings())

    def test_table(self) -> None:
        """Every setting has a row with its default, unit, range and meaning, and none breaks the table."""
        self.assertEqual(self.output("settings", "--format", "markdown"), describe())
        rows = describe().splitlines()
        self.assertEqual(len(rows), 2 + len(fields(Settings)))
        self.assertEqual({row.count("|") for row in rows}, {7})
        for about, row in zip(fields(Settings), rows[2:], strict=True):
            self.assertTrue(row.startswith(f"| `{about.name}` | `"), row)
            self.assertTrue(about.metadata["unit"] and about.metadata["reason"], about.name)
        self.assertIn("| `nick_max` | `24` | characters | 1 to 64 |", describe())
        self.assertRegex(describe(), r"\| `connections` .* \| needs a restart \|\n")


class CheckTest(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.file = self.folder / "chat.toml"

    def test_good(self) -> None:
        """``groupchat check`` prints what differs from the defaults; of a password only that there is one."""
        self.file.write_text('nick_max = 12\npassword = "open sesame"\nexempt = ["10.0.0.0/8"]\n')
        out = self.output("check", "--settings", self.file)
        self.assertEqual(out, f'exempt = ["10.0.0.0/8"]\nnick_max = 12\npassword = "…"\n# {self.file} is good.\n')

    def test_wrong(self) -> None:
        """A mistake is named with its line."""
        self.file.write_text("nick_max = 12\nnick_min = 13\n")
        complaint = self.complaint("check", "--settings", self.file)
        self.assertIn(f"{self.file}, line 2: nick_min (13) must not be above nick_max (12).", complaint)

    def test_no_file(self) -> None:
        """A file that is not there is named."""
        self.assertIn(f"{self.file}: No such file", self.complaint("check", "--settings", self.file))

    def test_certificates(self) -> None:
        """With --tls the certificates are checked too: how long they are valid, or why they cannot be used."""
        missing = self.folder / "missing"
        self.assertIn(f"no certificate in {missing}: there is no such", self.complaint("check", "--tls", missing))
        issued(self.folder)
        self.assertRegex(
            self.output("check", "--tls", self.folder),
            r"\A# The certificate of localhost is valid until \S+Z\.\n# The environment is good\.\n\Z",
        )

    def set(self, **variables: str) -> None:
        """Set variables of the environment for the rest of the test."""
        for name, value in variables.items():
            variable = f"GROUPCHAT_{name}"
            self.addCleanup(os.environ.pop, variable, None)
            os.environ[variable] = value

    def test_node(self) -> None:
        """The journal and the name of a node are checked, and it is said what was not."""
        self.set(JOURNAL="etcd://e1.lab:port", NODE="A_B")
        self.assertIn("“e1.lab:port” is not a server of etcd", self.complaint("check"))
        self.set(JOURNAL="etcd://e1.lab")
        self.assertIn("“A_B” is not the name of a node", self.complaint("check"))
        self.set(NODE="a1")
        good = "# The environment is good.\n# Not checked: "
        self.assertEqual(self.output("check"), f"{good}whether etcd answers, and takes this node (a1).\n")
        self.set(JOURNAL="sqlite:chat.db")
        self.assertIn("--node names a node of a cluster, whose --journal is etcd:", self.complaint("check"))
        self.set(JOURNAL="nonsense")
        self.assertIn("“nonsense” is not a journal", self.complaint("check"))

    def test_certificates_for_etcd(self) -> None:
        """Files for TLS with etcd are read."""
        self.file.write_text("nothing")
        self.set(JOURNAL="etcds://e1.lab", NODE="a1", ETCD_CA=str(self.file))
        self.assertIn(f"{self.file} has no certificate in the PEM form", self.complaint("check"))
        issued(self.folder)
        self.set(ETCD_CA=str(self.folder / "cert.pem"))
        self.assertIn("# The environment is good.", self.output("check"))

    def test_named_certificate_for_etcd(self) -> None:
        """One with a CommonName is warned of, as at the start of a node; one without is not."""
        for name, common_name in (("named", "a1"), ("plain", None)):
            leaf = authority().issue_cert("a1.lab", common_name=common_name)
            leaf.cert_chain_pems[0].write_to_path(self.folder / f"{name}.pem")
            leaf.private_key_pem.write_to_path(self.folder / f"{name}.key")
        self.set(JOURNAL="etcds://e1.lab", NODE="a1")
        self.set(ETCD_CERT=str(self.folder / "plain.pem"), ETCD_KEY=str(self.folder / "plain.key"))
        good = self.output("check")
        self.assertTrue(good.startswith("# The environment is good.\n# Not checked: "), good)
        self.set(ETCD_CERT=str(self.folder / "named.pem"), ETCD_KEY=str(self.folder / "named.key"))
        warned = self.output("check")
        self.assertEqual(warned.replace(f"# Warning: {NAMED}\n", ""), good)
        self.assertIn(f"\n# Warning: {NAMED}\n", warned)

    def test_a_part_of_a_node(self) -> None:
        """What the command line of the daemon may have besides is not missed: a reload checks only the environment."""
        self.set(NODE="a1")
        self.assertIn("# Not checked: what belongs to a node, without GROUPCHAT_JOURNAL.", self.output("check"))
        self.set(NODE="", JOURNAL="etcd://e1.lab")
        self.assertIn("# Not checked: what belongs to a node, without GROUPCHAT_NODE.", self.output("check"))
        self.set(JOURNAL="", ETCD_CA=str(self.file))
        self.assertIn("without GROUPCHAT_JOURNAL and GROUPCHAT_NODE.", self.output("check"))

    def test_own_certificate(self) -> None:
        """A certificate that the environment names is only checked when it is given."""
        self.set(TLS=str(self.folder))
        self.assertIn("# Not checked: the certificate that GROUPCHAT_TLS names", self.output("check"))

    def test_defaults(self) -> None:
        """Without a file only the environment is checked."""
        self.assertTrue(self.output("check").endswith("# The environment is good.\n"))
