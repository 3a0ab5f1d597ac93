"""Photographs the page in a real session: ``python docs/screenshots/photograph.py``, from a checkout with Chromium.

A daemon is started, people talk, and what one of them sees is kept: ``page-light.png``, ``page-dark.png``,
``page-phone.png``, and ``page-tree.txt``, which is what a screen reader is told.
It needs pngquant and optipng, which make the pictures small, and the fonts Noto Sans (also CJK) and Noto Color Emoji.
"""

import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE))

from tests.functional.browser.windows import DESK, PASSWORD, PHONE, BrowserTest, Window  # noqa: E402

FOLDER = Path(__file__).parent

CODE = '''```
def lease(pool, mac, now):
    """Give the address this card had, or the oldest free one."""
    old = pool.by_mac.get(mac)
    if old and old.until > now:
        return old.renew(now)
    return min(pool.free, key=lambda a: a.freed).take(mac, now)
```'''


class Session(BrowserTest):
    """A lesson in a lab."""

    OPTIONS = ("--settings", "settings.toml")

    @classmethod
    def begin(cls) -> None:
        (cls.folder / "settings.toml").write_text('name = "Lab 3"\n')
        super().begin()

    def runTest(self) -> None:
        self.account("mira", is_operator=True)
        names = ["alice", "bartholomew-the-24th-one", "boris", "khalid", "teo", "ines", "yuki-tanaka"]
        people = {nick: self.program(nick) for nick in names}
        people["mira"] = self.program("mira", password=PASSWORD)
        rooms = ["announcements", "ctf-web", "hardware", "help-desk", "off-topic", "lobby"]
        ada = self.window().join("ada")
        for room in rooms[:-1]:
            people["mira"].do(do="join", room=room)
            ada.say(f"/join {room}")
            ada.page.get_by_role("list", name="Rooms").get_by_role("link", name=room).wait_for()
        ada.page.get_by_role("list", name="Rooms").get_by_role("link", name="lobby").click()

        def say(nick: str, text: str, **more: object) -> int:
            number: int = people[nick].do(do="say", text=text, **{"room": "lobby", **more})["id"]
            return number

        people["mira"].do(
            do="topic", text="Lab 3 exercise network: DHCP and routing. Notes on http://wiki.lab/lab3", room="lobby"
        )
        say("yuki-tanaka", "明日のラボは10時からです。スイッチの設定ファイルを忘れないでください。")
        say("khalid", "حسنًا، سأحضر معي كابل وحدة التحكم ومحوّل USB.")
        say("mira", "Good morning. The exercise network is 10.30.0.0/16, and nothing in it reaches the outside.")
        say("alice", "Rack B is slow since the last change. Does anybody else see timeouts on 10.30.4.20?")
        same = say("boris", "Same here. p99 went up at 09:10 and came back by itself")
        say("alice", "So not the cable.", reply=same)
        ada.say("The leases are too short. Two cards fight for one address; this is what the server do:")
        posted = people["alice"].told(event="said", nick="ada")["id"]
        ada.page.locator(f"#m{posted}").wait_for()
        ada.page.get_by_role("textbox", name="Message", exact=True).press("ArrowUp")
        ada.say("The leases are too short. Two cards fight for one address; this is what the server does:")
        ada.say(CODE)
        gone = say("khalid", "wrong window, sorry")
        people["khalid"].do(do="delete", id=gone)
        say(
            "alice",
            "ada can you raise the lease to 8 h on the second pool? The reason is in http://wiki.lab/dhcp/leases#overlap",
        )
        say("alice", "No hurry, after the break is fine")
        say("teo", "🎉🐢")
        people["boris"].do(do="me", text="goes to look at rack B with a torch", room="lobby")
        say("mira", "Done for pool 1. Whoever takes pool 2: `set lease 28800`, then `commit`.")
        say("mira", "And write it down.")
        people["mira"].do(do="msg", nick="ada", text="Have you got a minute after the lab?")
        for text in ("ada: the flag is in the cookie", "no hints, please", "ada, sorry"):
            say("mira", text, room="ctf-web")
        say("mira", "Finals on Friday, 14:00", room="announcements")
        people["ines"].do(do="away", text="lunch until 10:30")
        people["yuki-tanaka"].do(do="away")
        ada.page.get_by_role("list", name="Rooms").get_by_role("link", name="ctf-web").get_by_text("@2").wait_for()
        people["alice"].do(do="typing", room="lobby")
        people["khalid"].do(do="typing", room="lobby")
        ada.page.get_by_text("alice and khalid are typing").wait_for()
        ada.page.get_by_role("log").press("End")
        ada.page.evaluate("document.activeElement.blur()")
        self.keep(ada, "page-light")
        (FOLDER / "page-tree.txt").write_text(ada.page.locator("body").aria_snapshot() + "\n", "utf-8")
        ada.page.emulate_media(color_scheme="dark")
        self.keep(ada, "page-dark")
        self.phone(ada)

    def phone(self, ada: Window) -> None:
        """Show the same on a phone, to somebody else."""
        window = self.window(PHONE, device_scale_factor=2, has_touch=True, is_mobile=True).join("zoe")
        window.expect("And write it down.")
        self.keep(window, "page-phone")

    def keep(self, window: Window, name: str) -> None:
        """Take a picture, and make its file small."""
        path = FOLDER / f"{name}.png"
        window.page.mouse.move(*((DESK["width"] - 4, 4) if "phone" not in name else (1, 1)))
        window.page.screenshot(path=path)
        subprocess.run(["pngquant", "--force", "--strip", "--speed", "1", "--output", path, "256", path], check=True)
        subprocess.run(["optipng", "-quiet", "-o5", path], check=True)


if __name__ == "__main__":
    session = Session()
    Session.setUpClass()
    try:
        result = session.defaultTestResult()
        session.run(result)
    finally:
        Session.tearDownClass()
    for _, failure in [*result.failures, *result.errors]:
        sys.exit(str(failure))
