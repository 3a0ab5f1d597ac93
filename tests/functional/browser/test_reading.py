"""What is new agrees on all devices of a person: in two browsers, and beside another client."""

from tests.functional.browser.windows import PASSWORD, BrowserTest, Window

UNREAD = "name => document.querySelector(`#list-rooms .row[title='${name}']`)?.classList.contains('unread')"


class ReadingTest(BrowserTest):
    def device(self, room: str) -> Window:
        """Open the page as anna, in this room of hers."""
        window = self.window().join("anna", PASSWORD)
        window.page.locator(f"#list-rooms .row[title={room}]").click()
        window.until("name => document.getElementById('room-name').textContent === name", room)
        return window

    def test_two_browsers(self) -> None:
        """What is read in one is read in the other, at once and when it comes later; and by another client."""
        self.account("anna")
        other = self.program("anna", password=PASSWORD, rooms=["dev", "lobby"], marks=True)
        first, second = self.device("lobby"), self.device("lobby")
        bob = self.program("bob", rooms=["dev", "lobby"])
        bob.do(do="say", text="news", room="dev")
        for window in (first, second):
            window.until(UNREAD, "dev")
        first.page.locator("#list-rooms .row[title=dev]").click()
        second.until(f"name => !({UNREAD})(name)", "dev")
        other.told(event="read", room="dev")
        first.page.locator("#list-rooms .row[title=lobby]").click()  # or it would soon be read there, too
        first.until("document.getElementById('room-name').textContent === 'lobby'")
        bob.do(do="say", text="more", room="dev")
        second.until(UNREAD, "dev")
        other.do(do="read", room="dev")
        second.until(f"name => !({UNREAD})(name)", "dev")
        first.page.locator("#list-rooms .row[title=dev]").click()
        bob.do(do="say", text="last", room="dev")
        first.expect("last")
        first.page.locator("#list-rooms .row[title=lobby]").click()
        bob.do(do="say", text="unseen", room="dev")
        second.until(UNREAD, "dev")
        third = self.device("lobby")
        third.until(UNREAD, "dev")

    def test_programs(self) -> None:
        """Programs that read are shown as such among the people, and no line tells that they come."""
        window = self.person("bert")
        tail = self.program("tail", rooms=["lobby"], program=True)
        row = window.page.locator("#list-people .row[title=tail]")
        row.wait_for()
        self.assertEqual(" ".join(row.inner_text().split()), "tail program")
        tail.close()
        row.wait_for(state="detached")
        self.assertNotIn("tail", window.page.locator("[role=log]").inner_text())
