"""Names: which are valid, and which nicknames are the same."""

import string
import subprocess
import sys
import unicodedata

from confusable_homoglyphs.categories import alias
from confusable_homoglyphs.confusables import confusables_data
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model import names
from groupchat.model.errors import BadArguments, NickInvalid, NickReserved, RoomInvalid
from groupchat.model.names import DEFAULT_RULES, NameRules, file_name, file_path, key, nick, room, skeletons
from groupchat.model.text import is_harmless

UNICODE, ASCII = NameRules(unicode=True), NameRules(unicode=False)
EXPORTED = NameRules(1, 64, True, (), True)
LANGUAGES = [
    "José",
    "Zoë",
    "François",
    "Łukasz",
    "Øystein",
    "Þórður",
    "Žaneta",
    "Ğülşen",
    "Nguyễn",
    "Дмитро",
    "Вера",
    "Ђорђе",
    "Νίκος",
    "Անահիտ",
    "გიორგი",
    "יעקב",
    "محمد",
    "فاطمه",
    "زهرة",
    "ቤተልሔም",
    "राम",
    "অনিক",
    "ਗੁਰਪ੍ਰੀਤ",
    "પટેલ",
    "ଅନିଲ",
    "தமிழ்",
    "తెలుగు",
    "ಕನ್ನಡ",
    "മലയാളം",
    "සිංහල",
    "สมชาย",
    "ສົມພອນ",
    "བསྟན",
    "မောင်",
    "ខ្មែរ",
    "ᠮᠣᠩᠭᠣᠯ",
    "山田たろう",
    "李雷",
    "김철수",
    "ⵜⵉⴼⵉⵏⴰⵖ",
    "ߒߞߏ",
    "Çelik",
    "Ñandú",
]
RULE = "A nickname is 2 to 24 characters of A-Z a-z 0-9 _ . -, and starts with a letter."


LOOK_ALIKES = [
    (wanted, letter)
    for wanted in string.ascii_letters + string.digits
    for letter in (found["c"].strip("\u200e") for found in confusables_data[wanted])
    if len(letter) == 1 and not letter.isascii() and (wanted, letter) != ("i", "\u04cf")  # drawn as an l
]
"""ASCII letters and digits, and what UTS #39 takes for them."""


class Nicknames(SynchronousTestCase):
    def test_good(self) -> None:
        """A nickname is a letter, then letters, digits and _ . -; blanks around it are ignored."""
        for name in ("al", "Alice", "bob_2", "x.y-z", "a" * 24):
            self.assertEqual(nick(name), name)
            self.assertEqual(nick(f" \t{name}  "), name)

    def test_bad(self) -> None:
        """Anything else is refused with a sentence that explains which nicknames are valid."""
        for name in (
            "",
            " ",
            "a",
            "a" * 25,
            "2pac",
            "_x",
            "-x",
            "al ice",
            "al\u00a0ice",
            "al/ice",
            "al\n",
            "zoë",
            "#al",
            "{}",
        ):
            self.assertEqual(str(self.assertRaises(NickInvalid, nick, name, ASCII)), RULE, ascii(name))

    def test_rules(self) -> None:
        """The rules set the lengths, and the sentence names them."""
        rules = NameRules(minimum=1, maximum=3)
        self.assertEqual(nick("a", rules), "a")
        error = self.assertRaises(NickInvalid, nick, "abcd", rules)
        self.assertIn("1 to 3 characters", str(error))

    def test_looks_reserved(self) -> None:
        """A nickname is refused that is a reserved one but for what the eye overlooks; another name is not."""
        for name in ("Server.", "ADMIN_", "r00t", "R0OT--", "Adm1n", "aIl", "SYSTEM.-_", "a1l"):
            self.assertRaises(NickReserved, nick, name)
        for name in ("Ali", "ali", "ALI", "allan", "here2", "ser.ver", "rooted"):
            self.assertEqual(nick(name), name)

    def test_reserved(self) -> None:
        """The reserved nicknames are those of the rules, and are refused in any case."""
        for name in ("server", "Admin", "ROOT", "system", "all", "here", "Everyone"):
            self.assertIn(name, str(self.assertRaises(NickReserved, nick, name)))
        self.assertEqual(nick("serverX"), "serverX")
        rules = NameRules(reserved=("Boss",))
        self.assertRaises(NickReserved, nick, "boss", rules)
        self.assertEqual(nick("admin", rules), "admin")

    @given(st.text(max_size=30) | st.from_regex(r"[ ]?[A-Za-z][\w.-]{0,25}\n?", fullmatch=True))
    def test_same_again(self, text: str) -> None:
        """A valid nickname is one harmless word, and is accepted again without a change, by both kinds of rules."""
        for rules in (ASCII, UNICODE):
            try:
                name = nick(text, rules)
            except (NickInvalid, NickReserved):
                continue
            self.assertEqual(nick(name, rules), name)
            self.assertTrue(is_harmless(name) and name.split() == [name])

    def test_libraries_stay_away(self) -> None:
        """ASCII nicknames do not load the tables for Unicode ones."""
        script = (
            "import sys; from groupchat.model.names import key, nick; nick('Alice'); key('Bob')\n"
            "print(*{'precis_i18n', 'confusable_homoglyphs', 'emoji'} & set(sys.modules))"
        )
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        self.assertEqual(ran.stdout.strip(), "")


