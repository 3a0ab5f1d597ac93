"""What ``import groupchat.client`` gives."""

import ast
import sys
from pathlib import Path
from subprocess import run

from twisted.trial.unittest import SynchronousTestCase

import groupchat.client as gc

STUB = Path(gc.__file__).with_suffix(".pyi")


class PublicTest(SynchronousTestCase):
    def test_names(self) -> None:
        """Every public name is there, from the module that the stub for type checkers says."""
        for node in ast.parse(STUB.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                home = __import__(str(node.module), fromlist=[alias.name for alias in node.names])
                for alias in node.names:
                    self.assertIs(getattr(gc, alias.asname or alias.name), getattr(home, alias.name))
        names = ast.literal_eval(STUB.read_text("utf-8").partition("__all__ = ")[2])
        self.assertEqual(names, gc.__all__)
        self.assertEqual(dir(gc), gc.__all__)

    def test_no_such_name(self) -> None:
        """A name that is not there is an error, as in every module."""
        with self.assertRaisesRegex(AttributeError, "has no attribute 'Sayd'"):
            gc.Sayd  # type: ignore[attr-defined]  # noqa: B018

    def test_everything(self) -> None:
        """``from groupchat.client import *`` gives them all."""
        found: dict[str, object] = {}
        exec("from groupchat.client import *", found)
        self.assertLessEqual(set(gc.__all__), found.keys())

    def test_nothing_needless(self) -> None:
        """The import alone, and a program with asyncio, import neither Twisted nor each other's modules."""
        for code, absent in (
            ("gc", ("asyncio", "ssl", "twisted", "json")),
            (
                "gc.connect, gc.Bot, gc.testing.FakeServer, gc.Said, gc.errors",
                ("twisted", "zope", "OpenSSL", "cryptography"),
            ),
        ):
            words = "import sys; before = set(sys.modules)\n"
            words += f"import groupchat.client as gc; {code}\nprint(*set(sys.modules) - before)"
            ran = run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
            imported = {name.partition(".")[0] for name in ran.stdout.split()}
            self.assertEqual(imported & set(absent), set())
