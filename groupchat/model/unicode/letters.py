"""Letters that nicknames do without, because almost nobody reads them, or takes them for others.

UTS #39 (section 5.3) and UAX #31 (table 5) say which scripts are in everyday use all over the world, and which
letters are for phonetics or out of use.  What is in neither is refused, so a script of a later Unicode is, too.
"""

from functools import lru_cache

from groupchat.lazy.expressions import expression

_SCRIPTS = frozenset({
    "COMMON", "INHERITED", "LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "THAANA",
    "ETHIOPIC", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA",
    "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER", "HAN", "HIRAGANA", "KATAKANA",
    "HANGUL", "BOPOMOFO", "MONGOLIAN", "TIFINAGH", "NKO",
})  # fmt: skip
"""The recommended scripts (UAX #31, table 5), and three living ones that look like themselves.

Others are out of use (table 4) or in limited use (table 7), such as Cherokee and Lisu, whose letters are drawn like
Latin capitals.
"""

_TECHNICAL = expression(
    # Phonetics (IPA), but for the letters of African and other alphabets: ɓ ɔ ɖ ɗ ə ɛ ɣ ɨ ɩ ɲ ɵ ʃ ʈ ʉ ʊ ʋ ʒ, and ɑ.
    "[\u0250\u0252\u0255\u0258\u025a\u025c-\u0262\u0264-\u0267\u026a-\u0271\u0273\u0274\u0276-\u0282\u0284-\u0287"
    "\u028c-\u0291\u0293-\u02af"
    # Phonetic letters and small capitals, those of Uralic and German dialects, and of medieval manuscripts.
    "\u1d00-\u1dbf\u2c77-\u2c7d\ua720-\ua787\ua78e\ua790-\ua7ff\uab30-\uab6f\U00010780-\U000107bf\U0001df00-\U0001dfff]"
)


@lru_cache(maxsize=4096)
def is_everyday(letter: str) -> bool:
    """Say whether a letter, mark or digit is one of those that people read and write every day."""
    from confusable_homoglyphs.categories import alias

    return letter.isascii() or (alias(letter) in _SCRIPTS and not _TECHNICAL.match(letter))
