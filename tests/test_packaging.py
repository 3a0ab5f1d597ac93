"""What is in ``packaging/`` works as the documents say."""

import configparser
import contextlib
import grp
import io
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trustme
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.daemon.options import Options
from groupchat.doors.certificates.certificates import given
from tests.functional.harness import LIMIT_S, TREE, free_port, program

PACKAGING = TREE / "packaging"


class HookTest(SynchronousTestCase):
    """The deploy hook of certbot."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat hook-"))
        self.addCleanup(shutil.rmtree, self.folder)
        # The hook with a group that there is on this machine, and that we are in.
        group = grp.getgrgid(os.getgid()).gr_name
        self.hook = self.folder / "hook"
        text = (PACKAGING / "certbot-deploy-hook").read_text()
        self.assertIn(" groupchat-tls ", text)
        self.hook.write_text(text.replace(" groupchat-tls ", f" {group} "))
        self.tls = self.folder / "tls"
        self.tls.mkdir()

    def renew(self, name: str) -> None:
        """Do what certbot does: put the files into an archive, link to them, and call the hook."""
        leaf = trustme.CA().create_child_ca().issue_cert(name)
        live, archive = self.folder / "live" / name, self.folder / "archive" / name
        for place in (live, archive):
            place.mkdir(parents=True, exist_ok=True)
        chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
        for file, data in (("fullchain", chain), ("privkey", leaf.private_key_pem.bytes())):
            (archive / f"{file}1.pem").write_bytes(data)
            (live / f"{file}.pem").unlink(missing_ok=True)
            (live / f"{file}.pem").symlink_to(archive / f"{file}1.pem")
        environment = {**os.environ, "RENEWED_LINEAGE": str(live), "GROUPCHAT_TLS": str(self.tls)}
        subprocess.run(["/bin/sh", self.hook], env=environment, check=True, timeout=60)

    def test_renewals(self) -> None:
        """Each certificate becomes one file that the group can read, which a running daemon notices."""
        self.renew("a.example.org")
        found = given(str(self.tls))
        self.assertEqual(set(found.validity()), {"a.example.org"})
        first = found.fingerprint
        self.renew("a.example.org")
        self.renew("b.example.org")
        found.renew()
        self.assertNotEqual(found.fingerprint, first)
        self.assertEqual(set(found.validity()), {"a.example.org", "b.example.org"})
        self.assertEqual(sorted(path.name for path in self.tls.iterdir()), ["a.example.org.pem", "b.example.org.pem"])
        self.assertEqual({path.stat().st_mode & 0o777 for path in self.tls.iterdir()}, {0o640})

    def test_incomplete(self) -> None:
        """If a file is missing the hook fails, and what is served stays as it was."""
        self.renew("a.example.org")
        before = (self.tls / "a.example.org.pem").read_bytes()
        (self.folder / "archive" / "a.example.org" / "privkey1.pem").unlink()
        environment = {**os.environ, "GROUPCHAT_TLS": str(self.tls)}
        environment["RENEWED_LINEAGE"] = str(self.folder / "live" / "a.example.org")
        done = subprocess.run(["/bin/sh", self.hook], env=environment, capture_output=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual((self.tls / "a.example.org.pem").read_bytes(), before)


class DependenciesTest(SynchronousTestCase):
    """The sets of versions agree with setup.cfg."""

    def setUp(self) -> None:
        parser = configparser.ConfigParser()
        parser.read(TREE / "setup.cfg")
        extras = parser["options.extras_require"]
        self.core = [parser["options"]["install_requires"], extras["test"]]
        self.all = [*self.core, extras["dev"]]

    def requirements(self, blocks: list[str]) -> list[Requirement]:
        lines = [line for block in blocks for line in block.split("\n") if line.strip()]
        return [found for found in map(Requirement, lines) if found.name != "groupchat"]

    def pinned(self, name: str) -> dict[str, str]:
        """Return the version of each package in a set."""
        lines = (PACKAGING / name).read_text().splitlines()
        found = [re.fullmatch(r"([\w.-]+)==([\w.]+)( ;.*)?", line) for line in lines if not line.startswith("#")]
        return {canonicalize_name(match[1]): match[2] for match in found if match is not None}

    def test_lowest(self) -> None:
        """Every package that is used has a lower bound, which is the version in the set of the lowest."""
        lowest = self.pinned("lowest.txt")
        for requirement in self.requirements(self.core):
            (bound,) = (each.version for each in requirement.specifier if each.operator == ">=")
            self.assertEqual(Version(lowest[canonicalize_name(requirement.name)]), Version(bound), requirement.name)

    def test_locked(self) -> None:
        """Every package is in the locked set, in a version that setup.cfg allows."""
        locked = self.pinned("constraints.txt")
        for requirement in self.requirements(self.all):
            self.assertIn(locked[canonicalize_name(requirement.name)], requirement.specifier, requirement.name)

    def test_ci(self) -> None:
        """CI installs both sets."""
        self.assertIn("for versions in constraints lowest; do", (TREE / ".ci" / "run").read_text())


class AuditTest(SynchronousTestCase):
    """``packaging/audit.py`` with something that answers as pip-audit does."""

    def audit(self, report: object, status: int = 0, complaint: str = "") -> tuple[int, str]:
        """Return the exit status, and what is printed."""
        code = (
            "import sys\n"
            f"report, status, complaint = {json.dumps(report)!r}, {status}, {complaint!r}\n"
            "if report != 'null': open(sys.argv[sys.argv.index('--output') + 1], 'w').write(report)\n"
            "sys.stderr.write(complaint); sys.exit(status)\n"
        )
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            result = runpy.run_path(str(PACKAGING / "audit.py"))["audit"]([sys.executable, "-c", code])
        return result, out.getvalue()

    def test_answers(self) -> None:
        """Vulnerabilities fail it; no access to data is told and does not; a wrong call fails it."""
        fine = {"name": "a", "version": "1", "vulns": []}
        bad = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
        skipped = {"name": "c", "skip_reason": "not found"}
        self.assertEqual(
            self.audit({"dependencies": [fine, skipped]}),
            (0, "pip-audit looked at 1 of 2 packages: 0 with known vulnerabilities.\n"),
        )
        status, out = self.audit({"dependencies": [fine, bad]}, 1)
        self.assertEqual((status, out.splitlines()[0]), (1, "b 2: CVE-1, fixed in 3"))
        unreached = "pip-audit could not reach its data ({}); known vulnerabilities were not looked for.\n"
        self.assertEqual(
            self.audit({"dependencies": [skipped]}), (0, unreached.format("it knows none of the packages"))
        )
        self.assertEqual(self.audit(None, 1, "x\nno route"), (0, unreached.format("no route")))
        self.assertEqual(self.audit(None, 2, "usage: "), (2, "usage: \n"))


class ContainerTest(SynchronousTestCase):
    def test_ignored(self) -> None:
        """Both programs ignore the same files: all but those which are installed."""
        ours = (TREE / ".containerignore").read_text()
        self.assertEqual((TREE / ".dockerignore").read_text(), ours)
        rules = [line for line in ours.splitlines() if not line.startswith("#")]
        self.assertEqual(rules[0], "*")
        taken = {rule[1:] for rule in rules if rule.startswith("!")}
        self.assertEqual(
            taken,
            {
                "LICENSE",
                "README.md",
                "groupchat",
                "packaging/constraints.txt",
                "pyproject.toml",
                "setup.cfg",
                "twisted",
            },
        )
        self.assertEqual([name for name in taken if not (TREE / name).exists()], [])

    def test_health(self) -> None:
        """The image and the compose file look at the health in one way, where the figures are served."""
        image, compose = (PACKAGING / "Containerfile").read_text(), (PACKAGING / "compose.yaml").read_text()
        (probe,) = re.findall(r'"(import urllib.*)"\]', image)
        self.assertIn(f"- {probe}\n", compose)
        self.assertIn("127.0.0.1:9100/healthz", probe)
        self.assertIn("GROUPCHAT_METRICS=tcp:9100\n", image)
        self.assertIn("read_only: true", compose)


class ClusterTest(SynchronousTestCase):
    """The examples for a cluster."""

    def test_compose(self) -> None:
        """Each node of the compose file has a name of its own and the same log, and the daemon takes both."""
        text = (PACKAGING / "cluster.yaml").read_text()
        (log,) = re.findall(r"GROUPCHAT_JOURNAL: (\S+)", text)
        nodes = re.findall(r"GROUPCHAT_NODE: (\S+)", text)
        self.assertEqual(nodes, ["a1", "b1", "c1"])
        for name in nodes:
            options = Options({"GROUPCHAT_JOURNAL": log, "GROUPCHAT_NODE": name})
            options.parseOptions([])
            assert options.node is not None
            self.assertEqual((options.node.node, options.locations.log), (name, log))
            self.assertIn(f"  {name}:\n    <<: *node\n    hostname: {name}\n", text)
        servers = re.findall(r"([a-z0-9]+):2379", log)
        self.assertEqual(re.findall(r"ETCD_NAME: (\S+)", text), servers)

    def test_drop_in(self) -> None:
        """The drop-in starts what the service starts, as a node."""
        usual, node = (_started(PACKAGING / name) for name in ("groupchat.service", "groupchat-node.conf"))
        self.assertEqual(node[: len(usual)], usual)
        options = Options({})
        options.read_settings = Settings  # type: ignore[method-assign]  # the file of settings is elsewhere
        options.parseOptions(node[node.index("groupchat") + 1 :])
        assert options.node is not None
        self.assertEqual(options.node.node, "a1")

    def test_etcd(self) -> None:
        """The settings of etcd are known to it, and it starts with them."""
        etcd = program("etcd")
        folder = Path(tempfile.mkdtemp(prefix="groupchat-etcd-"))
        self.addCleanup(shutil.rmtree, folder)
        client, peer = free_port(), free_port()
        text = (PACKAGING / "etcd.default").read_text()
        # etcdctl asks there when it is told nothing else.
        self.assertIn("ETCD_LISTEN_CLIENT_URLS=http://10.0.0.1:2379,http://127.0.0.1:2379\n", text)
        text = text.replace(",http://127.0.0.1:2379", "")
        text = re.sub(r",e2=.*", "", text).replace("10.0.0.1:2379", f"127.0.0.1:{client}")
        text = text.replace("10.0.0.1:2380", f"127.0.0.1:{peer}").replace("/var/lib/etcd", str(folder))
        variables = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
        self.assertEqual((variables["ETCD_PRE_VOTE"], variables["ETCD_SNAPSHOT_COUNT"]), ("true", "5000"))
        with (folder / "log").open("w") as log:
            process = subprocess.Popen([etcd], env={"PATH": os.environ["PATH"], **variables}, stdout=log, stderr=log)
        self.addCleanup(process.wait, LIMIT_S)
        self.addCleanup(process.kill)
        end = time.monotonic() + LIMIT_S
        while "ready to serve client requests" not in (told := (folder / "log").read_text()):
            self.assertIsNone(process.poll(), told)
            self.assertLess(time.monotonic(), end, told)
            time.sleep(0.05)
        self.assertNotIn("unrecognized", told)


def _started(unit: Path) -> list[str]:
    """Return the words of the last command that a unit starts."""
    found = re.findall(r"^ExecStart=((?:.*\\\n)*.*)$", unit.read_text(), re.MULTILINE)
    return str(found[-1]).replace("\\\n", " ").split()
