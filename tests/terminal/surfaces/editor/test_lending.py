"""The terminal lent to another program."""

import os
import sys
from collections.abc import Callable

from tests.terminal.surfaces.editor.cases import TURNS, UNDO, EditorTest

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
