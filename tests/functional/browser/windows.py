"""People with the page of a real daemon in windows of a real browser.

The daemon and the browser are started once for all tests of a class.
Each window is another person's: nothing that the browser stores is shared.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Error, Page, expect, sync_playwright
from twisted.trial.unittest import SynchronousTestCase

from tests.functional.browser.chromium import browser_path, launch
from tests.functional.browser.company import Program
from tests.functional.harness import LIMIT_S, TREE, TWISTD, Daemon, Line, free_port

LIMIT_MS = LIMIT_S * 1000

expect.set_options(timeout=LIMIT_MS)  # a window has this limit for all else; without it, that is 5 s for these

PASSWORD = "correct-horse-battery"

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

WATCH = """
globalThis.violations = [];
document.addEventListener("securitypolicyviolation", event => {
    violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""
"""What each document does before its own scripts: remember what its security policy did not allow."""


class Window:
    """A person with a window of the browser, of one or more tabs."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.trouble: list[str] = []
        """Errors of scripts, errors on the console, and questions of the browser's own."""
        self.requests: list[str] = []
        """All addresses that were asked for."""
        context.set_default_timeout(LIMIT_MS)
        context.add_init_script(WATCH)
        context.on("page", self._watch)
        self.page = context.new_page()

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.trouble.append(f"{error}\n{error.stack or ''}"))
        page.on("console", self._heed)
        page.on("dialog", self._refuse)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))

    def _heed(self, message: ConsoleMessage) -> None:
        # The page itself tells people of a connection that fails; the browser's line about it is no fault.
        # Then it asks at the same address why, and is told 426 if the server has come back meanwhile.
        if message.type == "error" and not re.search(r"WebSocket connection|net::ERR_|status of 426", message.text):
            self.trouble.append(message.text)

    def _refuse(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self.trouble.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    def open(self, path: str = "/") -> "Window":
        """Open the page; once more if the browser took so long to ask that it was greeted as somebody who types."""
        try:
            self.page.goto(self.address + path)
        except Error as error:
            if "ERR_INVALID_HTTP_RESPONSE" not in str(error):
                raise
            self.page.goto(self.address + path)
        return self

    def join(self, nick: str, password: str = "", path: str = "/") -> "Window":
        """Open the page and come in."""
        self.open(path)
        self.page.get_by_role("textbox", name="Nickname").fill(nick)
        if password:
            field = self.page.get_by_label("Password", exact=True)
            if not field.is_visible():
                self.page.get_by_role("button", name="I have a password").click()
            field.fill(password)
        self.page.get_by_role("button", name="Join", exact=True).click()
        self.page.get_by_role("textbox", name="Message", exact=True).wait_for()
        return self

    def say(self, text: str) -> None:
        """Type into the text box, and send."""
        box = self.page.get_by_role("textbox", name="Message", exact=True)
        box.fill(text)
        box.press("Enter")

    def expect(self, text: "str | re.Pattern[str]") -> None:
        """Wait until the messages of the room have this."""
        self.page.get_by_role("log").get_by_text(text).last.wait_for()

    def labels(self) -> list[str]:
        """Return what a screen reader says of each message in the log: its author and words."""
        found: list[str] = self.page.eval_on_selector_all(
            "[role=log] article", "all => all.map(each => each.getAttribute('aria-label'))"
        )
        return found

    def whole_log(self) -> list[str]:
        """Scroll up to the beginning of the room, and return what a screen reader says of each message."""
        found: dict[int, str] = {}
        end = time.monotonic() + LIMIT_S
        while True:
            is_whole = self.page.get_by_role("log").get_by_text("This is where").is_visible()
            for number, label in self.page.eval_on_selector_all(
                "[role=log] article",
                "all => all.map(each => [Number(each.id.slice(1)), each.getAttribute('aria-label')])",
            ):
                found[number] = label
            if is_whole:
                return [found[number] for number in sorted(found)]
            if time.monotonic() > end:
                raise AssertionError(f"The beginning does not come; {len(found)} messages did")
            self.page.evaluate("document.getElementById('log').scrollTop = 0")
            self.page.wait_for_timeout(30)

    def until(self, condition: str, argument: Any = None) -> None:
        """Wait until JavaScript says that something is so (Playwright's own way needs a policy that allows eval)."""
        end = time.monotonic() + LIMIT_S
        while not self.page.evaluate(condition, argument):
            if time.monotonic() > end:
                raise AssertionError(f"Not within {LIMIT_S:g} s: {condition}")
            self.page.wait_for_timeout(30)

    def violations(self) -> list[str]:
        """Return what the security policy did not allow, in all tabs."""
        pages = [page for page in self.context.pages if page.url.startswith(self.address)]
        return [each for page in pages for each in page.evaluate("violations")]


class BrowserTest(SynchronousTestCase):
    """Tests of the page; after each of them no script has failed, and nothing was tried against the page's policy."""

    OPTIONS: ClassVar[tuple[str, ...]] = ()
    """Options of the daemon."""

    folder: ClassVar[Path]
    environment: ClassVar[dict[str, str]]
    port: ClassVar[int]
    daemon: ClassVar[Daemon]
    browser: ClassVar[Browser]
    _endings: ClassVar[list[Callable[[], object]]]

    @classmethod
    def setUpClass(cls) -> None:
        browser_path()
        cls.folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        cls._endings = [lambda: shutil.rmtree(cls.folder)]
        cls.environment = {**os.environ, "PYTHONPATH": str(TREE), "TZ": "UTC"}
        cls.port = free_port()
        try:
            cls.begin()
            playwright = sync_playwright().start()
            cls._endings.append(playwright.stop)
            cls.browser = launch(playwright)
            cls._endings.append(cls.browser.close)
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls) -> None:
        while cls._endings:
            cls._endings.pop()()

    @classmethod
    def begin(cls) -> None:
        """Start the daemon, or start it again where it was."""
        command = [
            *TWISTD, "-n", "--pidfile=", "groupchat", "--port", f"tcp:{cls.port}:interface=127.0.0.1",
            "--data", "data", "--exempt", "127.0.0.0/8", *cls.OPTIONS,
        ]  # fmt: skip
        cls.daemon = Daemon(command, cls.folder, env=cls.environment)
        cls._endings.append(cls.daemon.kill)
        cls.daemon.ready()

    def setUp(self) -> None:
        self.windows: list[Window] = []

    def tearDown(self) -> None:
        for window in self.windows:
            problems = "\n".join(dict.fromkeys([*window.trouble, *window.violations()]))
            self.assertEqual(problems, "")

    def window(self, size: dict[str, int] | None = None, scheme: str = "light", **more: Any) -> Window:
        """Open a window for somebody."""
        options = {"viewport": size or DESK, "color_scheme": scheme, "locale": "en-GB", "timezone_id": "UTC", **more}
        context = self.browser.new_context(**options)
        self.addCleanup(context.close)
        window = Window(context, f"http://127.0.0.1:{self.port}")
        self.windows.append(window)
        return window

    def person(self, nick: str, **more: Any) -> Window:
        """Let somebody come in by the page."""
        return self.window(**more).join(nick)

    @classmethod
    def account(cls, nick: str, is_operator: bool = False) -> None:
        """Make an account on the server, with the password PASSWORD."""
        for action, typed in [("add", f"{PASSWORD}\n"), ("promote", "")][: 1 + is_operator]:
            command = [sys.executable, "-m", "groupchat.admin", "user", action, nick, "--data", "data"]
            subprocess.run(
                command, cwd=cls.folder, env=cls.environment, input=typed, text=True, check=True, timeout=LIMIT_S,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def program(self, nick: str, **claim: Any) -> Program:
        """Connect a program that speaks JSON Lines."""
        one = Program(self.port, nick, **claim)
        self.addCleanup(one.close)
        return one

    def connect(self, nick: str = "") -> Line:
        """Connect as netcat does; with a nickname, once it is in."""
        line = Line(self.port)
        self.addCleanup(line.close)
        if nick:
            line.send(f"{nick}\n")
            line.expect("Choose your nickname: ")
            line.expect(rf"^Connected to the server! You are {nick}.*\r\n")
        return line
