"""Regular expressions are compiled when they are used, and are those that ``re.compile`` gives."""

import pkgutil
import re
from importlib import import_module

from twisted.trial.unittest import SynchronousTestCase

import groupchat
from groupchat.lazy.expressions import Expression, expression


class ExpressionsTest(SynchronousTestCase):
    def test_like_compiled_ones(self) -> None:
        """Every method, and every fact about the expression, is that of the compiled one."""
        ours, theirs = expression(r"(?P<name>[a-z])(\d)?", re.IGNORECASE), re.compile(r"(?P<name>[a-z])(\d)?", re.I)
        text = "A1 b c2"
        for method in ("search", "match", "fullmatch"):
            for given in (text, "a1", "?"):
                mine, other = getattr(ours, method)(given), getattr(theirs, method)(given)
                self.assertEqual(mine and (mine.span(), mine.groupdict()), other and (other.span(), other.groupdict()))
        self.assertEqual((ours.findall(text), ours.split(text)), (theirs.findall(text), theirs.split(text)))
        self.assertEqual((ours.sub("-", text), ours.subn("-", text)), (theirs.sub("-", text), theirs.subn("-", text)))
        self.assertEqual([one[0] for one in ours.finditer(text)], [one[0] for one in theirs.finditer(text)])
        for fact in ("pattern", "flags", "groups", "groupindex"):
            self.assertEqual(getattr(ours, fact), getattr(theirs, fact))

    def test_bytes(self) -> None:
        """The pattern may be bytes."""
        self.assertEqual(expression(rb"\d+").findall(b"1 23"), [b"1", b"23"])

    def test_compiled_once(self) -> None:
        """It is compiled when it is first used; afterwards its methods are the compiled one's own."""
        one = expression("x")
        self.assertNotIn("search", vars(one))
        self.assertTrue(one.search("xx"))
        self.assertIsInstance(vars(one)["match"].__self__, re.Pattern)
        self.assertIs(vars(one)["match"].__self__, vars(one)["search"].__self__)

    def test_unknown(self) -> None:
        """What a compiled expression does not have, it does not have either."""
        self.assertRaises(AttributeError, getattr, expression("x"), "searching")
        self.assertFalse(hasattr(expression("x"), "__wrapped__"))

    def test_all_can_be_compiled(self) -> None:
        """Every expression of the package is one: a fault would be found only when somebody uses it."""
        every = []
        for found in pkgutil.walk_packages(groupchat.__path__, "groupchat."):
            if not found.name.endswith("__main__"):
                every += [one for one in vars(import_module(found.name)).values() if isinstance(one, Expression)]
        self.assertGreater(len(every), 30)
        for one in every:
            self.assertEqual(one.flags, re.compile(one.pattern, one.flags & ~re.UNICODE).flags)
