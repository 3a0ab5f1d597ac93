"""Rooms as the page shows them: invitations, locks and topics."""

from playwright.sync_api import expect

from tests.functional.browser.chromium import inaccessible
from tests.functional.browser.windows import PASSWORD, BrowserTest


class RoomsTest(BrowserTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.account("mira", is_operator=True)

    def test_invited(self) -> None:
        """An invitation is a sentence with a button, and stands in the list; a locked room shows that it is one."""
        mira = self.program("mira", password=PASSWORD)
        mira.do(do="join", room="cellar")
        mira.do(do="lock", room="cellar")
        window = self.person("boris")
        rooms = window.page.get_by_role("navigation", name="Rooms and conversations")
        window.until("document.getElementById('h-invited')")
        mira.do(do="invite", nick="boris", room="cellar")
        invited = rooms.get_by_role("list", name="Invitations").get_by_role("button", name="cellar Join")
        invited.wait_for()
        window.expect("mira invites you to cellar.")
        self.assertEqual(inaccessible(window.page), [])
        window.page.get_by_role("log").get_by_role("button", name="Join cellar").click()
        rooms.get_by_role("link", name="cellar locked").wait_for()
        window.until("document.getElementById('room-name').textContent === 'cellar'")
        expect(rooms.get_by_role("list", name="Invitations")).to_have_count(0)
        mira.do(do="unlock", room="cellar")
        rooms.get_by_role("link", name="cellar", exact=True).wait_for()
        mira.do(do="lock", room="cellar")
        rooms.get_by_role("link", name="cellar locked").wait_for()
        mira.leave()

    def test_topic(self) -> None:
        """The topic is a field after a click: Enter saves, Esc leaves it; where only operators set it, it is none."""
        mira = self.program("mira", password=PASSWORD)
        mira.do(do="join", room="attic")
        window = self.person("carol")
        window.say("/join attic")
        window.until("document.getElementById('room-name').textContent === 'attic'")
        topic = window.page.get_by_role("button", name="No topic yet")
        topic.click()
        box = window.page.get_by_role("textbox", name="Topic of attic")
        box.fill("old things")
        self.assertEqual(inaccessible(window.page), [])
        box.press("Enter")
        mira.told(event="topic-changed", room="attic", text="old things")
        topic = window.page.get_by_role("button", name="old things")
        topic.press("Enter")
        box.fill("other things")
        box.press("Escape")
        expect(topic).to_be_focused()
        mira.do(do="set-room", name="topic", value="operators", room="attic")
        expect(topic).to_have_count(0)
        self.assertEqual(window.page.locator("#topic").inner_text(), "old things")
        mira.leave()

    def test_comings(self) -> None:
        """Who comes and goes is summed up in a line that names who spoke lately, or has a line each, as one likes."""
        window = self.person("dora")
        window.until("document.getElementById('h-invited')")
        emil, _ = self.program("emil"), self.program("fay")
        window.expect("2 people came in")
        emil.do(do="say", text="good morning")
        window.expect("good morning")
        emil.leave()
        window.expect("emil left")
        window.page.get_by_role("button", name="Settings").click()
        window.page.get_by_role("radio", name="Each").check()
        window.page.keyboard.press("Escape")
        window.until("document.querySelector('.presence .w').innerText === 'emil came in\\nfay came in'")

    def test_gone_at_once(self) -> None:
        """Of somebody who comes and goes at once no empty line is seen."""
        window = self.person("olga")
        window.until("document.getElementById('h-invited')")
        hasty = self.program("hasty")
        window.expect("1 person came in")
        hasty.leave()
        window.until("!document.getElementById('lines').innerText.includes('came in')")
        expect(window.page.locator(".presence")).to_be_hidden()

    def test_back(self) -> None:
        """Whoever comes back comes into the room that was open, also in another browser."""
        window = self.window().join("mira", PASSWORD)
        window.until("document.getElementById('h-invited')")
        window.say("/join zoo")
        window.until("document.getElementById('room-name').textContent === 'zoo'")
        window.page.get_by_role("navigation").get_by_role("link", name="lobby").click()
        window.until("document.getElementById('room-name').textContent === 'lobby'")
        window.page.goto("about:blank")
        window.open()
        window.until("document.getElementById('room-name').textContent === 'lobby'")
        window.page.goto("about:blank")
        other = self.window().join("mira", PASSWORD)
        other.until("document.getElementById('room-name').textContent === 'lobby'")

    def test_held(self) -> None:
        """What may be a password is hidden, and the button says what it does."""
        listener = self.program("listener")
        window = self.person("paula")
        window.say("register horse-battery7")
        window.page.get_by_role("button", name="Say it").wait_for()
        self.assertNotIn("horse-battery7", window.page.content())
        window.page.get_by_role("button", name="Say it").click()
        listener.told(event="said", text="register horse-battery7")

    def test_unmuted(self) -> None:
        """Who keeps order sees from anybody's menu who is muted or banned, and ends it."""
        victim = self.program("victor")
        window = self.window().join("mira", PASSWORD)
        window.page.get_by_role("navigation").get_by_role("link", name="lobby").click()
        people = window.page.get_by_role("list", name="People")
        window.say("/mute victor 1h shouting")
        victim.told(event="moderated", act="mute")
        people.get_by_role("button", name="victor").click()
        window.page.get_by_role("menuitem", name="Bans and mutes…").click()
        dialog = window.page.get_by_role("dialog", name="Bans and mutes in lobby")
        dialog.get_by_text("shouting").wait_for()
        self.assertEqual(inaccessible(window.page), [])
        dialog.get_by_role("button", name="End: Muted victor").click()
        dialog.get_by_text("Nobody is banned or muted in lobby.").wait_for()
        victim.told(event="moderated", act="unmute")
        victim.do(do="say", text="thanks")
