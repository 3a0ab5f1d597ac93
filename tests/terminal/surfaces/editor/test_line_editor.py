"""The line editor, driven by keys; a terminal in memory shows what is on the screen."""

from prompt_toolkit.data_structures import Size

from groupchat.terminal.surfaces.editor.line_editor import ALT_S, ESCAPE_S
from tests.terminal.surfaces.editor.cases import (
    BACKSPACE,
    CTRL_C,
    CTRL_D,
    CTRL_E,
    CTRL_L,
    CTRL_R,
    DOWN,
    ESCAPE,
    SHIFT_TAB,
    UNDO,
    UP,
    EditorTest,
)


class LineTest(EditorTest):
    def test_given_back(self) -> None:
        """A line that was not said is back in the empty line, and nothing is announced until it is changed."""
        self.editor.give_back("hello")
        self.turn()
        self.assertEqual((self.editor.buffer.text, self.owner.half_typed), ("hello", ""))
        self.press(CTRL_E, "!")
        self.assertEqual(self.owner.half_typed, "hello!")
        self.editor.give_back("other")
        self.assertEqual(self.editor.buffer.text, "hello!")
        self.press("\r")
        self.assertEqual(self.owner.told, ["hello!"])
        self.editor.ask("Password: ", hidden=True)
        self.editor.give_back("other")
        self.assertEqual(self.editor.buffer.text, "")

    def test_replaced(self) -> None:
        """What is typed first replaces a line that was given back, which undo brings back; other keys edit it."""
        for keys, text in (
            (["x"], "x"), (["xyz"], "xyz"), (["x", UNDO], "/etc/hosts"), ([CTRL_E, "x"], "/etc/hostsx"),
            ([BACKSPACE, "x"], "/etc/hostx"), (["\x1b[D", "x"], "/etc/hostxs"), ([CTRL_E, BACKSPACE], "/etc/host"),
            (["\x1b\r", "x"], "/etc/hosts\nx"), (["\x1b[200~one\x1b[201~"], "one"),
            (["\x1b[200~one\ntwo\x1b[201~", CTRL_C, "x"], "/etc/hostsx"),
        ):  # fmt: skip
            self.assertTrue(self.editor.give_back("/etc/hosts"))
            self.turn()
            self.press(*keys)
            self.assertEqual(self.editor.buffer.text, text, keys)
            self.press(CTRL_C)
        self.editor.give_back("/etc/hosts")
        self.paste("/exit\ntwo")
        self.press("\r")
        self.assertEqual(self.owner.told, [("said", "/exit\ntwo")])

    def test_escape(self) -> None:
        """A lone Escape takes no later key with it; keys that mean nothing with Alt are just typed."""
        self.assertLessEqual(ESCAPE_S, 0.2)
        self.assertLessEqual(ESCAPE_S + ALT_S, 0.5)
        self.assertEqual((self.editor.app.ttimeoutlen, self.editor.app.timeoutlen), (ESCAPE_S, ALT_S))
        for key in "/*-0et":
            self.press(f"\x1b{key}", "me")
            self.assertEqual(self.editor.buffer.text, f"{key}me")
            self.press(CTRL_C)

    def test_enter(self) -> None:
        """A line goes to the owner, and is found in the history of later runs."""
        self.press("hello", "\r")
        self.assertEqual((self.owner.told, self.shown[0]), (["hello"], ">"))
        self.assertEqual(self.history.load(), ["earlier line", "hello"])

    def test_half_typed(self) -> None:
        """The owner learns of every key, and of what is half typed."""
        self.press("h", "i")
        self.assertEqual((self.owner.half_typed, self.owner.keys > 1, self.shown[0]), ("hi", True, "> hi"))

    def test_place(self) -> None:
        """The prompt says where the line goes, as soon as that is clear."""
        self.owner.label = "reply to bob> "
        self.press("h", "i")
        self.assertEqual(self.shown[0], "reply to bob> hi")

    def test_secret(self) -> None:
        """A line that may hold a password is in no history, nor is one that answers a question, nor an empty one."""
        self.press("/login alice sesame", "\r", "  ", "\r")
        self.editor.ask("Nickname: ")
        self.press("bob", "\r")
        self.assertEqual(self.owner.told, ["/login alice sesame", "  ", "bob"])
        self.assertEqual(self.history.load(), ["earlier line"])
        self.editor.talk()
        self.turn()
        self.press(UP)
        self.assertEqual(self.shown[0], "> earlier line")

    def test_history(self) -> None:
        """The arrow keys go through what was typed, Ctrl-R looks for it."""
        self.press("one", "\r", UP, UP)
        self.assertEqual(self.shown[0], "> earlier line")
        self.press(CTRL_C, CTRL_R, "on")
        self.assertEqual(self.shown[0], "> one")
        self.press(CTRL_C)
        self.assertEqual(self.shown[0], ">")

    def test_bar(self) -> None:
        """The bar is below the line, as wide as the terminal."""
        self.assertEqual(self.shown, [">", "the bar of 40 columns"])

    def test_waiting(self) -> None:
        """Lines that wait for their answer are above the line, each in a row of its own, as long as they wait."""
        self.owner.unanswered = ["… one", "… two"]
        self.editor.refresh()
        self.turn()
        self.assertEqual(self.shown, ["… one", "… two", ">", "the bar of 40 columns"])
        self.owner.unanswered = []
        self.editor.refresh()
        self.turn()
        self.assertEqual(self.shown, [">", "the bar of 40 columns"])

    def test_ctrl_c(self) -> None:
        """Ctrl-C drops what is typed; with nothing typed the owner is told."""
        self.press("hello", CTRL_C)
        self.assertEqual((self.shown[0], self.owner.told), (">", []))
        self.press(CTRL_C)
        self.assertEqual(self.owner.told, ["Ctrl-C"])

    def test_ctrl_d(self) -> None:
        """Ctrl-D is the end only while nothing is typed."""
        self.press("hello", CTRL_D)
        self.assertEqual(self.owner.told, [])
        self.press(CTRL_C, CTRL_D)
        self.assertEqual(self.owner.told, ["Ctrl-D"])


