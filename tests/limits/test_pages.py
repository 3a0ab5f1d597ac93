"""Pages of long lists."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.limits.pages import PAGE, Page, fitting, page


class PageTests(SynchronousTestCase):
    @given(st.lists(st.integers(0, 1000), max_size=3 * PAGE))
    def test_pages(self, items: list[int]) -> None:
        """The pages of a list together have each item once, in order; equal ones are never torn apart."""
        found: list[int] = []
        after: int | None = None
        while True:
            part = page(items, lambda item: item, after)
            found += part.items
            self.assertEqual(len(found) + part.more, len(items))
            if not part.more:
                break
            self.assertGreaterEqual(len(part.items), PAGE)
            after = part.items[-1]
        self.assertEqual(found, sorted(items))

    def test_equal(self) -> None:
        """Items with the place of the last one of a page are on it too."""
        part = page([*range(PAGE), *[PAGE - 1] * 5, PAGE], lambda item: item)
        self.assertEqual((len(part.items), part.more), (PAGE + 5, 1))

    def test_hint(self) -> None:
        """People are told how to go on, but not at the end."""
        self.assertEqual(
            Page([1], 1234).hint("/list", "bob"), ("… and 1,234 more; /list after bob shows what follows",)
        )
        self.assertEqual(Page([1], 0).hint("/list", "bob"), ())


class FittingTests(SynchronousTestCase):
    @given(st.lists(st.integers(0, 20)), st.integers(0, 50), st.booleans())
    def test_fitting(self, items: list[int], most: int, is_end: bool) -> None:
        """There is as much of the beginning, or of the end, as fits, and always something."""
        found = list(fitting(items, lambda item: item, most, is_end=is_end))
        self.assertEqual(found, items[len(items) - len(found) :] if is_end else items[: len(found)])
        self.assertGreaterEqual(len(found), min(1, len(items)))
        if len(found) > 1:
            self.assertLessEqual(sum(found), most)
        if len(found) < len(items):
            following = items[-len(found) - 1] if is_end else items[len(found)]
            self.assertGreater(sum(found) + following, most)