class UnicodeNicknames(SynchronousTestCase):
    def test_good(self) -> None:
        """A nickname consists of letters, marks and digits of one script, or of one writing system."""
        for name in ("Zoë", "Вера", "Ярослав_2", "Νίκος", "محمد", "राम", "山田たろう", "김철수", "Alice"):
            self.assertEqual(nick(name, UNICODE), name)

    def test_languages(self) -> None:
        """Names of many languages are accepted as they are, shown safely, and the same in every case."""
        for name in LANGUAGES:
            self.assertEqual(nick(name, UNICODE), name)
            self.assertTrue(is_harmless(name))
            self.assertEqual({key(name.upper()), key(name.lower()), key(key(name))}, {key(name)})

    def test_ascii_as_before(self) -> None:
        """An ASCII nickname is judged in the same way whether Unicode ones are allowed or not."""
        for name in ("al", "Alice", "bob_2", "x.y-z", "a" * 24):
            self.assertEqual(nick(name, UNICODE), nick(name))
        for name in ("", "a", "2pac", "_x", "al ice", "a" * 25):
            self.assertRaises(NickInvalid, nick, name, UNICODE)

    def test_lengths(self) -> None:
        """Lengths are those of the normal form, in characters."""
        rules = NameRules(minimum=2, maximum=3, unicode=True)
        self.assertEqual(nick("e\u0301e\u0301e\u0301", rules), "ééé")
        for name in ("é", "éééé"):
            self.assertIn("2 to 3 characters", str(self.assertRaises(NickInvalid, nick, name, rules)))

    def test_wide(self) -> None:
        """A letter of double width counts as two, so a Chinese name of one letter is one; twelve are the most."""
        for name in ("李", "李明", "明" * 12, "가"):
            self.assertEqual(nick(name, UNICODE), name)
        for name in ("明" * 13, "é", "ab明"):
            self.assertRaises(NickInvalid, nick, name, UNICODE)
        self.assertEqual(nick("明" * 13, EXPORTED), "明" * 13)

    def test_rule_names_scripts(self) -> None:
        """If Unicode is allowed, the sentence about nicknames says so."""
        self.assertIn("letters and digits of one script", str(self.assertRaises(NickInvalid, nick, "!!", UNICODE)))

    def test_normal_form(self) -> None:
        """A nickname is shown in one form, however its letters are encoded."""
        self.assertEqual(nick("Zoe\u0308", UNICODE), "Zo\u00eb")
        self.assertEqual(nick("ＺＯ", UNICODE), "ZO")

    def test_bad(self) -> None:
        """Pictures, blanks, invisible characters, and numbers or marks alone are refused."""
        for name in (
            "👍👍",
            "é",
            "é é",
            "ab\u202ecd",
            "é\u200db",
            "é\u200bb",
            "١٢",
            "\u0301a",
            "é\x1b[31m",
            "é\ud800",
            "\u3164\u3164",
        ):
            self.assertRaises(NickInvalid, nick, name, UNICODE)
        self.assertRaises(NickInvalid, nick, "é" + "\u0323\u0324\u0325\u0326\u0327\u0328\u0329\u032a\u032b", UNICODE)

    def test_looks_like_signs(self) -> None:
        """Letters that look like colons, quotation marks, bars or exclamation marks are refused: so lines are plain."""
        for name in ("bobː", "bobˑ", "bobˌ", "bobʼs", "ʻab", "ǃab", "ǀab", "ab\ua789", "ab\ua71b"):
            self.assertRaises(NickInvalid, nick, name, UNICODE)

    def test_marks(self) -> None:
        """Few marks are on a letter, none twice, and none round it; a dot is not put on a letter that has one."""
        for name in (
            "ali\u0307ce", "al\u0131\u0307ce", "bj\u0307orn", "алi\u0307са", "i\u0323\u0307ab", "a\u0323\u0323b",
            "a\u20ddb", "a\u0321\u0322\u0327\u0328\u0331b",
        ):  # fmt: skip
            self.assertRaises(NickInvalid, nick, name, UNICODE)
        for name in ("İbrahim", "Ếva", "שָׁלוֹם", "กุ้งเต้น", "हिन्दी", "हां"):
            self.assertEqual(key(nick(name, UNICODE)), key(name))
        self.assertEqual(nick("ali\u0307ce", EXPORTED), "ali\u0307ce")

    def test_digits(self) -> None:
        """Digits of another script than the letters are refused, and so are numerals that look like letters."""
        for name in ("alice٠", "b٠b", "b०b", "b๐b", "ал٣и", "алиса९"):
            self.assertRaises(NickInvalid, nick, name, UNICODE)
        self.assertEqual(nick("राम१", UNICODE), "राम१")
        self.assertEqual(nick("alice１２", UNICODE), "alice12")

    def test_one_script(self) -> None:
        """Scripts that no writing system mixes are refused in one nickname."""
        for name in ("аlice", "Aлиса", "аβγ", "аに"):
            error = self.assertRaises(NickInvalid, nick, name, UNICODE)
            self.assertIn("one script", str(error))

    def test_writing_systems(self) -> None:
        """Japanese, Korean and Taiwanese names mix the scripts of their writing systems, but not those of others."""
        for name in ("山田たろう", "山田タロウ", "金철수", "李ㄅㄆ"):
            self.assertEqual(nick(name, UNICODE), name)
        for name in ("たろう철수", "ㄅㄆたろう", "山田alice"):
            self.assertRaises(NickInvalid, nick, name, UNICODE)

    def test_reserved(self) -> None:
        """A nickname that looks like a reserved one is refused too."""
        for name in (
            *(
                "ѕуѕтем",
                "ｓｅｒｖｅｒ",
                "ʀᴏᴏᴛ",
                "ѕеrver",
                "ЅЕRVЕR",
                "аdmin",
                "АDMIN",
                "rооt",
                "гооt",
                "ɑll",
                "aⅼl",
                "ａｌｌ",
            ),
            *("еvеrуоnе", "hеrе", "sуstеm", "sүstem"),
        ):
            self.assertRaises((NickReserved, NickInvalid), nick, name, UNICODE)
        self.assertRaises(NickReserved, nick, "ѕуѕтем", UNICODE)

    def test_rare_letters(self) -> None:
        """Letters of scripts in limited use, or out of use, and phonetic ones are refused; the sentence names one."""
        for name in (
            "ꓮꓓꓟꓲꓠ", "ꓮꓡꓲꓚꓰ", "ꓳꓡꓲꓦꓲꓮ", "ᎪᏞᏆᏟᎬ", "ᏣᎳᎩ", "ꮪꮪ", "ⲀⲖⲒ", "𐐀𐐁", "ᗪᗩᗰ", "ᴀdmin", "ᴀʟʟ", "ᴀᴅᴍɪɴ", "ꜱᴇʀᴠᴇʀ",
            "ʟisa", "ʜere", "ᶏlice", "ɐdmin", "alᴉce", "ꜰorgotten-12",
        ):  # fmt: skip
            error = self.assertRaises(NickInvalid, nick, name, UNICODE)
            self.assertIn("letters that people write every day; ", str(error), name)
            self.assertEqual(nick(name, EXPORTED), name)
        self.assertIn("ᴀ is of a rare script", str(self.assertRaises(NickInvalid, nick, "bᴀb", UNICODE)))
        for name in ("Ɛsi", "ɔkɔmfo", "Ŋun", "Ɓala", "Магӏомед", "əli"):
            self.assertEqual(nick(name, UNICODE), name)

    def test_look_alikes_refused(self) -> None:
        """What is drawn as a reserved name is refused: in Cyrillic letters, or with one small l among capitals."""
        for name in ("аӏӏ", "ADMlN", "AII"):
            self.assertRaises(NickReserved, nick, name, UNICODE)

    def test_capitals_that_deceive(self) -> None:
        """A nickname whose capital letters look like other letters than the small ones is refused with the reason."""
        error = self.assertRaises(NickInvalid, nick, "ΝΟΑ", UNICODE)
        self.assertEqual(str(error), "ΝΟΑ looks like noa; write it without those capital letters.")
        self.assertEqual(nick("νοα", UNICODE), "νοα")


