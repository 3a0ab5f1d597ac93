"""The line editor, driven by keys; a terminal in memory shows what is on the screen."""

import asyncio
import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pyte
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.surfaces.editor.bottom import question
from groupchat.terminal.surfaces.editor.line_editor import ALT_S, ESCAPE_S, LineEditor
from groupchat.terminal.surfaces.editor.screen import Output
from groupchat.terminal.surfaces.editor.scrollback import FRAME_S
from groupchat.terminal.surfaces.history import HistoryFile
from tests.terminal.surfaces.fakes import FakeOwner

TURNS = 12
"""Turns of the loop in which a key is read, handled and drawn."""

UP, DOWN, ESCAPE, SHIFT_TAB, BACKSPACE = "\x1b[A", "\x1b[B", "\x1b", "\x1b[Z", "\x7f"
CTRL_C, CTRL_D, CTRL_E, CTRL_L, CTRL_R, UNDO = "\x03", "\x04", "\x05", "\x0c", "\x12", "\x1f"


class EditorTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, self.folder)
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        self.clock, self.owner = Clock(), FakeOwner()
        self.size = Size(rows=10, columns=40)
        self.screen = pyte.HistoryScreen(40, 10, history=1000)
        self.stream = pyte.Stream(self.screen)
        self.written = io.StringIO()
        self.history = HistoryFile(self.folder / "history")
        self.history.add("earlier line")
        pipe = create_pipe_input()
        self.pipe = pipe.__enter__()
        self.addCleanup(pipe.__exit__, None, None, None)
        output = Output(self.written, lambda: self.size, term="xterm-256color", enable_cpr=False)
        self.editor = LineEditor(self.owner, self.history, self.loop, self.pipe, output)
        self.over = self.editor.start(self.clock)
        self.editor.talk()
        self.addCleanup(self.end)
        self.turn()

    def end(self) -> None:
        self.editor.stop()
        self.turn()

    def turn(self) -> None:
        """Let the editor do what there is to do, and show what it wrote."""

        async def turns() -> None:
            for _ in range(TURNS):
                await asyncio.sleep(0.001)

        self.loop.run_until_complete(turns())
        written = self.written.getvalue()
        self.written.seek(0)
        self.written.truncate()
        self.stream.feed(written)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.pipe.send_text(key)
            if key == ESCAPE:
                self.pipe.flush()
                self.loop.run_until_complete(asyncio.sleep(0.2))  # it could be the beginning of another key
            self.turn()

    def paste(self, text: str) -> None:
        self.press(f"\x1b[200~{text}\x1b[201~")

    @property
    def asked(self) -> str:
        """The question about a paste."""
        return "".join(text for _, text, *_ in question(self.editor))

    def write(self, *lines: str) -> None:
        for line in lines:
            self.editor.write(line)
        self.clock.advance(FRAME_S)
        self.turn()

    @property
    def shown(self) -> list[str]:
        """The lines on the screen, without those that are empty at its end."""
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines


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


class ScrollbackTest(EditorTest):
    def test_above(self) -> None:
        """Text goes above the line, which stays as it is."""
        self.press("half")
        self.write("bob: one", "bob: two\nand more")
        self.assertEqual(self.shown, ["bob: one", "bob: two", "and more", "> half", "the bar of 40 columns"])

    def test_scrolls_away(self) -> None:
        """What no longer fits is in the terminal's own scrollback, and nothing of the line or the bar is."""
        self.press("half")
        for number in range(30):
            self.write(f"bob: {number}")
        self.assertEqual(self.shown[-2:], ["> half", "the bar of 40 columns"])
        gone = ["".join(row[column].data for column in range(40)).rstrip() for row in self.screen.history.top]
        self.assertEqual([*gone, *self.shown[:-2]], [f"bob: {number}" for number in range(30)])

    def test_gathered(self) -> None:
        """What is written within a frame is drawn at once."""
        self.write("one")
        for number in range(100):
            self.editor.write(f"line {number}")
        self.assertEqual(self.written.getvalue(), "")
        self.clock.advance(FRAME_S)
        self.assertIn("line 99", self.written.getvalue())

    def test_narrower(self) -> None:
        """A terminal that becomes narrower, and wraps the old line, keeps one line and one bar."""
        self.write("bob: hi")
        self.press("a line that needs two rows of thirty")
        self.size = Size(rows=10, columns=30)
        rewrapped = "bob: hi\r\n> a line that needs two rows o\r\nf thirty\r\nthe bar of 40 columns"
        self.stream.feed(f"\x1b[2J\x1b[H{rewrapped}\x1b[A\r\x1b[8C")
        self.screen.resize(10, 30)
        self.write("bob: ho")
        self.assertEqual(self.shown, [
            "bob: hi", "bob: ho", "> a line that needs two rows o", "f thirty", "the bar of 30 columns",
        ])  # fmt: skip


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


