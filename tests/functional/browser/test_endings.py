"""Cuts, kills, second tabs and being put out: nothing is missed, nothing comes twice, and a clear sentence says why."""

import re

from playwright.sync_api import expect

from tests.functional.browser.company import final
from tests.functional.browser.windows import PASSWORD, BrowserTest, Window

EACH = 60


class KilledTest(BrowserTest):
    def write(self, windows: list[Window], first: int, last: int) -> None:
        for number in range(first, last):
            for at, window in enumerate(windows):
                window.say(f"tab {at} line {number}")

    def test_twice(self) -> None:
        """Two people write 240 messages while the server is killed twice: each is there once, and in order."""
        windows = [self.person("alice"), self.person("boris")]
        self.write(windows, 0, EACH)
        self.daemon.kill()
        self.write(windows, EACH, EACH + EACH // 2)
        self.begin()
        self.write(windows, EACH + EACH // 2, EACH + EACH // 2 + 15)
        self.daemon.kill()
        self.begin()
        self.write(windows, EACH + EACH // 2 + 15, 2 * EACH)
        witness = self.program("witness", since=0)
        for at in range(len(windows)):
            witness.told(event="said", text=f"tab {at} line {2 * EACH - 1}")
        truth = [(number, nick, words) for number, nick, words in final(witness.events, "lobby")]
        for at, nick in enumerate(("alice", "boris")):
            own = [words for _, author, words in truth if author == nick]
            self.assertEqual(own, [f"tab {at} line {number}" for number in range(2 * EACH)])
        for window in windows:
            window.expect(truth[-1][2])
            expect(window.page.get_by_role("status", name="Connection")).to_have_text(re.compile("Connected"))
            expect(window.page.get_by_text("Not sent")).to_have_count(0)
            self.assertEqual(window.whole_log(), [f"{nick}: {words}" for _, nick, words in truth])

    def test_reload(self) -> None:
        """A line that was not sent when the page was loaded again is sent once, and others are heard again."""
        window = self.person("carol")
        other = self.program("dave")
        window.say("before")
        window.expect("before")
        other.told(event="said", text="before")
        window.context.set_offline(True)
        self.daemon.kill()
        window.say("while nobody listened")
        window.page.get_by_text(re.compile("Not (sent|confirmed) yet")).first.wait_for()
        window.context.set_offline(False)
        self.begin()
        window.page.reload()
        window.expect("while nobody listened")
        witness = self.program("witness2", since=0)
        witness.told(event="said", text="while nobody listened")
        witness.do(do="say", text="afterwards")
        window.expect("afterwards")
        words = [text for _, _, text in final(witness.events, "lobby")]
        self.assertEqual(words.count("while nobody listened"), 1)
        self.assertEqual([label for label in window.labels() if "nobody" in label], ["carol: while nobody listened"])


class EndingsTest(BrowserTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.account("mira", is_operator=True)

    def test_second_tab(self) -> None:
        """A duplicated tab takes the chat over; the first says so, stands still, and can take it back."""
        window = self.person("alice")
        window.say("from the first tab")
        window.expect("from the first tab")
        expect(window.page.locator(".unsent")).to_have_count(0)
        with window.context.expect_page() as opened:
            window.page.evaluate("void open(location.href)")
        second = opened.value
        second.get_by_role("log").get_by_text("from the first tab").last.wait_for()
        dialog = window.page.get_by_role("alertdialog", name="This chat goes on in another tab")
        dialog.wait_for()
        self.assertIn("You are alice there as well", dialog.inner_text())
        box = second.get_by_role("textbox", name="Message", exact=True)
        box.fill("from the second tab")
        box.press("Enter")
        second.get_by_role("log").get_by_text("from the second tab").last.wait_for()
        expect(second.locator(".unsent")).to_have_count(0)
        self.assertNotIn("alice: from the second tab", window.labels())
        dialog.get_by_role("button", name="Use it here").click()
        window.expect("from the second tab")
        second.get_by_role("alertdialog", name="This chat goes on in another tab").wait_for()
        self.assertEqual(window.labels()[-2:], ["alice: from the first tab", "alice: from the second tab"])

    def test_put_out(self) -> None:
        """Whoever is put out of the server reads by whom and why, does not come back by themselves, and can."""
        mira = self.program("mira", password=PASSWORD)
        window = self.person("boris")
        mira.do(do="kick", nick="boris", reason="calm down")
        dialog = window.page.get_by_role("alertdialog")
        dialog.get_by_text("You were put out by mira: calm down").wait_for()
        self.assertNotIn("boris", [item["nick"] for item in mira.do(do="list")["items"]])
        mira.events.clear()
        dialog.get_by_role("button", name="Come in again").click()
        mira.told(event="joined", nick="boris")  # the page has listed them all the time
        window.page.get_by_role("status", name="Connection").get_by_text("Connected").wait_for()
        mira.do(do="ban", whom="boris", reason="enough")
        window.page.get_by_role("alertdialog").get_by_text(re.compile("banned.*enough", re.DOTALL)).wait_for()
        mira.do(do="unban", whom="boris")

    def test_out_of_a_room(self) -> None:
        """Whoever is put out of a room reads so where they are then, and the room leaves the list."""
        mira = self.program("mira", password=PASSWORD, rooms=["lobby", "dev"])
        window = self.person("carol")
        window.say("/join dev")
        rooms = window.page.get_by_role("list", name="Rooms")
        rooms.get_by_role("link", name="dev").wait_for()
        window.until("document.getElementById('room-name').textContent === 'dev'")
        mira.do(do="kick", nick="carol", room="dev", reason="wrong room")
        window.until("document.getElementById('room-name').textContent === 'lobby'")
        expect(rooms.get_by_role("link", name="dev")).to_have_count(0)
        window.page.get_by_text("You were put out of dev by mira: wrong room").first.wait_for()

    def test_refused_command(self) -> None:
        """What was typed as a command and was not done stands in the box again."""
        window = self.person("dora")
        box = window.page.get_by_role("textbox", name="Message", exact=True)
        refusals = {
            "s/nothing like that/a long correction/": "You have no message in lobby",
            "/re #999999 a long answer": "There is no message #999999.",
            "/join not/a/room": "A room's name is 1 to 32 characters",
        }
        for line, refusal in refusals.items():
            window.say(line)
            window.expect(refusal)  # until then the first may stand in the box as it was typed
            expect(box).to_have_value(line)
        window.say("/nick dora2")
        expect(window.page.locator("#my-nick")).to_have_text("dora2")
        expect(box).to_have_value("")

    def test_slow_mode_ends(self) -> None:
        """A line that waits for its turn in a slow room is said when the room is not slow any more."""
        mira = self.program("mira", password=PASSWORD, rooms=["lobby", "calm"])
        window = self.person("edda")
        window.say("/join calm")
        window.until("document.getElementById('room-name').textContent === 'calm'")
        mira.do(do="slow", room="calm", seconds=600)
        window.say("at once")
        mira.told(event="said", text="at once")
        window.say("has to wait")
        window.page.get_by_text("calm is slow for now").first.wait_for()
        mira.do(do="slow", room="calm", seconds=0)
        mira.told(event="said", text="has to wait")
        expect(window.page.locator(".unsent")).to_have_count(0)

    def test_no_room(self) -> None:
        """Whoever leaves their last room is told so; what they write is kept, commands work, and they can go on."""
        window = self.person("greta")
        window.say("/leave")
        window.expect("You are in no room")
        window.say("to nobody")
        window.expect("You are in no room: go into one first.")
        expect(window.page.get_by_role("textbox", name="Message", exact=True)).to_have_value("to nobody")
        window.say("/whoami")
        window.expect("You are greta")
        window.page.reload()
        window.expect("You are in no room")
        window.page.get_by_role("log").get_by_role("button", name="Join or make a room").click()
        window.page.get_by_role("dialog").get_by_role("button", name=re.compile("^lobby")).click()
        window.until("document.getElementById('room-name').textContent === 'lobby'")
        window.say("here I am")
        window.expect("here I am")
        self.assertEqual(window.page.url, f"{window.address}/?room=lobby")

    def test_logging_out(self) -> None:
        """Whoever logs out by a command is at the gate again; a guest is told why that is not for them."""
        guest = self.person("hedi")
        guest.say("/logout")
        guest.expect("for people with an account only")
        window = self.window().join("mira", PASSWORD)
        window.say("/logout")
        window.page.get_by_role("button", name="Join", exact=True).wait_for()
        window.page.reload()
        window.page.get_by_role("button", name="Join", exact=True).wait_for()
