"""What is typed and not sent: kept for each conversation, and when it is cleared."""

from tests.terminal.surfaces.editor.cases import CTRL_C, CTRL_R, UNDO, UP, EditorTest


class DraftTest(EditorTest):
    """Each place has a half-typed line of its own."""

    def go(self, place: str) -> None:
        """Lines go to another place from now on."""
        self.owner.at = place
        self.editor.refresh()
        self.turn()

    def test_kept(self) -> None:
        """A half-typed line stays with its place, with the cursor, and with what can be undone there."""
        self.press("for the lobby", "\x1bb")
        self.go("dev")
        self.assertEqual(self.shown[0], ">")
        self.press("for dev")
        self.go("lobby")
        self.press("x")
        self.assertEqual(self.shown[0], "> for the xlobby")
        self.press(UNDO, UNDO)
        self.assertEqual(self.shown[0], "> for the lobb")
        self.assertEqual(self.editor.drafts(), [("dev", "for dev"), ("lobby", "for the lobb")])

    def test_enter_of_another_place(self) -> None:
        """When lines go elsewhere before that is drawn, Enter does not say there what was typed for here."""
        self.press("for the lobby")
        self.owner.at = "dev"
        self.press("\r")
        self.assertEqual((self.owner.told, self.shown[0]), ([""], ">"))
        self.go("lobby")
        self.press("\r")
        self.assertEqual(self.owner.told, ["", "for the lobby"])

    def test_edit_and_paste(self) -> None:
        """An edit, and a question about a paste, stay with their place, too."""
        self.owner.recent = (7, "hello")
        self.press(UP, "!")
        self.go("dev")
        self.paste("one\ntwo")
        self.go("lobby")
        self.assertEqual(self.shown[0], "edit #7> hello!")
        self.go("dev")
        self.assertIn("Send these 2 lines?", self.shown[0])
        self.press("\r")
        self.go("lobby")
        self.press("\r")
        self.assertEqual(self.owner.told, [("said", "one\ntwo"), "/edit #7 hello!"])

    def test_nowhere_yet(self) -> None:
        """What is typed before there is a place goes along to the first one, unless that has a line of its own."""
        self.press("there")
        self.go("")
        self.press("here")
        self.go("dev")
        self.assertEqual(self.shown[0], "> here")
        self.press(CTRL_C)
        self.go("")
        self.press("nowhere")
        self.go("lobby")
        self.assertEqual(self.shown[0], "> there")

    def test_questions(self) -> None:
        """A question comes between: the half-typed line is there again after the answer, in its place."""
        self.press("half")
        self.editor.ask("Password: ", hidden=True)
        self.press("sesame", "\r")
        self.editor.talk()
        self.turn()
        self.assertEqual(self.shown[0], "> half")
        self.editor.ask("Password: ", hidden=True)
        self.owner.at = "dev"
        self.editor.talk()
        self.turn()
        self.assertEqual(self.shown[0], ">")
        self.assertEqual(self.editor.drafts(), [("lobby", "half")])

    def test_moved(self) -> None:
        """A draft goes along when its place has another name."""
        self.press("for bob")
        self.owner.at = "rob"
        self.editor.moved("lobby", "rob")
        self.turn()
        self.assertEqual(self.shown[0], "> for bob")
        self.go("dev")
        self.editor.moved("rob", "bert")
        self.go("bert")
        self.assertEqual(self.shown[0], "> for bob")

    def test_no_typing(self) -> None:
        """Taking up a draft announces no typing."""
        self.press("half")
        self.go("dev")
        self.owner.half_typed = ""
        self.go("lobby")
        self.assertEqual(self.owner.half_typed, "")


class ClearedTest(EditorTest):
    """Ctrl-C on a half-typed line."""

    def test_brought_back(self) -> None:
        """The arrow key brings the line back, even before the person's last message; so does undo; no file has it."""
        self.owner.recent = (7, "hello")
        for key in UP, UNDO:
            self.press("half", CTRL_C)
            self.assertEqual(self.shown[0], ">")
            self.press(key)
            self.assertEqual(self.shown[0], "> half")
            self.press("\x15")
        self.assertEqual((self.history.load(), self.owner.told), (["earlier line"], []))

    def test_once(self) -> None:
        """After another line the arrow key edits the last message again; the cleared line is before that one."""
        self.owner.recent = (7, "hello")
        self.press("half", CTRL_C, "said", "\r", UP)
        self.assertEqual(self.shown[0], "edit #7> hello")
        self.press(UP, UP)
        self.assertEqual(self.shown[0], "> half")

    def test_secret(self) -> None:
        """A line with a password is not kept."""
        self.press("/login alice sesame", CTRL_C, UP)
        self.assertEqual(self.shown[0], "> earlier line")

    def test_hidden(self) -> None:
        """At a hidden question Ctrl-C cancels at once, whatever was typed."""
        self.editor.ask("Password: ", hidden=True)
        self.press("ses", CTRL_C)
        self.assertEqual(self.owner.told, ["Ctrl-C"])

    def test_search(self) -> None:
        """In a search it ends that, wherever it has led, and the line is as it was before."""
        self.press("one fish", "\r", "two fish", "\r", "half", CTRL_R, "fish", CTRL_R)
        self.assertEqual(self.shown[0], "> one fish")
        self.press(CTRL_C)
        self.assertEqual(self.shown[0], "> half")
        self.assertEqual(self.owner.told, ["one fish", "two fish"])