class QuestionTest(EditorTest):
    def test_typed_early(self) -> None:
        """What is typed before the first question is the beginning of its answer, and not of the next one's."""
        self.editor.talking = False
        self.press("al")
        self.editor.ask("Nickname: ")
        self.press("ix", "\r", "b")
        self.editor.ask("Password: ")
        self.press("c", "\r")
        self.assertEqual(self.owner.told, ["alix", "c"])

    def test_hidden(self) -> None:
        """A hidden answer is shown as stars, and not announced as typing."""
        self.editor.ask("Password: ", hidden=True)
        self.press("sesame")
        self.assertEqual((self.shown[0], self.owner.half_typed), ("Password: ******", ""))
        self.press("\r")
        self.assertEqual(self.owner.told, ["sesame"])
        self.editor.talk()
        self.press("hi")
        self.assertEqual(self.shown[0], "> hi")

    def test_hidden_before_a_question(self) -> None:
        """What is typed hidden, before it is known whether there is a question, is never shown."""
        for talks, shown in (False, "Password: ******"), (True, ">"):
            self.editor.ask("", hidden=True)
            self.press("sesame")
            self.assertEqual((self.shown[0], self.owner.half_typed), ("******", ""))
            if talks:
                self.editor.talk()
            else:
                self.editor.ask("Password: ", hidden=True)
            self.turn()
            self.assertEqual(self.shown[0], shown)
            self.press("\r")

    def test_keys_of_the_chat(self) -> None:
        """At a question there is no completion, no editing, no history and no question about a paste."""
        self.owner.words, self.owner.recent = ["alice"], (1, "hi")
        self.editor.ask("Nickname: ")
        self.press("al", "\t")
        self.assertEqual(self.shown[0], "Nickname: al")
        self.press(CTRL_C, UP, CTRL_R, DOWN)
        self.assertEqual((self.editor.editing, self.shown[0]), (None, "Nickname:"))
        self.paste("one\ntwo\n")
        self.assertEqual(self.shown[0], "Nickname: one")