class Keys(SynchronousTestCase):
    def assert_same(self, *names: str) -> None:
        self.assertEqual(len({key(name) for name in names}), 1, names)

    def assert_different(self, *names: str) -> None:
        self.assertEqual(len({key(name) for name in names}), len(names), names)

    def test_case(self) -> None:
        """Nicknames that differ only in case, or in blanks around them, are the same."""
        self.assert_same("Alice", "ALICE", " alice ")
        self.assert_same("Вера", "вера", "ВЕРА")
        self.assert_same("ΝΙΚΟΣ", "νικος", "νικοσ")
        self.assert_same("Straße", "STRASSE")

    def test_encodings(self) -> None:
        """Nicknames that differ only in their encoding are the same."""
        self.assert_same("Zo\u00eb", "Zoe\u0308", "ＺＯë")

    def test_looks(self) -> None:
        """Nicknames that look the same in some case are the same."""
        self.assert_same("сосо", "coco", "СОСО", "Coco")
        self.assert_same("Вера", "Bepa")
        self.assert_same("ѕуѕтем", "system")

    def test_different(self) -> None:
        """Others are different: ASCII represents itself, although 1 can look like l."""
        self.assert_different("bob1", "bobl", "bobi", "bob0", "bobo", "rn", "m", "bob_", "bob-", "zoe", "zoë")
        self.assert_different("вера", "гера", "мера", "山田", "山本")

    def test_every_letter(self) -> None:
        """The key of every letter, mark and number of the BMP is its own key, and the same in every case."""
        for number in range(0x10000):
            letter = chr(number)
            if letter.isalnum() or 0x300 <= number < 0x370:
                mine = key(letter)
                self.assertEqual((mine, mine, mine), (key(mine), key(letter.upper()), key(letter.lower())), hex(number))

    @given(st.text(max_size=30))
    def test_idempotent(self, text: str) -> None:
        """Any text has a key, which is its own key."""
        self.assertEqual(key(key(text)), key(text))

    @given(st.text(st.characters(categories=["L", "Nd"]), min_size=2, max_size=10))
    def test_accepted_in_every_case(self, text: str) -> None:
        """An accepted nickname is the same in every case."""
        try:
            name = nick(text, UNICODE)
        except (NickInvalid, NickReserved):
            return
        self.assert_same(name, name.upper(), name.lower(), name.swapcase())


