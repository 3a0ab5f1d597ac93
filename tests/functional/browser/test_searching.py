"""The dialog that finds messages: conditions, pages, and what is refused."""

from playwright.sync_api import expect

from tests.functional.browser.chromium import inaccessible
from tests.functional.browser.windows import BrowserTest

HOLD = """
globalThis.held = [];
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
    if (data.includes('"do":"search"')) held.push(Object.assign(() => send.call(this, data), { data }));
    else send.call(this, data);
};
"""
"""Hold back what is searched for, until ``held[n]()`` sends it."""


class SearchingTest(BrowserTest):
    def test_search(self) -> None:
        """Conditions find what they say, words are marked, earlier ones are fetched, and mistakes are explained."""
        bot = self.program("bot")
        for number in range(45):
            bot.ask(do="say", text=f"green tea {number}")
        window = self.person("gina")
        window.say("black tea")
        bot.told(event="said", text="black tea")
        page = window.page
        page.keyboard.press("Control+k")
        box, dialog = page.get_by_role("searchbox", name="Search words"), page.get_by_role("dialog")
        hits = dialog.get_by_role("link")

        def search(text: str) -> None:
            box.fill(text)
            box.press("Enter")

        search('from:gina "black tea"')
        expect(hits).to_have_count(1)
        self.assertEqual(dialog.locator("mark").all_inner_texts(), ["black tea"])
        search("from:bot tea")
        expect(hits).to_have_count(20)
        for expected in (40, 45):
            dialog.get_by_role("button", name="Show earlier ones").click()
            expect(hits).to_have_count(expected)
        self.assertIn("green tea 0", hits.last.inner_text())
        expect(dialog.get_by_role("button", name="Show earlier ones")).to_have_count(0)
        self.assertEqual(inaccessible(page), [])
        search('from:bot "green')
        dialog.get_by_text("A phrase ends with a quotation mark, too").wait_for()
        search("from:gina green")
        dialog.get_by_text("Nothing fits all of this: from:gina green").wait_for()

    def test_one_at_a_time(self) -> None:
        """While an answer is awaited, only the last words that were entered wait; an answer to others is not shown."""
        window = self.window()
        window.context.add_init_script(HOLD)
        window.join("hugo").say("one two three")
        window.expect("one two three")
        page = window.page
        page.keyboard.press("Control+k")
        box, dialog = page.get_by_role("searchbox", name="Search words"), page.get_by_role("dialog")
        for words in ("one", "two", "three"):
            box.fill(words)
            box.press("Enter")
        window.until("document.querySelector('dialog [role=status]').textContent === 'Searching…'")
        self.assertEqual(page.evaluate("held.length"), 1)
        page.evaluate("held[0]()")
        window.until("held.length === 2")
        box.fill("something else")
        page.evaluate("held[1]()")
        window.until("document.querySelector('dialog [role=status]').textContent === ''")
        self.assertIn('"text":"three"', page.evaluate("held[1].data"))
        expect(dialog.get_by_role("link")).to_have_count(0)