class EditTest(EditorTest):
    def setUp(self) -> None:
        super().setUp()
        self.owner.recent = (41, "helo")

    def test_edited(self) -> None:
        """Up on an empty line edits the last message."""
        self.press(UP)
        self.assertEqual(self.shown[0], "edit #41> helo")
        self.press(BACKSPACE, "lo", "\r")
        self.assertEqual((self.owner.told, self.shown[0]), (["/edit #41 hello"], ">"))

    def test_nothing_left(self) -> None:
        """An edit that leaves nothing does nothing."""
        self.press(UP, *[BACKSPACE] * 4, "\r")
        self.assertEqual((self.owner.told, self.shown[0]), ([], ">"))

    def test_cancelled(self) -> None:
        """Escape cancels an edit, and so does Up, which leads on to the history, and Down."""
        for keys, shown in ([ESCAPE], ">"), ([UP], "> earlier line"), ([DOWN], ">"):
            self.press(UP, *keys)
            self.assertEqual((self.shown[0], self.editor.editing), (shown, None), keys)
            self.press(CTRL_C)
            self.owner.told.clear()

    def test_half_typed(self) -> None:
        """Up while something is typed is not the wish to edit."""
        self.press("hel", UP)
        self.assertIsNone(self.editor.editing)


class CompletionTest(EditorTest):
    def test_one(self) -> None:
        """The only word is inserted, where the cursor is."""
        self.owner.words = ["alice"]
        self.press("al", "\t", "hi")
        self.assertEqual(self.shown[0], "> alice: hi")

    def test_several(self) -> None:
        """Several words are shown above the line; Tab and Shift-Tab choose, Escape and every other key do not."""
        self.owner.words = ["albert", "alice"]
        self.press("a", "\t")
        self.assertEqual(self.shown[:2], ["albert  alice", "> al"])
        self.press("\t")
        self.assertEqual(self.shown[1], "> albert:")
        self.press(SHIFT_TAB)
        self.assertEqual(self.shown[1], "> alice:")
        self.press(ESCAPE)
        self.assertEqual(self.shown[0], "> alice:")
        self.press(CTRL_C, "a", "\t", "x")
        self.assertEqual(self.shown[0], "> alx")

    def test_none(self) -> None:
        """Where there is no word the line stays as it is."""
        self.press("zz", "\t", "\t")
        self.assertEqual(self.shown[0], "> zz")


