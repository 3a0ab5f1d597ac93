"""``groupchat settings`` and ``groupchat check``."""

import tomllib
from dataclasses import fields

from groupchat.admin.settings_commands import describe, template
from groupchat.config.settings import Settings
from tests.admin.cases import CommandCase
from tests.doors.connections import issued


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

    def test_defaults(self) -> None:
        """Without a file only the environment is checked."""
        self.assertTrue(self.output("check").endswith("# The environment is good.\n"))
