"""What is fetched until one can chat, and how the page keeps its promises while much comes in."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Request, Route

from tests.functional.browser.windows import BrowserTest, Window
from tests.functional.harness import LIMIT_S
from tests.page.weights import fetched_at_first

MESSAGES = 3000
PEOPLE = 150


class LoadingTest(BrowserTest):
    @contextmanager
    def broken(self, window: Window) -> Iterator[None]:
        """Let no file of the page be had for a while, though what is open stays so."""
        window.context.route("**/page/**", lambda route: route.abort())
        yield
        window.context.unroute("**/page/**")

    def gate(self) -> Window:
        """Open the page, and wait until one can come in."""
        window = self.window().open()
        window.page.wait_for_load_state("networkidle")
        window.until("!document.getElementById('join-button').disabled")
        return window

    def come_in(self, window: Window, nick: str) -> None:
        window.page.get_by_role("textbox", name="Nickname").fill(nick)
        window.page.get_by_role("button", name="Join", exact=True).click()

    def test_until_one_chats(self) -> None:
        """At the gate all that one needs to come in and write is there, and nothing else; no other server is asked."""
        window = self.gate()
        end = time.monotonic() + LIMIT_S
        while not any(url.endswith("/crowded.js") for url in window.requests):  # the last of them
            self.assertLess(time.monotonic(), end)
            window.page.wait_for_timeout(50)
        names = {url.rpartition("/")[2] or "index.html" for url in window.requests if not url.endswith("/ws")}
        self.assertEqual(names, {*fetched_at_first(), "crowded.js"})  # a server that is full would not send that
        with self.broken(window):
            self.come_in(window, "ada")
            window.say("It can be said with that.")
            window.expect("It can be said with that.")
        strangers = [url for url in window.requests if f"//127.0.0.1:{self.port}/" not in url]
        self.assertEqual(strangers, [])

    def test_module_that_is_lost(self) -> None:
        """When a module of the first ones is lost on the way, the page is loaded again by itself; not for ever."""
        for losses, loads in ((1, 2), (9, 2)):
            window = self.window()
            asked: list[str] = []

            def lose(route: Route, request: Request, losses: int = losses, asked: list[str] = asked) -> None:
                asked.append(request.url)
                if len(asked) <= losses:
                    route.abort()
                else:
                    route.continue_()

            window.context.route("**/page/bar.js", lose)
            window.context.route("**/page/*/bar.js", lose)
            window.open()
            window.page.wait_for_load_state("networkidle")
            end = time.monotonic() + LIMIT_S
            if losses < loads:  # if only the preloading was lost, the browser asks once more by itself
                window.until("!document.getElementById('join-button').disabled")
                continue
            while len([url for url in window.requests if url.endswith("/")]) < loads:
                self.assertLess(time.monotonic(), end)
                window.page.wait_for_timeout(50)
            window.page.wait_for_load_state("networkidle")
            self.assertEqual(len([url for url in window.requests if url.endswith("/")]), loads)

    def test_parts_that_cannot_be_had(self) -> None:
        """What is loaded later and cannot be had is told, loses nothing that was typed, and is tried again."""
        window = self.gate()
        page = window.page
        box = page.get_by_role("textbox", name="Message", exact=True)
        told = "count => document.getElementById('log').textContent.split('could not be loaded').length - 1 === count"
        with self.broken(window):
            self.come_in(window, "yves")
            window.say("/join greenhouse")
            window.until(told, 1)
            for count, name in enumerate(("Search", "Settings"), 2):
                page.get_by_role("button", name=name, exact=True).click()
                window.until(told, count)
            self.assertEqual(box.input_value(), "/join greenhouse")
        box.press("Enter")
        window.until("document.getElementById('room-name').textContent === 'greenhouse'")
        self.assertEqual(box.input_value(), "")
        page.get_by_role("list", name="Rooms", exact=True).get_by_role("link", name="greenhouse").wait_for()
        page.get_by_role("button", name="Search", exact=True).click()
        page.get_by_role("dialog").wait_for()

    def test_refused_without_a_part(self) -> None:
        """Why a nickname is refused is said also when the part that says it better cannot be had."""
        self.person("ines")
        window = self.gate()
        alert = window.page.get_by_role("alert")
        with self.broken(window):
            self.come_in(window, "ines")
            alert.get_by_text("ines").wait_for()
        self.come_in(window, "ines")
        alert.get_by_text("is already here. Choose another nickname").wait_for()

    def test_much(self) -> None:
        """While thousands of messages come in a reader at the end stays there, and the document does not grow."""
        window = self.person("ada")
        programs = [self.program(f"bot{number}", quiet=True) for number in range(3)]
        for one in programs:
            lines = [{"do": "say", "text": f"line {number}", "room": "lobby"} for number in range(MESSAGES // 3)]
            one.send("".join(json.dumps(line) + "\n" for line in lines))
        for one in programs:
            one.do(do="ping")
        programs[0].do(do="say", text="the last of them", room="lobby")
        window.expect("the last of them")
        self.assertLess(window.page.locator("#lines > li").count(), 1100)
        window.until("log.scrollHeight - log.scrollTop - log.clientHeight < 2")

    def test_reader_is_not_moved(self) -> None:
        """Somebody who scrolled up reads on, whatever comes; the pill counts it, and brings them to the end."""
        window = self.person("boris")
        one = self.program("bot", quiet=True)
        for number in range(80):
            one.do(do="say", text=f"message {number}", room="lobby")
        window.expect("message 79")
        window.page.get_by_role("log").hover()
        window.page.mouse.wheel(0, -900)
        window.until("log.scrollHeight - log.scrollTop - log.clientHeight > 500")
        place = "[...document.querySelectorAll('#lines article')].find(one => one.getBoundingClientRect().top > 60)"
        where = f"(one => [one.id, Math.round(one.getBoundingClientRect().top)])({place})"
        before = None
        while before != (before := window.page.evaluate(where)):  # until it scrolls no more
            window.page.wait_for_timeout(200)
        for number in range(5):
            one.do(do="say", text=f"news {number}", room="lobby")
        window.page.get_by_role("button", name="5 new messages").wait_for()
        self.assertEqual(window.page.evaluate(where), before)
        window.page.get_by_role("button", name="5 new messages").click()
        window.expect("news 4")
        window.until("log.scrollHeight - log.scrollTop - log.clientHeight < 2")

    def test_large_room(self) -> None:
        """A room of many shows a field to find one of them, groups with counts, and follows who comes and goes."""
        window = self.person("chloe")
        crowd = [self.program(f"guest-{number}", since="head") for number in range(PEOPLE)]
        crowd[0].do(do="away", text="at lunch")
        people = window.page.get_by_role("list", name="People")
        people.get_by_text("Away 1").wait_for()
        window.until("count => document.querySelectorAll('#list-people .row').length === count", PEOPLE + 1)
        self.assertEqual(people.get_by_text(f"Here {PEOPLE}", exact=True).count(), 1)
        window.page.get_by_role("searchbox", name="Find a person").fill("guest-14")
        window.until("document.querySelectorAll('#list-people .row').length === 11")
        for one in crowd[140:]:
            one.close()
        window.until("document.querySelectorAll('#list-people .row').length === 1")

    def test_many_rooms(self) -> None:
        """Of many conversations the unread ones come first, and the open one is in sight."""
        window = self.person("doris")
        rooms = [f"room-{number:02}" for number in range(15)]
        for name in rooms:
            window.say(f"/join {name}")
            window.until("name => document.getElementById('room-name').textContent === name", name)
        one = self.program("friend", rooms=[*rooms, "lobby"])
        one.do(do="say", text="news", room="room-03")
        one.do(do="say", text="doris, look", room="room-07")
        one.do(do="msg", nick="doris", text="psst")
        unread = window.page.get_by_role("list", name="Unread")
        unread.get_by_role("link", name="friend 1 unread").wait_for()
        self.assertEqual(
            [" ".join(text.split()) for text in unread.get_by_role("link").all_inner_texts()],
            ["friend 1 unread", "room-07 @1 to you 1 unread", "room-03 1 unread"],
        )
        window.page.get_by_role("searchbox", name="Find a room").fill("lobby")
        window.page.keyboard.press("Enter")
        window.until("document.querySelector('#list-rooms .row').title === 'lobby'")
        for name in ("room-03", "room-07"):
            window.page.keyboard.press("Alt+Shift+ArrowUp")
            window.until("name => document.getElementById('room-name').textContent === name", name)
        current = window.page.locator("#room-lists [aria-current]")
        self.assertEqual(current.get_attribute("title"), "room-07")
        window.until(
            "(row => row.getBoundingClientRect().bottom <= row.closest('.scroll').getBoundingClientRect().bottom)"
            "(document.querySelector('#room-lists [aria-current]'))"
        )
