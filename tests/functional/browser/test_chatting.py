"""People in pages chat with people who have netcat, the terminal client, or a program."""

import re
import shutil
import tempfile
from pathlib import Path

from tests.functional.browser.company import final
from tests.functional.browser.windows import PASSWORD, BrowserTest, Window
from tests.functional.harness import program
from tests.functional.pane import COMMAND, Pane

WORDS = re.compile(r"^(?:replying to [^,]+, )?([^: ]+)(?:: | )(.*)$", re.DOTALL)


class TogetherTest(BrowserTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.account("mira", is_operator=True)

    def terminal(self, nick: str) -> Pane:
        """Let somebody come in by ``groupchat join`` on a terminal."""
        program("tmux")
        home = Path(tempfile.mkdtemp(prefix="groupchat-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        environment = {**self.environment, "HOME": str(home), "LC_ALL": "C.UTF-8", "TMUX_TMPDIR": str(home)}
        pane = Pane([*COMMAND, "join", f"127.0.0.1:{self.port}", "--nick", nick], environment, 100, 30)
        self.addCleanup(pane.close)
        pane.expect(rf"You are {nick}")
        return pane

    def menu(self, window: Window, nick: str, item: str) -> None:
        """Choose from the menu of a person in the list."""
        window.page.get_by_role("list", name="People").get_by_role("button", name=nick).click()
        window.page.get_by_role("menuitem", name=item).click()

    def test_ten_people(self) -> None:
        """Ten people by four kinds of clients chat, edit, delete and reply: all see the same, in the same order."""
        pages = [self.person(nick) for nick in ("alice", "ada", "boris", "chloe")]
        mira = self.window().join("mira", PASSWORD)
        pages.append(mira)
        netcats = [self.connect("nick"), self.connect("nora")]
        programs = [self.program("bot"), self.program("build")]
        pane = self.terminal("teo")
        programs[1].do(do="ping")
        before = len(final(programs[1].events, "lobby"))
        for number in range(4):
            for window in pages:
                window.say(f"page {window.page.evaluate('performance.timeOrigin') % 1000:.0f} says {number}")
            for netcat in netcats:
                netcat.send(f"netcat line {number}\n")
            for one in programs:
                one.do(do="say", text=f"program line {number}")
            pane.type(f"terminal line {number}")
            pane.keys("Enter")
        pages[0].say("a mistaek")
        pages[0].expect("a mistaek")
        pages[0].page.get_by_role("textbox", name="Message", exact=True).press("ArrowUp")
        pages[0].say("a mistake")
        programs[0].told(event="edited", text="a mistake")
        pages[1].say("soon gone")
        gone = programs[0].told(event="said", text="soon gone")["id"]
        programs[0].do(do="say", text="yes", reply=gone)
        pages[2].expect("yes")
        article = pages[1].page.locator(f"#m{gone}")
        article.hover()
        pages[1].page.get_by_role("toolbar", name="This message").get_by_role("button", name="Delete").click()
        pages[1].page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        programs[0].told(event="deleted", target=gone)
        pages[3].say("first line\nsecond line")
        netcats[0].send("the last word\n")
        programs[1].told(event="said", text="the last word")
        truth = final(programs[1].events, "lobby")
        self.assertEqual(len(truth), before + 4 * 10 + 5)
        for window in pages:
            window.expect("the last word")
            seen = window.page.eval_on_selector_all(
                "[role=log] article",
                "all => all.map(each => [Number(each.id.slice(1)), each.getAttribute('aria-label')])",
            )
            labels = [(number, *self.words(label)) for number, label in seen if number]
            self.assertEqual(labels, truth)
        shown = pane.expect("the last word")
        self.assertNotIn("soon gone", shown.split("#")[-1])
        for netcat in netcats[1:]:
            netcat.expect("the last word")

    def words(self, label: str) -> tuple[str, str]:
        """Return author and words from the name that a screen reader says."""
        found = WORDS.match(label)
        assert found is not None, label
        nick, words = found[1], found[2].removesuffix(" (edited)")
        return nick, "" if words.startswith("Deleted") else words

    def test_fast_typist(self) -> None:
        """Enter sends what stands in the box, though the list still shows what an earlier beginning could become."""
        window = self.person("frida")
        box = window.page.get_by_role("textbox", name="Message", exact=True)
        box.press_sequentially("/he")
        window.page.get_by_role("option").first.wait_for()
        window.say("/say faster than the list")
        window.expect("faster than the list")

    def test_first_heading(self) -> None:
        """The first heading that is shown above the rooms stands where the side begins, whatever is hidden above it."""
        window = self.person("gina")
        window.page.get_by_role("list", name="Rooms").get_by_role("link", name="lobby").wait_for()
        margin = "getComputedStyle(document.getElementById('join-room').parentElement).marginTop"
        self.assertEqual(window.page.evaluate(margin), "0px")
