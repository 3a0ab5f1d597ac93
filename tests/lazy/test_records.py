"""Records behave as dataclasses do, and cost less to declare."""

import builtins
import copy
import pickle
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from groupchat.lazy import records
from groupchat.lazy.records import record

T = TypeVar("T")


def compiled_by(action: Callable[[], T]) -> tuple[int, T]:
    """Return how often source was compiled and carried out meanwhile, and what the action returns."""
    calls = []

    def note(_: Any, event: str, what: Any) -> None:
        if event == "c_call" and what is builtins.exec:
            calls.append(what)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        found = action()
    finally:
        sys.setprofile(before)
    return len(calls), found


@record
class Pair:
    """A record with a default."""

    left: int
    right: int = 0


@record
class Triple(Pair):
    """A record that adds to another one."""

    more: list[int] = field(default_factory=list, compare=False)


@record
class Empty:
    """A record of nothing."""


class RecordsTest(SynchronousTestCase):
    def test_like_dataclasses(self) -> None:
        """What can be made of a record, compared and shown is what a dataclass gives."""
        whole: Any = dataclass(slots=True, unsafe_hash=True)

        @record
        class Ours:
            """Ours."""

            one: int
            other: str = "x"
            third: tuple[int, ...] = ()

        @whole
        class Theirs:
            """Theirs."""

            one: int
            other: str = "x"
            third: tuple[int, ...] = ()

        for arguments in ((1,), (1, "y"), (2, "y", (3,))):
            ours, theirs = Ours(*arguments), Theirs(*arguments)
            self.assertEqual(repr(ours).replace("Ours", "Theirs"), repr(theirs))
            self.assertEqual((ours, hash(ours)), (Ours(*arguments), hash(theirs)))
            self.assertNotEqual(ours, replace(ours, one=7))
            self.assertNotEqual(ours, theirs)
        self.assertTrue(is_dataclass(Ours))
        kinds: tuple[Any, Any] = (Ours, Theirs)
        mine, other = ([one.name for one in fields(kind)] for kind in kinds)
        self.assertEqual(mine, other)
        self.assertEqual(kinds[0].__match_args__, kinds[1].__match_args__)
        self.assertFalse(hasattr(Ours(1), "__dict__"))

    def test_wrong_arguments(self) -> None:
        """Arguments that are missing, unknown or too many are refused, in the words of Python."""
        pair: Any = Pair
        for wrong, said in (
            (lambda: pair(), "missing 1 required positional argument: 'left'"),
            (lambda: pair(1, 2, 3), "takes from 2 to 3 positional arguments but 4 were given"),
            (lambda: pair(1, middle=2), "unexpected keyword argument 'middle'"),
        ):
            for _ in range(2):  # the first one is made in another way
                error = self.assertRaises(TypeError, wrong)
                self.assertIn(f"Pair.__init__() {'got an ' if 'unexpected' in said else ''}{said}", str(error))

    def test_inherited(self) -> None:
        """A record of another one has the fields of both, whichever is made first, and equals only its own kind."""
        self.assertEqual(repr(Triple(1, more=[3])), "Triple(left=1, right=0, more=[3])")
        self.assertEqual(Triple(1, 2, [3]), Triple(1, 2))
        self.assertNotEqual(Triple(1, 2), Pair(1, 2))
        self.assertIsNot(Triple(1).more, Triple(1).more)

    def test_plain_subclass(self) -> None:
        """A class that is no record, but made of one, is initialised as that one."""

        class Marked(Pair):
            """A pair with a dictionary."""

        class Doubled(Pair):
            """A pair that is given one value."""

            def __init__(self, both: int) -> None:
                super().__init__(both, both)

        self.assertEqual((Marked(1, 2).right, Doubled(3).left), (2, 3))

    def test_after_init(self) -> None:
        """``__post_init__`` is called, and fields that are no arguments get their defaults."""

        @record
        class Sum:
            """Two numbers, and what they are together."""

            left: int
            right: int = field(kw_only=True)
            both: int = field(init=False, default=0)

            def __post_init__(self) -> None:
                self.both = self.left + self.right  # type: ignore[misc]

        self.assertEqual([Sum(1, right=2).both, Sum(2, right=2).both], [3, 4])
        self.assertRaises(TypeError, Sum, 1, 2)

    def test_nothing(self) -> None:
        """Records without fields are all the same."""
        self.assertEqual((Empty(), hash(Empty()), repr(Empty())), (Empty(), hash(()), "Empty()"))

    def test_kept_elsewhere(self) -> None:
        """Copies and pickles are equal, of a class of which none was made here, too."""
        for one in (Pair(1, 2), Triple(1, 2, [3])):
            self.assertEqual((copy.copy(one), pickle.loads(pickle.dumps(one))), (one, one))

    def test_contains_itself(self) -> None:
        """What contains itself can be shown."""
        many: list[int] = []
        one = Triple(1, 2, many)
        many.append(one)  # type: ignore[arg-type]
        self.assertEqual(repr(one), "Triple(left=1, right=2, more=[...])")

    def test_not_frozen(self) -> None:
        """Assigning is left to the type checker."""
        try:
            setattr(Pair(1), "right", 2)  # noqa: B010
        except FrozenInstanceError:
            self.fail("a frozen dataclass makes each record several times as expensive")

    def test_compiled_when_used(self) -> None:
        """Declaring a record compiles nothing; making the first compiles one function, and the next ones nothing."""

        def declare() -> type[Pair]:
            @record
            class Later(Pair):
                """Not made yet."""

                third: int = 0

            return Later

        declared, kind = compiled_by(declare)
        first, _ = compiled_by(lambda: kind(1, 2))
        self.assertEqual((declared, first, compiled_by(lambda: kind(1, 2))[0]), (0, 1, 0))
        self.assertIsNot(vars(kind)["__init__"], vars(records)["_first_init"])