SCRIPT = """\
#!{python}
import sys, time
while not open({sign!r}, "a+").tell():
    time.sleep(0.01)
open(sys.argv[1], "w").write("edited\\n")
"""
"""An editor that waits until the file ``sign`` is not empty."""


class LentTest(EditorTest):
    """The terminal is lent to another program."""

    def setUp(self) -> None:
        super().setUp()
        script = self.folder / "editor"
        script.write_text(SCRIPT.format(python=sys.executable, sign=str(self.folder / "sign")))
        script.chmod(0o755)
        self.patch(os, "environ", {**os.environ, "VISUAL": str(script)})
        self.press("half", "\x18\x05")

    def until(self, sign: Callable[[], object]) -> None:
        for _ in range(60_000 // TURNS):  # a minute at least
            if sign():
                return
            self.turn()
        self.fail("It never came.")

    def finish(self) -> None:
        (self.folder / "sign").write_text("x")
        self.until(lambda: not self.editor._lending.is_lent)
        self.turn()

    def test_held(self) -> None:
        """What is written meanwhile comes afterwards, and neither bell nor title before; the line is what was saved."""
        self.write("bob: hi")
        self.editor.ring()
        self.editor.title("other")
        self.turn()
        self.assertEqual((self.shown, self.screen.title), ([], ""))
        self.finish()
        self.assertEqual(self.shown[:2], ["bob: hi", "> edited"])
        self.press(UNDO)
        self.assertEqual(self.shown[1], "> half")

    def test_elsewhere_by_then(self) -> None:
        """What comes back is the draft of the place it was typed for, also when lines go elsewhere by then."""
        self.owner.at = "dev"
        self.editor.refresh()
        self.finish()
        self.assertEqual(self.shown[0], ">")
        self.assertEqual(self.editor.drafts(), [("lobby", "edited")])

    def test_renamed_by_then(self) -> None:
        """What comes back is in the line of the place it was typed for, also when that has another name by then."""
        self.owner.at = "rob"
        self.editor.moved("lobby", "rob")
        self.finish()
        self.assertEqual((self.shown[0], self.editor.drafts()), ("> edited", [("rob", "edited")]))

    def test_stopped(self) -> None:
        """A client that ends ends the editor, and the line is not lost."""
        self.until(lambda: (self.folder / "sign").exists())
        self.editor.write("the last words")
        self.editor.stop()
        self.until(lambda: self.over.called)
        self.successResultOf(self.over)
        self.assertEqual((self.shown, self.editor.drafts()), (["the last words"], [("lobby", "half")]))

    def test_once(self) -> None:
        """It is lent to one program at a time."""
        self.editor.edit_elsewhere()
        self.finish()
        self.assertEqual(self.editor.drafts(), [("lobby", "edited")])


class NoEditorTest(EditorTest):
    def test_told(self) -> None:
        """Where there is no editor the person is told, and nothing else happens."""
        self.patch(os, "environ", {**os.environ, "VISUAL": "no-such-editor"})
        self.press("half", "\x18\x05")
        self.assertEqual(self.owner.remarks, ["no-such-editor, which VISUAL names, is not installed."])
        self.assertEqual(self.shown[0], "> half")


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
