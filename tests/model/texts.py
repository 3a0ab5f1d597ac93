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
"""Characters that the rules mention, so that Hypothesis tries them often."""

PIECE = st.sampled_from(PIECES) | st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"])
ANY = st.lists(PIECE, max_size=40).map("".join)
LINES = ANY.map(lambda text: "".join(c for c in text if c not in LINE_ENDS))

SENTENCES = {
    "Amharic": "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።",
    "Arabic": "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.",
    "Armenian": "Բոլոր մարդիկ ծնվում են ազատ ու հավասար։",
    "Bengali": "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।",
    "Burmese": "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် မွေးဖွားလာသူများ ဖြစ်သည်။",
    "Chinese": "人人生而自由，在尊严和权利上一律平等。",
    "Czech": "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv.",
    "Georgian": "ყველა ადამიანი იბადება თავისუფალი და თანასწორი.",
    "Greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.",
    "Hebrew": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "Hebrew with points": "כָּל בְּנֵי הָאָדָם נוֹלְדוּ בְּנֵי חוֹרִין",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "Japanese": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "Khmer": "មនុស្សទាំងអស់កើតមកមានសេរីភាពនិងសមភាព។",
    "Korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "Lao": "ມະນຸດທຸກຄົນເກີດມາມີອິດສະຫຼະພາບແລະສະເໝີພາບກັນ.",
    "Malayalam": "മനുഷ്യരെല്ലാവരും തുല്യാവകാശങ്ങളോടും അന്തസ്സോടും ജനിച്ചിട്ടുള്ളവരാണ്.",
    "Persian": "تمام افراد بشر آزاد به دنیا می\u200cآیند و از لحاظ حیثیت و حقوق با هم برابرند.",
    "Russian": "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "Sinhala": "සියලු මනුෂ්\u200dයයෝ නිදහස්ව උපත ලබා ඇත.",
    "Tamil": "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்.",
    "Thai": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "Tibetan": "འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་སྐྱེས་ཙམ་ཉིད་ནས་ཆེ་མཐོངས་དང༌།",
    "Turkish": "Bütün insanlar özgür, onur ve haklar bakımından eşit doğarlar.",
    "Vietnamese": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
    "Yoruba": "Gbogbo ènìyàn ni a bí ní òmìnira; iyì àti ẹ̀tọ́ kọ̀ọ̀kan sì dọ́gba.",
}
"""The beginning of article 1 of the Universal Declaration of Human Rights."""