class PasteTest(EditorTest):
    def test_one_line(self) -> None:
        """One line goes where the cursor is, whatever empty lines come with it."""
        self.press("see ")
        self.paste("\r\nthis\r\n")
        self.assertEqual(self.shown[0], "> see this")

    QUESTION = "Send these 3 lines? Enter: as one message, l: line by line, Esc: no"

    def test_several(self) -> None:
        """Several lines are asked about; Enter sends them as one message, with what was half typed."""
        self.press("see ")
        self.paste("one\n\n  two\n")
        self.assertEqual("".join(self.shown[:2]), self.QUESTION)
        self.press("x", "\t", "\r")
        self.assertEqual((self.owner.told, self.shown[0]), ([("said", "see one\n\n  two")], ">"))

    def test_line_by_line(self) -> None:
        """The key l sends the lines one by one, without blank ones."""
        self.press("see ")
        self.paste("one\n\n  two\n")
        self.press("x", "l")
        self.assertEqual((self.owner.told, self.shown[0]), ([["see one", "  two"]], ">"))

    def test_too_long(self) -> None:
        """What is too long for one message can only be sent line by line; Enter does nothing."""
        for text in ("x\n" * 61, f"{'é' * 1500}\n" * 2):
            self.owner.told.clear()
            self.paste(text)
            self.assertIn("too long for one", self.shown[0])
            self.press("\r")
            self.assertEqual(self.owner.told, [])
            self.press("l")
            self.assertEqual(self.owner.told, [text.split("\n")[:-1]])

    def test_layout(self) -> None:
        """Blanks before the first line stay, and blank lines around the paste do not."""
        self.paste("\n\n    one\n  two\n\n")
        self.press("\r")
        self.assertEqual(self.owner.told, [("said", "    one\n  two")])

    def test_refused(self) -> None:
        """Escape and Ctrl-C send nothing; the half-typed line stays."""
        for key in (ESCAPE, CTRL_C):
            self.press("see ")
            self.paste("one\ntwo\n")
            self.press(key)
            self.assertEqual((self.owner.told, self.shown[0]), ([], "> see"))
            self.press(CTRL_C)

    def test_after_a_command(self) -> None:
        """A command that was typed before the paste holds, and the question says so."""
        self.press("/msg alice ")
        self.paste("one\n/exit")
        self.assertIn("these 2 lines with /msg? Enter: as one message, l: ", self.asked)
        self.press("\r")
        self.assertEqual(self.owner.told.pop(), "/msg alice one\n/exit")
        self.press("/msg alice ")
        self.paste("one\n/exit")
        self.press("l")
        self.assertEqual(self.owner.told.pop(), ("singly", "/msg alice one\n/exit"))
        self.press("/re #4 ")
        self.paste("one\ntwo")
        self.assertIn("these 2 lines with /re? Enter: yes, Esc: no", self.asked)
        self.press("l")
        self.assertEqual(self.owner.told, [])
        self.press("\r")
        self.assertEqual(self.owner.told, ["/re #4 one\ntwo"])

    def test_never_a_command(self) -> None:
        """What was pasted is said, also what looks like a command, and so is what may hold a password."""
        for typed, pasted in ("", "/exit\ntwo"), ("//", "me\ntwo"), ("see ", "/exit\ntwo"), ("/login ", "a\nb"):
            self.press(typed)
            self.paste(pasted)
            self.press("\r")
            self.assertEqual(self.owner.told.pop(), ("said", typed + pasted))

    def test_of_an_edit(self) -> None:
        """A paste during an edit becomes part of the edit; Escape leaves the edit as it was."""
        self.owner.recent = (41, "helo ")
        self.press(UP)
        self.paste("one\ntwo")
        self.assertIn("these 2 lines with /edit? Enter: yes, Esc: no", self.asked)
        self.press("l", ESCAPE)
        self.assertEqual((self.owner.told, self.editor.editing, self.editor.paste), ([], 41, None))
        self.paste("one\ntwo")
        self.press("\r")
        self.assertEqual((self.owner.told, self.editor.editing), (["/edit #41 helo one\ntwo"], None))


class SeveralLinesTest(EditorTest):
    def test_new_line(self) -> None:
        """Alt-Enter begins another line; Enter sends them all, and the history of later runs has none of them."""
        self.press("one", "\x1b\r", "two", "\r")
        self.assertEqual(self.owner.told, ["one\ntwo"])
        self.assertEqual(self.editor._history._file.load(), ["earlier line"])

    def test_editing(self) -> None:
        """A message of several lines is edited with all of them; the arrow keys leave it at its ends only."""
        self.owner.recent = (7, "one\ntwo")
        self.press("\x1b[A", "!", "\x1b[A", "?")
        self.assertEqual((self.editor.editing, self.editor.buffer.text), (7, "one?\ntwo!"))
        self.press("\r")
        self.assertEqual(self.owner.told, ["/edit #7 one?\ntwo!"])
        self.press("\x1b[A", "\x1b[B")
        self.assertIsNone(self.editor.editing)


class EndTest(EditorTest):
    def test_stop(self) -> None:
        """At the end everything is shown, the line and the bar are gone, and the title is as it was found."""
        self.editor.title("lobby")
        self.editor.title("lobby")
        self.press("half")
        self.editor.write("the last words")
        self.editor.stop()
        self.assertEqual(self.written.getvalue().count("\x1b]2;"), 0)
        self.turn()
        self.successResultOf(self.over)
        self.assertEqual(self.shown, ["the last words"])

    def test_bell_and_title(self) -> None:
        """The bell rings, and a new title is set once."""
        self.editor.ring()
        self.editor.title("(1) lobby")
        self.editor.title("(1) lobby")
        self.assertEqual(self.written.getvalue(), "\a\x1b]2;(1) lobby\a")

    def test_width(self) -> None:
        """The width is that of the terminal."""
        self.assertEqual(self.editor.width, 40)


