"""Texts for Hypothesis, made of the characters that the rules for lines mention."""

from hypothesis import strategies as st

from groupchat.model.text import LINE_ENDS

PIECES = [
    *"a é0#*[];\\m字कष्هم\t\x07\x1b\x7f\x9b\x9c\x9d\u202e\u2066\u200b\ufeff\u0301\u20e3\u3164",
    *"\u200c\u200d\ufe0e\ufe0f\u180b\u1820👍🏽👩⚕♂❤🏴🇫🇷\U000e0061\U000e0062\U000e007f\U000e0100\ud800\uffff\U0001ffff",
    "\x1b[31m",
    "\x1b]0;",
    "\u0301" * 7,
]
"""What the rules mention, so that Hypothesis tries it often."""

PIECE = st.sampled_from(PIECES) | st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"])
ANY = st.lists(PIECE, max_size=40).map("".join)
LINES = ANY.map(lambda text: "".join(c for c in text if c not in LINE_ENDS))