class Rooms(SynchronousTestCase):
    def test_good(self) -> None:
        """The name of a room is accepted in any case, with or without #."""
        for text in ("lobby", "#lobby", " Lobby ", "#LOBBY"):
            self.assertEqual(room(text), "lobby")
        for text in ("a", "a" * 32, "dev.2_x-y"):
            self.assertEqual(room(text), text)

    def test_bad(self) -> None:
        """Anything else is refused with a sentence that explains which names are valid."""
        for text in ("", "#", "##a", "2a", "a b", "a" * 33, "é", "\u212a", "a\n", "a/b", "_a"):
            error = self.assertRaises(RoomInvalid, room, text)
            self.assertEqual(
                str(error), "A room's name is 1 to 32 characters of a-z 0-9 _ . -, and starts with a letter."
            )

    def test_look(self) -> None:
        """Names of rooms look alike that differ in l and 1, o and 0, or what is at the end; others do not."""
        for name in ("board", "b0ard", "board.", "b0ard-_"):
            self.assertEqual(names.room_look(name), "board")
        for one, other in (("dev1", "devl"), ("al1", "all"), ("a--", "a")):
            self.assertEqual(names.room_look(one), names.room_look(other))
        for one, other in (("dev1", "devi"), ("dev-1", "dev1"), ("dev_x", "dev-x"), ("dev2", "dev")):
            self.assertNotEqual(names.room_look(one), names.room_look(other))

    @given(st.from_regex(r"#?[A-Za-z][A-Za-z0-9_.-]{0,31}", fullmatch=True))
    def test_same_again(self, text: str) -> None:
        """The name of a room is accepted again without a change, and is written in any case."""
        name = room(text)
        self.assertEqual({room(name), room(f"#{name}"), room(text.upper()), room(f"  {text}\t")}, {name})
        self.assertTrue(is_harmless(name) and name.isascii() and name == name.lower())

    @given(st.text(max_size=40))
    def test_never_fails_otherwise(self, text: str) -> None:
        """Any text is a valid name or refused, and a valid one has no character that a command or a link would need."""
        try:
            name = room(text)
        except RoomInvalid:
            return
        self.assertTrue(1 <= len(name) <= 32 and not {*name} & {*" #/?&,:@"})


