"""Colours and attributes."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.colours import NICKNAMES, NICKNAMES_OF_8, NoPaint, Paint, depth


class PaintTest(SynchronousTestCase):
    def test_nicknames(self) -> None:
        """A nickname has the same colour every time, in any case of letters; people have many colours."""
        self.assertEqual(Paint(256)("nick:bob", "x"), Paint(256)("nick:BOB", "x"))
        self.assertGreater(len({Paint(256)(f"nick:n{number}", "x") for number in range(200)}), 10)
        self.assertEqual(len({Paint(8)(f"nick:n{number}", "x") for number in range(200)}), len(NICKNAMES_OF_8))

    def test_chosen(self) -> None:
        """The person's own colour for a nickname wins, where there are enough colours."""
        chosen = {"Bob": 208}
        self.assertEqual(Paint(256, chosen)("nick:bob", "x"), "\x1b[1;38;5;208mx\x1b[0m")
        self.assertNotIn("208", Paint(8, chosen)("nick:bob", "x"))

    def test_attributes(self) -> None:
        """Without colours there are still attributes; a part without looks is plain, and so is an empty one."""
        self.assertEqual(Paint(0)("nick:bob", "x"), "\x1b[1mx\x1b[0m")
        self.assertEqual(Paint(0)("mention", "x"), "\x1b[1;7mx\x1b[0m")
        self.assertEqual((Paint(256)("text", "x"), Paint(256)("mention", "")), ("x", ""))

    def test_odd_nicknames(self) -> None:
        """Nicknames that cannot be encoded, or that are ever new, have a colour all the same."""
        paint = Paint(256)
        for nick in ("\ud800", "", *(f"n{number}" for number in range(5000))):
            self.assertIn("38;5;", paint(f"nick:{nick}", "x"))
        self.assertEqual(paint("nick:n1", "x"), Paint(256)("nick:n1", "x"))

    def test_contrast(self) -> None:
        """Every colour of nicknames has a contrast of 3.9 at least, to white and to black (WCAG 2.1)."""
        steps = (0, 95, 135, 175, 215, 255)
        for colour in NICKNAMES:
            shares = [steps[(colour - 16) // 36], steps[(colour - 16) // 6 % 6], steps[(colour - 16) % 6]]
            red, green, blue = (((share / 255 + 0.055) / 1.055) ** 2.4 if share else 0 for share in shares)
            light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
            self.assertGreaterEqual(min((light + 0.05) / 0.05, 1.05 / (light + 0.05)), 3.9, colour)


class DepthTest(SynchronousTestCase):
    def test_depth(self) -> None:
        """The terminal says how many colours it has; NO_COLOR and the person's wish turn them off."""
        for environ, wanted, expected in (
            ({"TERM": "xterm-256color"}, True, 256),
            ({"TERM": "xterm", "COLORTERM": "truecolor"}, True, 256),
            ({"TERM": "xterm"}, True, 8),
            ({}, True, 8),
            ({"TERM": "xterm-256color"}, False, 0),
            ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, 0),
            ({"TERM": "xterm-256color", "NO_COLOR": ""}, True, 256),
        ):
            self.assertEqual(depth(environ, wanted), expected, environ)


class NoPaintTest(SynchronousTestCase):
    def test_as_it_is(self) -> None:
        """Nothing is added to any part of a line."""
        for role in "time", "mention", "nick:bob":
            self.assertEqual(NoPaint()(role, "x"), "x")
