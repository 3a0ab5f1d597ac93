"""axe-core judges every state of the page, in both themes, on a desk and on a phone; the keyboard alone does all."""

import time
from collections.abc import Callable
from typing import ClassVar, Literal

from playwright.sync_api import expect

from tests.functional.browser.chromium import inaccessible, npm_package
from tests.functional.browser.windows import DESK, PASSWORD, PHONE, BrowserTest, Window
from tests.functional.harness import LIMIT_S

CODE = "def lease(pool, mac, now):\n    old = pool.by_mac.get(mac)\n    return old or min(pool.free)"
LONG = "wörter ohne Ende " * 40


class StatesTest(BrowserTest):
    """Somebody goes through all states; in each, axe-core finds nothing."""

    SCHEMES: ClassVar[tuple[Literal["light", "dark"], ...]] = ("light", "dark")

    @classmethod
    def setUpClass(cls) -> None:
        npm_package("axe-core")
        super().setUpClass()
        cls.account("mira", is_operator=True)

    def talk(self) -> None:
        """Say everything that can stand in a log."""
        alice, ines = self.program("alice"), self.program("ines")
        for one in (alice, ines):
            self.addCleanup(one.leave)
        ines.do(do="away", text="lunch until 10:30")
        alice.do(do="topic", text="Lab 3: DHCP and routing. Notes on http://wiki.lab/lab3")
        first = alice.do(do="say", text="Rack B is slow, see http://wiki.lab/b and `set lease 28800`")["id"]
        for text in ("mira can you look?", CODE, LONG, "🎉🐢", "حسنًا، سأحضر معي كابل", "明日のラボは10時からです"):
            alice.do(do="say", text=text)
        alice.do(do="me", text="goes to look")
        ines.do(do="say", text="So not the cable.", reply=first)
        alice.do(do="edit", id=first, text="Rack B was slow")
        alice.do(do="delete", id=alice.do(do="say", text="wrong window")["id"])
        alice.do(do="msg", nick="mira", text="Only for you")

    def judge(self, window: Window, state: str) -> None:
        """Remember what is wrong in a state, in all schemes of colours."""
        for scheme in self.SCHEMES:
            self.states += 1
            window.page.emulate_media(color_scheme=scheme)
            self.found += [f"{scheme}, {state}: {each}" for each in inaccessible(window.page)]

    def walk(self, size: dict[str, int]) -> None:
        is_phone = size == PHONE
        window = self.window(size, has_touch=is_phone).open()
        page = window.page
        page.get_by_role("textbox", name="Nickname").wait_for()
        self.judge(window, "gate")
        page.get_by_role("textbox", name="Nickname").fill("alice")
        page.get_by_role("button", name="Join", exact=True).click()
        page.get_by_role("alert").get_by_text("already here").wait_for()
        self.judge(window, "nickname taken")
        window.join("mira", PASSWORD)
        window.expect("So not the cable.")
        self.judge(window, "room")
        for name, does in self.states_of(window, is_phone).items():
            does()
            self.judge(window, name)
            for _ in range(2):
                page.keyboard.press("Escape")
            expect(page.locator("dialog, .pop")).to_have_count(0)
        page.goto(window.address + "/?with=alice")
        window.expect("Only for you")
        self.judge(window, "private")
        window.context.close()
        self.windows.clear()

    def states_of(self, window: Window, is_phone: bool) -> dict[str, Callable[[], object]]:
        page = window.page
        box = page.get_by_role("textbox", name="Message", exact=True)

        def press(name: str) -> None:
            page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()

        def rooms() -> None:
            if is_phone:
                page.get_by_role("button", name="Rooms and conversations").click()

        def people() -> None:
            if is_phone:
                page.get_by_role("button", name="People,").click()

        def person() -> None:
            people()
            page.get_by_role("list", name="People").get_by_role("button", name="alice").click()
            page.get_by_text("Guest · here since").wait_for()

        def order(item: str) -> None:
            person()
            page.get_by_role("menuitem", name=item).click()
            page.get_by_role("dialog").wait_for()

        def search(words: str) -> None:
            press("Search")
            page.get_by_role("searchbox", name="Search words").fill(words)
            page.keyboard.press("Enter")
            page.get_by_role("dialog").get_by_role("status").filter(has_text="found").or_(
                page.get_by_text("Nothing fits all of this")
            ).first.wait_for(state="attached")

        def message() -> None:
            article = page.get_by_role("article").filter(has_text="Rack B was slow").first
            if is_phone:
                article.click(position={"x": 200, "y": 10})
                page.get_by_role("menuitem", name="Reply").wait_for()
            else:
                article.hover()
                page.get_by_role("toolbar", name="This message").wait_for()

        def reply() -> None:
            message()
            page.get_by_role("menuitem" if is_phone else "button", name="Reply").click()

        def completion() -> None:
            box.click()
            box.press_sequentially("/mu")
            page.get_by_role("listbox").wait_for()

        def settings() -> None:
            rooms()
            press("Settings")
            page.get_by_role("dialog", name="Settings").wait_for()

        def joining() -> None:
            rooms()
            press("Join or make a room")
            page.get_by_role("dialog").get_by_text("lobby").wait_for()

        return {
            "message": message, "reply": reply, "person": person, "rooms": rooms, "people": people,
            "mute": lambda: order("Mute in"), "kick": lambda: order("Put out of"), "ban": lambda: order("Ban from"),
            "purge": lambda: order("Delete their"), "who": lambda: order("Who is this"),
            "found": lambda: search("rack"), "nothing found": lambda: search("leese"),
            "completion": completion, "settings": settings, "joining": joining,
        }  # fmt: skip

    def judged(self, size: dict[str, int]) -> None:
        self.found: list[str] = []
        self.states = 0
        self.talk()
        self.walk(size)
        self.assertEqual(self.found, [])
        self.assertGreaterEqual(self.states, 2 * 18)

    def test_desk(self) -> None:
        """On a screen of 1280 px, light and dark, no state has a fault."""
        self.judged(DESK)

    def test_phone(self) -> None:
        """On a phone of 390 px, light and dark, no state has a fault."""
        self.judged(PHONE)


