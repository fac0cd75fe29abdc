"""Characters as people type them: full-width forms, odd blanks, quotes, invisible marks.

Idea: one table maps every character to its plain form, one to one, so that offsets in the plain text are offsets in the
cell and a finding can underline what was typed. Texts that become values are taken from the raw cell, not from here.
"""

from __future__ import annotations

import re
import unicodedata

_BLANKS = "\t\r\v\f\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
# marks that nobody sees: zero width, byte order, direction of writing. The joiner U+200D stays: emoji need it
INVISIBLE = "\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff" + "".join(
    map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)
_ALIKE = {
    "￥": "¥", "−": "-", "‐": "-", "‑": "-", "﹣": "-", "〜": "~", "∼": "~", "﹏": "~",
    "‒": "—", "–": "—", "―": "—", "─": "—", "≧": "≥", "⩾": "≥", "≦": "≤", "⩽": "≤",
    "【": "[", "】": "]", "〔": "(", "〕": ")", "﹪": "%", "✓": "√", "✔": "√", "☑": "√", "✕": "×", "✖": "×", "✗": "×",
    "✘": "×", "❌": "×", "✅": "√", "\u2028": "\n", "\u2029": "\n", "\u0085": "\n",
}  # fmt: skip
TRADITIONAL = dict(
    zip(
        "萬與兩個舉麼億從價優餘傾決況冊別協單賣釐參雙發號後啟啓員週圍圓場塊備頭對導歲屆層屬幣並開張總據換斷無時術條來匯彙沒測滿點簽稱積"
        "稅級線組結絕統編範補規計認議許論詞試話詳語誤說負責貨質費達過運遲鐘錢錯長問間際項題額數於為內則類輸適捨註這還會當應該閒歷壓權構標",
        "万与两个举么亿从价优余倾决况册别协单卖厘参双发号后启启员周围圆场块备头对导岁届层属币并开张总据换断无时术条来汇汇没测满点签称积"
        "税级线组结绝统编范补规计认议许论词试话详语误说负责货质费达过运迟钟钱错长问间际项题额数于为内则类输适舍注这还会当应该间历压权构标",
        strict=True,
    )
)
"""Traditional characters -> simplified ones, of those that the words of the language and of workbooks have."""
_PLAIN = str.maketrans(
    {chr(c): chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)}
    | dict.fromkeys(_BLANKS, " ")
    | dict.fromkeys(INVISIBLE, " ")
    | TRADITIONAL
    | _ALIKE
)
_SMALL = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}
_GONE = str.maketrans(dict.fromkeys(INVISIBLE))
# most texts hold nothing that would be changed, which is sooner seen than done
_ODD = re.compile(f"[{re.escape(''.join(map(chr, _PLAIN)))}]")
_LARGE = re.compile("[A-Z]")
_UNSEEN = re.compile(f"[{re.escape(INVISIBLE)}]")

QUOTES = {'"': '"', "“": "”", "”": "”", "「": "」", "『": "』", "'": "'", "‘": "’", "〝": "〞", "＂": "＂"}
"""Opening quote -> closing quote."""


def plain(text: str) -> str:
    """The text in plain characters, as long as it was."""
    return text.translate(_PLAIN) if _ODD.search(text) else text


def lowered(text: str) -> str:
    """The text with its Latin letters small, as long as it was (`str.lower` makes two characters of `İ`)."""
    return text.translate(_SMALL) if _LARGE.search(text) else text


def visible(text: str) -> str:
    """The text as a value: without blanks around it and without invisible marks."""
    bare = text.translate(_GONE) if _UNSEEN.search(text) else text
    return bare.strip().strip("\u3000\u00a0")


def without_mark(text: str) -> str:
    """The text with a blank in place of the apostrophe by which Excel is told that a cell is text (`'3`), where that
    has come along as a character; as it is where the apostrophe opens a quotation."""
    bare = text.lstrip()
    return text.replace("'", " ", 1) if bare[:1] == "'" and bare.count("'") == 1 else text


def folded(text: str) -> str:
    """For comparing texts that look alike: NFKC, blanks around it gone, runs of blanks one."""
    return " ".join(unicodedata.normalize("NFKC", visible(text)).split())
