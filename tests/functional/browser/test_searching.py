"""The dialog that finds messages: conditions, pages, and what is refused."""

from playwright.sync_api import expect

from tests.functional.browser.chromium import inaccessible
from tests.functional.browser.windows import BrowserTest


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