class SkeletonTest(SynchronousTestCase):
    def alike(self, one: str, other: str) -> bool:
        """Whether two nicknames look alike."""
        return not {*skeletons(one)}.isdisjoint(skeletons(other))

    def test_alike(self) -> None:
        """What is easily taken for another nickname looks like it, in small letters or in capital ones."""
        for one, other in [
            ("olga", "oIga"), ("olga", "o1ga"), ("Iris", "lris"), ("olivia", "OL1V1A"), ("bob", "b0b"), ("BOB", "B0B"),
            ("olga", "OLGA._-"), ("a", "A"), ("Ольга", "Ольга."), ("Вера1", "Вераl"),
            ("admin", "ADMlN"), ("alice", "ALlCE"), ("olivia", "OLlVlA"), ("Al", "AI"), ("All", "AII"), ("lll", "III"),
            ("paypal", "раураӏ"), ("hello", "һеӏӏо"), ("cool", "сооӏ"), ("HELLO", "һеӀӀо"), ("all", "аӏӏ"),
            ("hello", "һеӏӏо."), ("admin", "ꓮꓓꓟꓲꓠ"), ("ll", "ߊߊ"),
        ]:  # fmt: skip
            self.assertTrue(self.alike(one, other), (one, other))
            self.assertTrue(self.alike(other, one), (one, other))

    def test_unlike(self) -> None:
        """Names that people can tell apart do not look alike."""
        for one, other in [
            ("ali", "all"), ("Ali", "all"), ("ALI", "all"), ("oiga", "olga"), ("user10", "user11"), ("user2", "user3"),
            ("o-lga", "olga"), ("anna", "anne"), ("Вера", "Веpy"),
            ("bob_l", "bob_i"), ("paypal", "PAYPAI"), ("Elena", "eiena"), ("Olga", "oiga"), ("Bill", "biii"),
        ]:  # fmt: skip
            self.assertFalse(self.alike(one, other), (one, other))

    def test_every_look_alike(self) -> None:
        """Every letter that UTS #39 takes for an ASCII letter or digit looks like it, if it is accepted as it is."""
        rules, found = NameRules(minimum=1, reserved=()), 0
        for wanted, letter in LOOK_ALIKES:
            for times in (1, 2, 5):
                name = letter * times
                try:
                    is_kept = nick(name, rules) == name
                except NickInvalid:
                    continue
                if is_kept:
                    found += 1
                    self.assertTrue(self.alike(name, wanted * times), (wanted, ascii(letter)))
        self.assertGreater(found, 200)

    @given(st.data(), st.sampled_from(["GREEK", "CYRILLIC", "ARMENIAN", "LATIN", "TIFINAGH", "HEBREW"]))
    def test_words_of_look_alikes(self, data: st.DataObject, script: str) -> None:
        """No accepted name in letters of one other script is drawn as an ASCII name without looking like it."""
        pairs = [(wanted, other) for wanted, other in LOOK_ALIKES if alias(other) == script]
        chosen = data.draw(st.lists(st.sampled_from(pairs), min_size=2, max_size=8))
        word, name = ("".join(letters) for letters in zip(*chosen, strict=True))
        try:
            is_kept = nick(name, NameRules(reserved=())) == name
        except NickInvalid:
            return
        self.assertTrue(not is_kept or self.alike(name, word), (name, word))

    @given(st.text(max_size=24))
    def test_any(self, text: str) -> None:
        """Whatever is given has a skeleton, and looks like itself in another case and with a dot after it."""
        self.assertTrue(skeletons(text))
        if text.isascii():
            self.assertTrue(self.alike(text, f"{text.strip()}."))
            self.assertTrue(self.alike(text, text.upper()))


