"""Rooms as the page shows them: invitations, locks and topics."""

from playwright.sync_api import expect

from tests.functional.browser.chromium import inaccessible
from tests.functional.browser.windows import PASSWORD, BrowserTest


class RoomsTest(BrowserTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.account("mira", is_operator=True)

    def test_invited(self) -> None:
        """An invitation is a sentence with a button, and stands in the list; a locked room shows that it is one."""
        mira = self.program("mira", password=PASSWORD)
        mira.do(do="join", room="cellar")
        mira.do(do="lock", room="cellar")
        window = self.person("boris")
        rooms = window.page.get_by_role("navigation", name="Rooms and conversations")
        window.until("document.getElementById('h-invited')")
        mira.do(do="invite", nick="boris", room="cellar")
        invited = rooms.get_by_role("list", name="Invitations").get_by_role("button", name="cellar Join")
        invited.wait_for()
        window.expect("mira invites you to cellar.")
        self.assertEqual(inaccessible(window.page), [])
        window.page.get_by_role("log").get_by_role("button", name="Join cellar").click()
        rooms.get_by_role("link", name="cellar locked").wait_for()
        window.until("document.getElementById('room-name').textContent === 'cellar'")
        expect(rooms.get_by_role("list", name="Invitations")).to_have_count(0)
        mira.do(do="unlock", room="cellar")
        rooms.get_by_role("link", name="cellar", exact=True).wait_for()
        mira.do(do="lock", room="cellar")
        rooms.get_by_role("link", name="cellar locked").wait_for()
        mira.leave()
