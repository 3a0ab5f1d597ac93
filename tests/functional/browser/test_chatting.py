"""People in pages chat with people who have netcat, the terminal client, or a program."""

import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.functional.browser.company import Program, final
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
        """Ten people by four kinds of clients chat, change rooms, keep order: all see the same, in the same order."""
        pages = [self.person(nick) for nick in ("alice", "ada", "boris", "chloe")]
        mira = self.window().join("mira", PASSWORD)
        pages.append(mira)
        netcats = [self.connect("nick"), self.connect("nora")]
        programs = [self.program("bot"), self.program("build", rooms=["dev", "lobby"])]
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
        expect(pages[0].page.locator(".unsent")).to_have_count(0)  # before, the one above would be edited
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
        pages[2].expect("second line")  # it may come after that
        programs[1].do(do="ping")
        self.assertEqual(len(final(programs[1].events, "lobby")), before + 4 * 10 + 5)
        shown = pane.expect("the last word")
        self.assertNotIn("soon gone", shown.split("#")[-1])
        netcats[1].expect("the last word")
        self.whisper(pages, programs)
        self.change_rooms(pages, programs[1])
        self.search(pages[3])
        self.keep_order(mira, programs)
        pages[0].say("good night")
        programs[1].told(event="said", text="good night")
        self.assertNotIn("for your eyes", netcats[1].expect(r"(?s).*?good night")[0])
        self.assertNotIn("for your eyes", pane.expect("good night"))
        for room, last, inside in (("lobby", "good night", pages), ("dev", "ada in dev", pages[:2])):
            truth = final(programs[1].events, room)
            for window in inside:
                self.open_room(window, room)
                window.expect(last)
                expect(window.page.locator(".unsent")).to_have_count(0)
                self.assertEqual(self.seen(window), truth)

    def test_of_all_countries(self) -> None:
        """People with nicknames in any script act in private, call everybody, and are told how to say a path."""
        zoya, jose = self.person("Зоя"), self.program("José")
        netcat = self.connect("明")
        mira = self.window().join("mira", PASSWORD)
        mira.say("@all the bell rings")
        heard = jose.told(event="said", text="@all the bell rings")
        self.assertIs(heard["all"], True)
        expect(zoya.page.locator(f"#m{heard['id']}.me")).to_have_count(1)
        zoya.say("/etc/hosts is broken")
        expect(zoya.page.get_by_role("textbox", name="Message", exact=True)).to_have_value("/etc/hosts is broken")
        zoya.page.get_by_text("Begin with two slashes to say it").first.wait_for()
        zoya.say("//etc/hosts is broken")
        jose.told(event="said", text="/etc/hosts is broken")
        zoya.say("/msg José psst")
        zoya.say("/me waves")
        acted = jose.told(event="acted", text="waves")
        self.assertEqual((acted["room"], acted["nick"], acted["to"]), ("", "Зоя", "José"))
        expect(zoya.page.locator(f"#m{acted['id']}")).to_have_attribute("aria-label", "Зоя waves")
        jose.do(do="me", nick="Зоя", text="nods")
        expect(zoya.page.get_by_role("log").get_by_text("nods")).to_have_count(1)
        acted = jose.do(do="me", text="listens", room="lobby")["id"]
        jose.do(do="edit", id=acted, text="hears it")
        self.open_room(zoya, "lobby")
        zoya.say("/history 2")
        zoya.page.get_by_text(re.compile(rf"#{acted} \* José hears it")).first.wait_for()
        jose.do(do="say", text="the last line", room="lobby")
        shown = netcat.expect(r"(?s).*José: the last line")[0]
        self.assertIn("bell", shown)
        self.assertNotIn("waves", shown)

    def seen(self, window: Window) -> list[tuple[int, str, str]]:
        """Return number, author and words of each message on the screen."""
        found = window.page.eval_on_selector_all(
            "[role=log] article",
            "all => all.map(each => [Number(each.id.slice(1)), each.getAttribute('aria-label')])",
        )
        return [(number, *self.words(label)) for number, label in found if number]

    def open_room(self, window: Window, name: str) -> None:
        """Open a room or a private conversation by its place in the list."""
        rooms = window.page.get_by_role("navigation", name="Rooms and conversations")
        rooms.get_by_role("link", name=re.compile(rf"^{name}\b")).click()
        window.until("name => document.getElementById('room-name').textContent === name", name)

    def whisper(self, pages: list[Window], programs: list[Program]) -> None:
        """Alice writes to ada privately; only these two read it."""
        pages[0].say("/msg ada for your eyes")
        for window, other in ((pages[0], "ada"), (pages[1], "alice")):
            self.open_room(window, other)
            window.expect("for your eyes")
            self.assertEqual([label for label in window.labels() if "eyes" in label], ["alice: for your eyes"])
            self.open_room(window, "lobby")
        for one in programs:
            one.do(do="ping")
            self.assertNotIn("for your eyes", str(one.events))
        for window in pages[2:]:
            self.assertNotIn("for your eyes", window.page.content())

    def change_rooms(self, pages: list[Window], witness: Program) -> None:
        """Alice and ada talk in another room, and come back."""
        for window, nick in zip(pages, ("alice", "ada"), strict=False):
            window.say("/join dev")
            window.until("document.getElementById('room-name').textContent === 'dev'")
            window.say(f"{nick} in dev")
            witness.told(event="said", room="dev", text=f"{nick} in dev")
        for window in pages[:2]:
            window.expect("ada in dev")
            self.open_room(window, "lobby")

    def search(self, window: Window) -> None:
        """Somebody finds what was edited by its new words, and goes there."""
        window.page.keyboard.press("Control+k")
        window.page.get_by_role("searchbox", name="Search words").fill("mistake")
        window.page.keyboard.press("Enter")
        window.page.get_by_role("dialog").get_by_role("link", name="mistake").click()
        window.until("document.activeElement.getAttribute('aria-label').startsWith('alice: a mistake')")

    def keep_order(self, mira: Window, programs: list[Program]) -> None:
        """Mira mutes the bot, whose lines are refused then, lets it write again, and deletes what it said."""
        bot, witness = programs
        dialog = mira.page.get_by_role("dialog")
        self.menu(mira, "bot", "Mute in lobby")
        dialog.get_by_role("button", name="Mute").click()
        witness.told(event="moderated", act="mute", target="bot")
        self.assertEqual(bot.ask(do="say", text="and now?")["code"], "muted")
        mira.say("/unmute bot")
        witness.told(event="moderated", act="unmute", target="bot")
        bot.do(do="say", text="heard again")
        self.menu(mira, "bot", "Delete their messages")
        dialog.get_by_role("button", name="Delete").click()
        witness.told(event="moderated", act="purge", target="bot")
        bot.do(do="say", text="after that")
        witness.told(event="said", text="after that")

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
