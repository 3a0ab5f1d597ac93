"""What seldom stands on the screen is as accessible as the rest, in all settings that people have."""

from playwright.sync_api import expect

from tests.functional.browser.chromium import inaccessible_somewhere, npm_package
from tests.functional.browser.windows import PASSWORD, BrowserTest, Window


class SeldomStatesTest(BrowserTest):
    @classmethod
    def setUpClass(cls) -> None:
        npm_package("axe-core")
        super().setUpClass()
        cls.account("mira", is_operator=True)

    def judge(self, window: Window, state: str) -> None:
        """Say what is wrong in a state."""
        self.assertEqual(inaccessible_somewhere(window.page), [], state)

    def test_composing(self) -> None:
        """Someone edits what they said, replies, and is not heard as they are muted."""
        mira = self.program("mira", password=PASSWORD)
        self.addCleanup(mira.leave)
        window = self.person("alice")
        page = window.page
        box = page.get_by_role("textbox", name="Message", exact=True)
        window.say("a mistaek")
        number = mira.told(event="said", text="a mistaek")["id"]
        article = page.locator(f"#m{number}")
        article.wait_for()
        expect(page.locator(".unsent")).to_have_count(0)
        box.press("ArrowUp")
        page.get_by_text("Editing · Enter saves").wait_for()
        self.judge(window, "edit")
        box.press("Escape")
        article.focus()
        article.press("r")
        page.get_by_role("button", name="Do not reply").wait_for()
        self.judge(window, "reply")
        box.press("Escape")
        mira.do(do="mute", nick="alice", room="lobby", duration=600)
        window.say("not heard")
        page.get_by_text("Not sent").first.wait_for()
        self.judge(window, "muted")
        mira.do(do="unmute", nick="alice", room="lobby")

    def test_put_out(self) -> None:
        """Someone is replaced by a second tab of theirs, put out, and banned."""
        mira = self.program("mira", password=PASSWORD)
        self.addCleanup(mira.leave)
        window = self.person("boris")
        window.say("hello")
        window.expect("hello")
        expect(window.page.locator(".unsent")).to_have_count(0)
        with window.context.expect_page() as opened:
            window.page.evaluate("void open(location.href)")
        opened.value.get_by_role("log").get_by_text("hello").last.wait_for()
        dialog = window.page.get_by_role("alertdialog")
        dialog.get_by_text("This chat goes on in another tab").wait_for()
        window.page.bring_to_front()
        self.judge(window, "replaced")
        dialog.get_by_role("button", name="Use it here").click()
        expect(dialog).to_have_count(0)
        opened.value.close()
        mira.do(do="kick", nick="boris", reason="calm down")
        dialog.get_by_text("You were put out by mira: calm down").wait_for()
        self.judge(window, "put out")
        dialog.get_by_role("button", name="Come in again").click()
        expect(dialog).to_have_count(0)
        mira.do(do="ban", whom="boris", reason="enough")
        dialog.get_by_text("banned").first.wait_for()
        self.judge(window, "banned")
        mira.do(do="unban", whom="boris")

    def test_lost(self) -> None:
        """Nobody answers those who are in, whose lines wait, nor those who want to come in."""
        window, late = self.person("carol"), self.window().open()
        late.page.get_by_role("textbox", name="Nickname").fill("dave")
        late.until("!document.getElementById('join-button').disabled")
        self.daemon.kill()
        self.addCleanup(self.begin)
        window.page.get_by_role("status", name="Connection").get_by_text("No connection").wait_for()
        window.say("kept")
        window.page.get_by_text("Not sent yet").first.wait_for()
        self.judge(window, "lost")
        late.page.get_by_role("button", name="Join", exact=True).click()
        late.page.get_by_role("alert").get_by_text("No connection to the server").wait_for()
        self.judge(late, "nobody answers")
