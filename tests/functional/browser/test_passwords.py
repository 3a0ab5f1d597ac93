"""Passwords in the page: asked for in fields that hide them, and new ones twice."""

from tests.functional.browser.windows import BrowserTest


class PasswordsTest(BrowserTest):
    def test_typed_commands(self) -> None:
        """The commands without their passwords ask for them; two that differ change nothing, and nothing is said."""
        witness = self.program("witness")
        window = self.person("nora")
        page = window.page
        window.say("/register")
        dialog = page.get_by_role("dialog", name="Keep the nickname nora")
        new, again = dialog.get_by_label("New password"), dialog.get_by_label("Once more")
        for field in (new, again):
            self.assertEqual(field.get_attribute("type"), "password")
        new.fill("horse-battery")
        again.fill("horse-batteri")
        dialog.get_by_role("button", name="Register").click()
        dialog.get_by_text("The new passwords are not the same.").wait_for()
        self.assertEqual(witness.do(do="whois", nick="nora")["items"][0]["account"], "")
        again.fill("horse-battery")
        dialog.get_by_role("button", name="Register").click()
        dialog.wait_for(state="detached")
        self.assertEqual(witness.do(do="whois", nick="nora")["items"][0]["account"], "nora")
        window.say("/password")
        dialog = page.get_by_role("dialog", name="Change my password")
        for label, words in (("Old password", "horse-battery"), ("New password", "staple-correct"), ("Once more", "s")):
            dialog.get_by_label(label).fill(words)
        dialog.get_by_role("button", name="Change").click()
        dialog.get_by_text("The new passwords are not the same.").wait_for()
        dialog.get_by_label("Once more").fill("staple-correct")
        dialog.get_by_role("button", name="Change").click()
        dialog.wait_for(state="detached")
        window.say("hello")
        witness.told(event="said", text="hello")
        self.assertEqual([one["text"] for one in witness.events if one.get("event") == "said"], ["hello"])
        self.window().join("nora", "staple-correct")
