"""Draws light.svg and dark.svg of a real session: ``python docs/screenshots/draw.py``, from a checkout with tmux.

A daemon is started, two people talk, and what the terminal shows of one of them is drawn.
"""

import html
import re
import sys
from pathlib import Path

import pyte
from wcwidth import wcswidth

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE))

from tests.functional.pane import Pane, PaneTest  # noqa: E402

WIDTH, HEIGHT = 78, 17
CELL_X, CELL_Y = 8.4, 18
THEMES = {"light": ("#ffffff", "#24292f"), "dark": ("#0d1117", "#d8dee4")}


class Session(PaneTest):
    """A short evening in two rooms."""

    def runTest(self) -> None:
        daemon = self.start()
        bob, carol = self.connect(daemon, "bob"), self.connect(daemon, "carol")
        for somebody in bob, carol:
            somebody.send("/join dev\n/switch lobby\n")
            somebody.expect("Your lines now go to lobby")
        pane = self.join(daemon.port, width=WIDTH)
        pane.resize(WIDTH, HEIGHT)
        pane.enter("/join dev")
        pane.expect("^──── dev")
        pane.keys("M-1")
        pane.expect("│ lobby │")
        carol.send("/topic Build days: Tuesdays and Fridays\n")
        pane.expect("topic of lobby")
        bob.send("Good evening! The new build is at https://example.org/builds/1204\n")
        carol.send("日本語も大丈夫 👍 and a longer line is wrapped between words, and goes on under its text\n")
        pane.expect("goes on")
        pane.enter("Lovely, thank you both :)")
        pane.expect("Lovely, thank you both 😊")
        bob.send("/switch dev\n/topic build 1204\nthe test of time zones fails on arm64\n")
        bob.expect("Your lines now go to dev")
        carol.send("/switch dev\nonly since yesterday, I think\nalice: could you look at it?\n/me makes tea\n")
        pane.expect("could you look at it")
        pane.keys("M-a")
        pane.expect("makes tea")
        carol.send("/switch lobby\nIs anybody hungry?\n")
        bob.send("/msg alice I have a fix, see branch zones\n")
        pane.expect("see branch zones")
        pane.type("looking at it right n")
        pane.expect("right n")
        pane.expect("lobby:1")
        self.draw(pane)

    def draw(self, pane: Pane) -> None:
        """Both themes, of one screen."""
        screen = pyte.Screen(WIDTH, HEIGHT)
        pyte.Stream(screen).feed(with_grey(pane.screen("-e")).replace("\n", "\r\n"))
        x, y = map(int, pane.tmux("display", "-p", "-t", "t", "#{cursor_x} #{cursor_y}").split())
        for theme, (back, fore) in THEMES.items():
            path = Path(__file__).with_name(f"{theme}.svg")
            path.write_text(picture(screen, back, fore, x, y), "utf-8")


def picture(screen: pyte.Screen, back: str, fore: str, cursor_x: int, cursor_y: int) -> str:
    """The screen as SVG."""
    width, height = WIDTH * CELL_X + 24, HEIGHT * CELL_Y + 24
    cursor = f'x="{12 + cursor_x * CELL_X:g}" y="{14 + cursor_y * CELL_Y:g}" width="{CELL_X}" height="{CELL_Y}"'
    fonts = "DejaVu Sans Mono, Menlo, Consolas, monospace"
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{fonts}" font-size="14">',
        f'<rect width="100%" height="100%" rx="8" fill="{back}"/>',
        f'<rect {cursor} fill="{fore}" opacity="0.6"/>',
    ]
    for y in range(HEIGHT):
        for x, cells in runs(screen.buffer[y]):
            parts.append(run(cells, 12 + x * CELL_X, 14 + y * CELL_Y, back, fore))
    return "\n".join([*parts, "</svg>\n"])


def with_grey(text: str) -> str:
    """Grey in the place of dim, which pyte does not know."""
    state = {"dim": False, "colour": False}

    def changed(match: "re.Match[str]") -> str:
        codes = match[1].split(";")
        was = state["dim"] and not state["colour"]
        if {"0", "", "22"} & {*codes}:
            state["dim"] = False
        state["dim"] = state["dim"] or codes[-1] == "2"
        state["colour"] = "38" in codes or (state["colour"] and not {"0", "", "39"} & {*codes})
        grey = state["dim"] and not state["colour"]
        return match[0] + ("\x1b[38;2;132;141;151m" if grey else "\x1b[39m" if was and not state["colour"] else "")

    return re.sub(r"\x1b\[([0-9;]*)m", changed, text)


def runs(row: "dict[int, pyte.screens.Char]") -> "list[tuple[int, list[pyte.screens.Char]]]":
    """Neighbouring cells of one look, each with its column; what follows a wide character begins anew."""
    found: list[tuple[int, list[pyte.screens.Char]]] = []
    for x in range(WIDTH):
        cell = row[x]
        if cell.data == "":
            continue
        same = (
            found and x > 0 and row[x - 1].data != "" and found[-1][1][-1]._replace(data="") == cell._replace(data="")
        )
        if same:
            found[-1][1].append(cell)
        else:
            found.append((x, [cell]))
    return found


def run(cells: "list[pyte.screens.Char]", x: float, y: float, back: str, fore: str) -> str:
    """A run of cells as SVG."""
    text, look = "".join(cell.data for cell in cells), cells[0]
    text = text if look.reverse else text.rstrip()
    if not text.strip() and not look.reverse:
        return ""
    colour = fore if look.fg == "default" else f"#{look.fg}" if len(look.fg) == 6 else look.fg
    drawn = ""
    if look.reverse:
        drawn = f'<rect x="{x:g}" y="{y:g}" width="{wcswidth(text) * CELL_X:g}" height="{CELL_Y}" fill="{colour}"/>'
        colour = back
    styles = [
        f'fill="{colour}"',
        'font-weight="bold"' if look.bold else "",
        'font-style="italic"' if look.italics else "",
        'text-decoration="underline"' if look.underscore else "",
    ]
    words = " ".join(style for style in styles if style)
    long = f'textLength="{wcswidth(text) * CELL_X:g}" lengthAdjust="spacingAndGlyphs"'
    return f'{drawn}<text x="{x:g}" y="{y + 13:g}" xml:space="preserve" {long} {words}>{html.escape(text)}</text>'


if __name__ == "__main__":
    session = Session()
    result = session.defaultTestResult()
    session.run(result)
    for _, failure in [*result.failures, *result.errors]:
        sys.exit(str(failure))
