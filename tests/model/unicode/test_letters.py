"""Letters that nicknames do without."""

import sys
from unicodedata import category

from confusable_homoglyphs.categories import alias
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.unicode.letters import is_everyday


class EverydayTests(SynchronousTestCase):
    def test_everyday(self) -> None:
        """Letters, marks and digits of everyday scripts are, and so are the letters of African alphabets."""
        for letter in "aZ0_éßŁığжІӏЂαΩאשعभगกབ山たロ철ㄅ\u0301\u0308١१ɓɔɖɗəɛɣɨɩɲʃʉʊʋʒ\u1820\u2d30\u07d2":
            self.assertTrue(is_everyday(letter), ascii(letter))

    def test_rare(self) -> None:
        """Phonetic letters, small capitals, and those of scripts in limited use or out of use are not."""
        for letter in "ᴀʟʜɪɴʀꜱꜰɐʌɸʘᶏᴉꝏꟻꬱꓲꓮᎪꮪᏆⲀᗩ𐐀𐑀𑢣ᛁ𐌠ꕯ𐰀\U000107a5\U0001df00":
            self.assertFalse(is_everyday(letter), ascii(letter))

    def test_all(self) -> None:
        """Of no script but the Latin one are there letters that are refused singly."""
        for number in range(0x80, sys.maxunicode):
            letter = chr(number)
            if category(letter)[0] == "L" and alias(letter) in ("CYRILLIC", "ARABIC", "HAN"):
                self.assertTrue(is_everyday(letter) or number in range(0x1D00, 0x1DC0), hex(number))