class ViewsTest(EditorTest):
    def test_keys(self) -> None:
        """Keys lead from view to view in the middle of a line, which stays as it is."""
        self.press("half a line")
        for keys, way in (
            ("\x1b1", "1"), ("\x1b9", "9"), ("\x1ba", "urgent"), ("\x1bq", "back"), ("\x0e", "next"),
            ("\x10", "previous"),
        ):  # fmt: skip
            self.press(keys)
            self.assertEqual(self.owner.told.pop(), ("go", way))
        self.press(ESCAPE, ESCAPE)
        self.assertEqual((self.owner.told, self.shown[0]), (["read"], "> half a line"))

    def test_answers(self) -> None:
        """A question has to be answered first, and so has the one about a paste."""
        self.press("\x1b[200~one\ntwo\x1b[201~", "\x0e", "\x1b1")
        self.press("\x03")
        self.editor.ask("Password: ", hidden=True)
        self.press("\x0e", "\x1b1")
        self.assertEqual(self.owner.told, [])


class AltTest(EditorTest):
    def test_word_within_an_edit(self) -> None:
        """Alt and a letter does not cancel an edit, as Escape does."""
        self.owner.recent = (7, "hello there")
        self.press(UP, "\x1bb", "x")
        self.assertEqual(self.shown[0], "edit #7> hello xthere")
        self.press(ESCAPE)
        self.assertEqual(self.shown[0], ">")

    def test_lost_by_no_key(self) -> None:
        """Keys by which prompt_toolkit would take the line as finished do nothing."""
        self.press("half", "\x0f", "\x1b#")
        self.assertEqual((self.shown[0], self.owner.told), ("> half", []))


class RedrawTest(EditorTest):
    def test_redrawn(self) -> None:
        """Ctrl-L draws the last messages again, as many as fit, in place: nothing gets into the scrollback twice."""
        self.write(*[f"bob: {number}" for number in range(30)], "a long line " * 5)
        gone = len(self.screen.history.top)
        before = self.shown
        self.stream.feed("\x1b7\x1b[2;2Hgarbage\x1b8")
        self.assertNotEqual(self.shown, before)
        self.press(CTRL_L)
        self.assertEqual((self.shown, len(self.screen.history.top)), (before, gone))


class SmallTest(EditorTest):
    """A terminal of very few rows or columns."""

    def shrink(self, rows: int, columns: int = 40) -> None:
        self.size = Size(rows=rows, columns=columns)
        self.screen.resize(rows, columns)
        self.screen.reset()
        self.editor.app.renderer.reset()
        self.editor.refresh()
        self.turn()

    def test_one_row(self) -> None:
        """On one row there is the line, or the question that has to be answered, or the search."""
        self.press("half")
        self.shrink(1)
        self.assertEqual(self.shown, ["> half"])
        self.press(CTRL_R, "ear")
        self.assertIn("ear", self.shown[0])
        self.press(CTRL_C)
        self.paste("one\ntwo")
        self.assertIn("Send these 2 lines?", self.shown[0])
        self.press(ESCAPE, "!", "\r")
        self.assertEqual(self.owner.told, ["half!"])

    def test_two_rows(self) -> None:
        """On two rows there is the bar, too, unless something is asked."""
        self.shrink(2)
        self.assertEqual(self.shown, [">", "the bar of 40 columns"])
        self.paste("one\ntwo")
        self.assertEqual((self.shown[0][:20], self.shown[1]), ("Send these 2 lines? ", ">"))

    def test_messages(self) -> None:
        """Messages go by, however few rows there are, and the terminal grows again without a trace."""
        self.press("half")
        for rows in 1, 2, 3, 10:
            self.shrink(rows)
            self.write(*[f"bob: {number}" for number in range(20)])
            self.assertEqual(self.shown[-1 if rows == 1 else -2], "> half")

    def test_narrow(self) -> None:
        """On 20 columns the whole question about a paste can be read."""
        self.shrink(10, 20)
        self.paste("one\ntwo")
        self.assertIn("l: line by line, Esc: no", "".join(self.screen.display).replace("  ", " "))