class LongTests(SynchronousTestCase):
    """Long names cost nothing: they are refused before they are normalised, and no cache holds them."""

    LONG = ("\ufdfa" * 5385, "a" + "\u0301\u0316" * 4000, "\ufdfa" * 60, "x" * 5385, "\u00e9" * 193)

    def test_refused(self) -> None:
        """A long name is neither a nickname nor a room."""
        for name in self.LONG:
            for rules in (DEFAULT_RULES, UNICODE):
                self.assertRaises(NickInvalid, nick, name, rules)
            self.assertRaises(RoomInvalid, room, name)

    def test_key(self) -> None:
        """The key of a long name is the name itself, and nothing is remembered of it."""
        before = names._skeleton.cache_info()
        for name in self.LONG:
            self.assertEqual(key(name), name)
        self.assertEqual(names._skeleton.cache_info(), before)

    def test_longest(self) -> None:
        """The longest nickname of any rules has the same key in every form, also with its marks apart."""
        name = "\u1ed9" * names.LONGEST  # o with a circumflex and a dot below
        apart = unicodedata.normalize("NFD", name)
        self.assertEqual(len(apart), 3 * names.LONGEST)
        self.assertEqual(nick(apart, NameRules(maximum=64, unicode=True)), name)
        self.assertEqual(key(apart), key(name))

    @given(st.text(max_size=400))
    def test_bounded(self, text: str) -> None:
        """Whatever is remembered was short."""
        misses = names._skeleton.cache_info().misses
        key(text)
        if names._skeleton.cache_info().misses > misses:
            self.assertLessEqual(len(unicodedata.normalize("NFKC", text)), names.LONGEST)


class PseudonymTest(SynchronousTestCase):
    """Names of people who were erased."""

    def test_made(self) -> None:
        """A pseudonym is its own key, has eight digits, and is known for one."""
        for bits, name in (
            (0, "forgotten-00000000"),
            (2**32 - 1, "forgotten-ffffffff"),
            (0x7F3A, "forgotten-00007f3a"),
        ):
            self.assertEqual((names.pseudonym(bits), key(name), names.is_pseudonym(name)), (name, name, True))
        self.assertFalse(names.is_pseudonym("forgotten"))

    def test_refused(self) -> None:
        """Nobody can have one, or what looks like one, unless the rules say so."""
        for name in ("forgotten-7f3a", "Forgotten-0123abcd", "f0rgotten-x", "FORGOTTEN-X"):
            self.assertRaises(NickReserved, nick, name)
            self.assertEqual(nick(name, NameRules(pseudonyms=True)), name)
        self.assertEqual(nick("forgotten"), "forgotten")

    def test_hidden(self) -> None:
        """The nickname is replaced where it is a word, however it is written; nothing else is."""
        for words, expected in (
            ("banned Bob for 2 hours: bob, BOB!", "banned X for 2 hours: X, X!"),
            ("kicked bob.", "kicked X."),
            ("bobby bob-1 kebob b ob", "bobby bob-1 kebob b ob"),
            ("(bob) “bob” bob's", "(X) “X” X's"),
            ("", ""),
        ):
            self.assertEqual(names.hidden(words, "bob", "X"), expected)
        self.assertEqual(names.hidden("kicked b.b. now", "b.b.", "X"), "kicked X now")


class FileNameTests(SynchronousTestCase):
    """A name arrives as it is, or is refused."""

    def test_taken(self) -> None:
        """Names that people give are taken as they are; blanks around them are left out."""
        for name in (
            "cat.jpg",
            "my cat (1).jpg",
            "мой кот.txt",
            "👩‍👩‍👧.png",
            "猫",
            ".profile",
            "a..b",
            "-rf",
            "x" * 200,
        ):
            self.assertEqual(file_name(name), name)
        self.assertEqual(file_name(" cat.jpg "), "cat.jpg")

    def test_refused(self) -> None:
        """Whatever could lead elsewhere, hide, or break a line or an address is refused, with a sentence."""
        for name in (
            "", " ", ".", "..", "...", "../../etc/passwd", "..\\evil.exe", "a/b", "a\r\nb", "a\nb", "a\0b", "a\x1b[2Jb",
            "a\tb", "a\x7fb", "a\x9bb", "a\u2028b", "photo\u202egpj.exe", "a\u200bb", "x" * 201, "x" * 300, "é" * 150,
            "a\ud800b",
        ):  # fmt: skip
            self.assertRaises(BadArguments, file_name, name)

    @given(st.text(max_size=220))
    def test_any(self, name: str) -> None:
        """What is taken can be shown as it is, fits a file system, and makes one part of a path."""
        try:
            taken = file_name(name)
        except BadArguments:
            return
        self.assertTrue(is_harmless(taken))
        self.assertLessEqual(len(taken.encode()), 255)
        path = file_path("ID", taken)
        self.assertEqual(path.count("/"), 3)
        self.assertTrue(path.isascii() and path.isprintable() and " " not in path)
