"""A server that is full: browsers are told so in words, and come in by themselves when there is room."""

import re

from tests.functional.browser.chromium import inaccessible_somewhere
from tests.functional.browser.windows import BrowserTest
from tests.functional.harness import Line

ROOM = 8


class FullTest(BrowserTest):
    OPTIONS = ("--settings", "settings.toml")

    @classmethod
    def begin(cls) -> None:
        (cls.folder / "settings.toml").write_text(f"connections = {ROOM}\n")
        super().begin()

    def fill_up(self) -> list[Line]:
        """Take all the room there is, also what connections of browsers give up in a while."""
        inside: list[Line] = []
        while len(inside) < ROOM:
            one = self.connect()
            if one.expect("Choose your nickname|!! server-full")[0].startswith("Choose"):
                inside.append(one)
            else:
                one.close()
        return inside

    def empty(self, crowd: list[Line]) -> None:
        """Let the crowd go, and wait until there is room."""
        for one in crowd:
            one.close()
        is_full = True
        while is_full:
            one = self.connect()
            is_full = not one.expect("Choose your nickname|!! server-full")[0].startswith("Choose")
            one.close()

    def test_gate(self) -> None:
        """The gate says so and tries again; so does a page that cannot even be loaded."""
        window, late = self.window(), self.window()
        window.page.clock.install()
        window.open()
        window.page.get_by_role("textbox", name="Nickname").fill("walter")
        window.until("document.getElementById('gate-people').textContent")
        crowd = self.fill_up()
        window.page.get_by_role("button", name="Join", exact=True).click()
        full = window.page.get_by_role("alert").get_by_text("The server is full. Trying again in 10 s.", exact=True)
        full.wait_for()
        self.assertEqual(inaccessible_somewhere(window.page), [])
        answer = late.page.goto(late.address)
        assert answer is not None
        self.assertEqual((answer.status, answer.headers["refresh"]), (503, "10"))
        late.page.get_by_text("The server is full.").wait_for()
        late.page.goto("about:blank")  # or it would load the page by itself, with as many connections as there is room
        late.trouble.clear()  # it has also asked for an icon of the page that only says so
        window.trouble.clear()  # the browser says on its console what was refused
        self.empty(crowd)
        window.page.clock.run_for(11_000)
        window.page.get_by_role("textbox", name="Message", exact=True).wait_for()

    def test_coming_back(self) -> None:
        """Whoever was in and comes back to a full server reads so in the bar, and is in when there is room."""
        window = self.window()
        window.page.clock.install(time=0)
        window.join("ines")
        self.daemon.kill()
        status = window.page.get_by_role("status", name="Connection")
        status.get_by_text("No connection").wait_for()
        window.page.clock.pause_at(3_600_000)
        self.begin()
        crowd = self.fill_up()
        window.page.clock.run_for(20_000)
        status.get_by_text(re.compile("The server is full. Trying again in")).wait_for()
        window.page.clock.resume()
        self.assertEqual(inaccessible_somewhere(window.page), [])
        self.empty(crowd)
        window.page.clock.run_for(15_000)
        status.get_by_text("Connected").wait_for()
        window.trouble.clear()  # the browser says on its console what was refused
