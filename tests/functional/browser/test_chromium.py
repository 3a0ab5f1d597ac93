"""What judges pages does see their faults."""

from tests.functional.browser.chromium import inaccessible
from tests.functional.browser.windows import PHONE, BrowserTest

FAULTY = """<!doctype html><html lang=en><title>Faulty</title>
<meta http-equiv=Content-Security-Policy content="img-src 'none'">
<main><h1>Faulty</h1><p style="color: #ccc">pale</p><button></button></main>"""


class JudgesTest(BrowserTest):
    def test_accessibility(self) -> None:
        """Pale words and a button without a name are found, and nothing else, also under a policy."""
        page = self.window(PHONE).page
        page.set_content(FAULTY)
        found = inaccessible(page)
        self.assertEqual(sorted(each.split()[0] for each in found), ["button-name", "color-contrast"], found)

    def test_trouble(self) -> None:
        """An error in a script, a question of the browser's own and an act against the policy are remembered."""
        window = self.window()
        page = window.page
        page.route("http://faulty.test/", lambda route: route.fulfill(body=FAULTY, content_type="text/html"))
        window.address = "http://faulty.test/"
        window.open("")
        page.evaluate("setTimeout(() => { throw new Error('torn') })")
        page.evaluate("confirm('sure?')")
        page.evaluate("new Image().src = 'http://elsewhere.test/a.png'")
        window.until("violations.length")
        self.assertEqual(window.violations(), ["img-src http://elsewhere.test/a.png "])
        trouble = "\n".join(window.trouble)
        self.assertIn("torn", trouble)
        self.assertIn("confirm: sure?", trouble)
        self.windows.clear()