class KeyboardTest(BrowserTest):
    """Nothing here touches a pointer."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.account("mira", is_operator=True)

    def focus(self, window: Window) -> str:
        """Return what the focus is on: its name, as far as it has one."""
        script = (
            "(one => one.getAttribute('aria-label') || one.title || one.textContent.trim())(document.activeElement)"
        )
        found: str = window.page.evaluate(script)
        return found

    def assert_focus(self, window: Window, name: str) -> None:
        """Wait until the focus is on what has this name."""
        end = time.monotonic() + LIMIT_S
        while self.focus(window) != name and time.monotonic() < end:
            window.page.wait_for_timeout(20)
        self.assertEqual(self.focus(window), name)

    def shown(self, window: Window, number: int) -> None:
        """Wait until a message is in the log, and no longer only on its way."""
        window.page.locator(f"#m{number}").wait_for()
        expect(window.page.locator(".unsent")).to_have_count(0)

    def test_an_evening(self) -> None:
        """By keyboard alone one joins, writes, walks the log, replies, edits, deletes, searches, switches, mutes."""
        boris = self.program("boris")
        asked = boris.do(do="say", text="anybody here?")["id"]
        window = self.window().open()
        keys = window.page.keyboard
        window.page.get_by_role("textbox", name="Nickname").wait_for()
        keys.type("mira")
        keys.press("Enter")
        window.page.get_by_role("textbox", name="Password", exact=True).wait_for()
        self.assertEqual(window.page.evaluate("document.activeElement.id"), "password")
        keys.type(PASSWORD)
        keys.press("Enter")
        window.expect("anybody here?")
        self.assert_focus(window, "Message")
        keys.type("hello")
        keys.press("Enter")
        self.shown(window, boris.told(event="said", text="hello")["id"])
        keys.press("Escape")
        self.assert_focus(window, "mira: hello")
        keys.press("ArrowUp")
        self.assert_focus(window, "boris: anybody here?")
        keys.press("r")
        self.assert_focus(window, "Message")
        keys.type("yes, two of us")
        keys.press("Enter")
        reply = boris.told(event="said", text="yes, two of us")
        self.assertEqual(reply["reply"], asked)
        self.shown(window, reply["id"])
        keys.press("ArrowUp")
        keys.press("End")
        keys.type("!")
        keys.press("Enter")
        boris.told(event="edited", text="yes, two of us!")
        window.until("document.getElementById('message').value === ''")
        keys.press("Escape")
        keys.press("ArrowUp")
        self.assert_focus(window, "mira: hello")
        keys.press("Delete")
        window.page.get_by_role("dialog").wait_for()
        keys.press("Tab")
        keys.press("Enter")
        boris.told(event="deleted")
        window.expect("Deleted")
        keys.press("Control+k")
        window.page.get_by_role("searchbox", name="Search words").wait_for()
        keys.type("anybody")
        keys.press("Enter")
        window.page.get_by_role("dialog").get_by_text("in lobby").wait_for()
        keys.press("ArrowDown")
        keys.press("Enter")
        window.until("document.activeElement.getAttribute('aria-label') === 'boris: anybody here?'")
        for _ in range(4):
            keys.press("F6")
            if self.focus(window) == "Message":
                break
        keys.type("/join dev")
        keys.press("Enter")
        window.until("document.querySelector('h1#room-name').textContent === 'dev'")
        keys.press("Alt+ArrowUp")
        window.until("document.querySelector('h1#room-name').textContent === 'lobby'")
        for _ in range(4):
            if "boris" in self.focus(window) or ("mira" in self.focus(window) and self.focus(window) != "mira"):
                break
            keys.press("F6")
            if window.page.evaluate("document.activeElement.closest('#people') !== null"):
                break
        keys.press("b")
        self.assert_focus(window, "boris")
        keys.press("Enter")
        window.page.get_by_role("menu").wait_for()
        for _ in range(4):
            keys.press("ArrowDown")
        keys.press("Enter")
        window.page.get_by_role("dialog", name="Mute boris in lobby").wait_for()
        keys.press("Enter")
        boris.told(event="moderated", act="mute", target="boris")
        self.assertEqual(boris.ask(do="say", text="and now?")["code"], "muted")
        expect(window.page.locator("dialog")).to_have_count(0)
        self.assert_focus(window, "boris")
        window.say("/unmute boris")
        boris.told(event="moderated", act="unmute", target="boris")

    def test_stops_of_tab(self) -> None:
        """Tab goes through the page in ten stops, however many rooms, people and messages there are."""
        boris = self.program("boris2")
        for number in range(5):
            boris.do(do="say", text=f"line {number}")
        window = self.person("ada")
        window.expect("line 4")
        window.page.evaluate("document.activeElement.blur(); document.querySelector('.skip').focus()")
        stops = [self.focus(window)]
        while len(stops) < 20:
            window.page.keyboard.press("Tab")
            if window.page.evaluate(
                "document.activeElement === document.body || document.activeElement.className === 'skip'"
            ):
                break
            stops.append(self.focus(window))
        self.assertLessEqual(len(stops), 11, stops)
        for name in ("Search", "Join or make a room", "Settings", "Message"):
            self.assertIn(name, stops)
