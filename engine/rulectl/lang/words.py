"""The words of the language, Chinese and English: word -> what it does.

The readings of 以上 以下 以内 届满 (the number is in) and 不满 超过 以外 (it is not) are those of article 1259 of the
Civil Code. A word may be two things (`不是` negates a condition, and compares in an expression); the parser asks for
the role that it needs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rulectl.lang.syntax import Comparison, Function

_MORE = "超过 大于 多于 高于 晚于 迟于 超出 over after"
_LESS = "不足 不满 未满 不到 未到 未达 未达到 小于 少于 低于 早于 under before"
_LEAST = "满 届满 已满 达到 至少 最少 最低 不低于 不少于 不小于 不早于 大于等于 大于或等于 min"
_MOST = (
    "不超过 不大于 不多于 不高于 不晚于 不迟于 不超出 未超过 未超出 至多 最多 最高 小于等于 小于或等于 截至 截止到 "
    "within max"
)

PREFIX: dict[str, Comparison] = {
    **dict.fromkeys((*_MORE.split(), "more than", "greater than", "above", "exceeds", "exceeding"), ">"),
    **dict.fromkeys((*_LESS.split(), "less than", "fewer than", "below"), "<"),
    **dict.fromkeys((*_LEAST.split(), "at least", "since"), ">="),
    **dict.fromkeys(("no less than", "no fewer than", "no earlier than", "on or after"), ">="),
    **dict.fromkeys(("greater than or equal to", "more than or equal to"), ">="),
    **dict.fromkeys((*_MOST.split(), "at most", "up to", "up to and including"), "<="),
    **dict.fromkeys(("no more than", "no later than", "on or before", "less than or equal to"), "<="),
    "等于": "=",
    **dict.fromkeys(("不等于", "不等"), "!="),
}
"""Words before a value."""

_OR_MORE = ("more", "over", "above", "up", "later", "longer", "older")
_OR_LESS = ("less", "fewer", "under", "below", "earlier", "shorter", "younger")

SUFFIX: dict[str, Comparison] = {
    **dict.fromkeys(("以上", "及以上", "或以上", "起", "开始", "及以后", "及之后", "或以后", "至今"), ">="),
    **dict.fromkeys(("upwards", "onwards", "and upwards", "and onwards"), ">="),
    **dict.fromkeys(("以下", "及以下", "或以下", "及以前", "及之前", "或以前"), "<="),
    **dict.fromkeys(("以内", "及以内", "或以内", "之内", "内", "止", "为止", "截止"), "<="),
    **dict.fromkeys(("以外", "之外"), ">"),
    **dict.fromkeys(("前", "之前", "以前"), "<"),
    **{f"{a} {b}": ">=" for a in ("or", "and") for b in _OR_MORE},
    **{f"{a} {b}": "<=" for a in ("or", "and") for b in _OR_LESS},
    **dict.fromkeys(("后", "之后", "以后"), ">"),
}
"""Words after a value."""

OPERATORS: dict[str, str] = {
    **{sign: sign for sign in ("<=", ">=", "!=", "**", "..", ":=", *"<>=+-*/()[]{},;~—")},
    **{"...": "..", "…": ".."},
    **{"=<": "<=", "=>": ">=", "<>": "!=", "==": "=", "&&": "and", "||": "or", "|": "or", "——": "—", "&": "and"},
    **{"≤": "<=", "≥": ">=", "≠": "!=", "^": "**", "×": "*", "÷": "/", "、": ",", "\n": ";"},
}
"""Signs in plain form, longest first within a first character."""

KEYWORDS: dict[str, str] = {
    **dict.fromkeys(("and", "且", "并且", "而且", "同时", "但", "但是"), "and"),
    **dict.fromkeys(("or", "或", "或者", "或是"), "or"),
    **dict.fromkeys(("not", "非", "不"), "not"),
    **dict.fromkeys(("不是", "不为", "is not", "other than", "except", "excluding", "all except", "all but"), "isnot"),
    **dict.fromkeys(("是", "为", "is"), "is"),
    **dict.fromkeys(("if", "如果", "若"), "if"),
    **dict.fromkeys(("then", "那么", "则"), "then"),
    **dict.fromkeys(("else", "否则", "otherwise"), "else"),
    **dict.fromkeys(("in", "属于", "在", "从", "自", "from"), "in"),
    **dict.fromkeys(("not in", "不属于", "不在", "outside", "outside of"), "notin"),
    **dict.fromkeys(("含", "包含", "包括", "含有", "contains", "inclusive", "included"), "contains"),
    **dict.fromkeys(("不含", "不包含", "不包括", "不含有", "exclusive", "excluded"), "notcontains"),
    **dict.fromkeys(
        ("null", "空", "为空", "是空", "is null", "未知", "不详", "unknown", "未填", "空白", "blank", "empty"), "null"
    ),
    **dict.fromkeys(("非空", "不为空", "不是空", "有值", "is not null"), "notnull"),
    **dict.fromkeys(("true", "yes"), "true"),
    **dict.fromkeys(("false", "no", "否"), "false"),
    **dict.fromkeys(("between", "介于"), "between"),
    **dict.fromkeys(("到", "至", "to"), "to"),
    **dict.fromkeys(("与", "和", "及", "以及"), "with"),
    **dict.fromkeys(("之间", "中间"), "among"),
    **dict.fromkeys(("除", "除了", "除去"), "except"),
    "外": "outside",
    "duration": "duration",
    "时长": "duration",
    "text": "text",
    "文本": "text",
}

FILLING = frozenset(("未知", "不详"))
"""Words that are no part of a longer one: `未知项` is a name."""

FUNCTION_WORDS: dict[str, Function] = {
    "min": "min", "最小": "min", "最小值": "min", "取小": "min",
    "max": "max", "最大": "max", "最大值": "max", "取大": "max",
    "sum": "sum", "求和": "sum", "合计": "sum", "总和": "sum",
    "abs": "abs", "绝对值": "abs",
    "round": "round", "四舍五入": "round",
    "floor": "floor", "向下取整": "floor",
    "ceiling": "ceiling", "向上取整": "ceiling", "ceil": "ceiling",
    "date": "date", "日期": "date",
    "count": "count", "计数": "count", "个数": "count",
    "contains": "contains", "包含": "contains",
    "days": "days", "天数": "days",
    "clock": "clock", "时刻": "clock",
    "is_workday": "is_workday", "是工作日": "is_workday",
    "workday_after": "workday_after", "工作日后": "workday_after",
    "workdays": "workdays", "工作日数": "workdays",
    "worktime_after": "worktime_after", "工时后": "worktime_after",
}  # fmt: skip

ALL_WORDS: frozenset[str] = frozenset((*PREFIX, *SUFFIX, *KEYWORDS))
LONGEST_WORD = max(map(len, (*ALL_WORDS, *FUNCTION_WORDS)))
WORD_SIZES: dict[str, tuple[int, ...]] = {
    first: tuple(sorted({len(word) for word in (*ALL_WORDS, *FUNCTION_WORDS) if word[0] == first}, reverse=True))
    for first in {word[0] for word in (*ALL_WORDS, *FUNCTION_WORDS)}
}
"""By first character, how long a word that begins so can be, the longest first: what an expression asks most often."""

BREAKS = "|".join(
    word for word in (*ALL_WORDS, "且", "或") if not word.isascii() and (len(word) > 1 or word in "且或则若")
)
"""The pattern of words at which a run of unknown characters is cut, so that only the unknown name is quoted."""

WHATEVER = frozenset(
    (
        *("不限", "不论", "不拘", "任意", "任何", "均可", "皆可", "都可以", "都行", "全部", "所有", "无要求", "不要求"),
        *("any", "anything", "all", "everything", "either", "whatever", "no restriction"),
    )
)
"""A whole cell that asks for nothing, where it cannot be a value."""

OTHERWISE = frozenset(
    (
        *("否则", "其余", "其余情况", "其余的", "其他情况", "其它情况", "其他所有情况", "所有其他情况", "剩余情况"),
        *("以上都不是", "otherwise", "else", "everything else", "anything else", "all others", "all other cases"),
        *("any other case", "in all other cases", "none of the above"),
    )
)
"""A whole cell that makes its row an else rule."""

REST = frozenset(("其他", "其它", "别的", "剩下的", "other", "others", "the rest"))
"""What people write for whatever the other rules leave; among allowed values it may be one."""

UNFILLED = frozenset(
    ("空白", "未填", "未填写", "没填", "没填写", "blank", "(blank)", "(空白)", "empty", "not filled in")
)
"""A whole cell that asks for what is left blank."""

MEANT = {
    **dict.fromkeys(REST, "lang-hint-otherwise"),
    **dict.fromkeys(("/", "\\", "*", "无", "n/a"), "lang-hint-anything"),
}
"""What people write where they mean none of the allowed values, and the key of what they are told of."""
_RANKED = re.compile(r"\s*(?:[及或]?以[上下]|(?:and|or|&)\s+(?:above|below|higher|lower|up)|\+)")
_ALL = ("all ", "any ", "every ", "所有", "全部", "任何", "任意")


_IF = re.compile(r"(?:如果|若|当|if\b)", re.IGNORECASE)


def meant(word: str, values: Sequence[str] = ()) -> str | None:
    """The key of what is told of a word that is no allowed value: `N/A`, `其他`, `all zones`, `金卡以上`."""
    if any(word.startswith(value.lower()) and _RANKED.fullmatch(word, len(value)) for value in values if value):
        return "lang-hint-ranked"
    if _IF.match(word):
        return "lang-hint-if"
    return MEANT.get(word) or ("lang-hint-anything" if word.startswith(_ALL) else None)


FOREIGN = {
    **dict.fromkeys(
        ["vlookup", "hlookup", "xlookup", "lookup", "index", "match", "offset", "indirect"], "lang-hint-table"
    ),
    **dict.fromkeys(["ifs", "switch", "choose"], "lang-hint-rules"),
    **dict.fromkeys(
        ["sumif", "sumifs", "countif", "countifs", "averageif", "averageifs", "maxifs", "minifs"],
        "lang-hint-aggregates",
    ),
    **dict.fromkeys(("today", "now", "今天", "现在"), "lang-hint-today"),
    **dict.fromkeys(["concatenate", "concat", "textjoin"], "lang-hint-sentence"),
    **dict.fromkeys(("roundup", "rounddown", "int", "trunc", "取整"), "lang-hint-rounding"),
    **dict.fromkeys(("average", "平均", "平均值"), "lang-hint-average"),
    **dict.fromkeys(("datedif", "networkdays", "workday"), "lang-hint-days"),
    **dict.fromkeys(("iferror", "ifna", "isblank", "isna"), "lang-hint-blank"),
}
"""Functions of spreadsheets that people write, and the key of what they are told to write instead."""
