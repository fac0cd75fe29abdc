"""The vocabulary of workbooks: what people may write in markers, headings and closed columns, in Chinese and English.

Idea: one table of words per heading and per closed set of values; the first word of a language is the one we write,
the others we accept. Matching ignores case, width (NFKC), outer or doubled spaces, and takes traditional characters for
simplified ones. Source: the workbook's own page in the design notes; hit policies are those of DMN 1.5 section 8.2.10.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TypeVar

from rulectl.codes import LANGUAGES, Language
from rulectl.lang.chars import TRADITIONAL, visible
from rulectl.model.draft import BlockKind
from rulectl.model.policy import Favours, HitPolicy, Merge, Role, Status, Tier
from rulectl.types import Kind

T = TypeVar("T")

_NOTE = "说明,备注 / note,notes,description,remark,remarks,comment,comments"
_DESCRIPTION = "说明,备注 / description,note,notes,remark,remarks,comment,comments"
_FROM = "生效自 / from,effective from,valid from"
_TO = "生效至 / to,effective to,valid to"

# category -> key -> "Chinese words / English words"; words of one language are parted by commas
_PLAIN: dict[str, dict[str, str]] = {
    "marker": {
        "rulebook": "规则手册 / Rulebook,Rule book",
        "vocabulary": "词汇表 / Vocabulary",
        "parameters": "参数表 / Parameters",
        "table": "决策表 / Decision table",
        "aggregates": "统计表 / Aggregates",
        "templates": "话术表 / Templates",
        "tests": "测试表 / Tests",
        "policies": "守则表 / Policies",
    },
    "rulebook": {
        "id": "编号 / id",
        "name": "名称 / name",
        "version": "版本,版本号 / version",
        "owner": "负责人 / owner",
        "from": "生效自,生效日期,生效时间 / from,effective from,valid from",
        "to": "生效至,失效日期,失效时间 / to,effective to,valid to",
        "event": "事件日期,事件时间 / event date,event",
        "includes": "包含,引用 / includes,include",
        "tier": "层级 / tier",
        "notes": "说明,备注 / notes,note,description,remark,remarks,comment,comments",
    },
    "vocabulary": {
        "name": "名称,术语,字段,字段名 / name,term,field",
        "id": "编号 / id",
        "role": "角色 / role",
        "type": "类型,数据类型 / type,data type",
        "unit": "单位 / unit",
        "values": "取值,取值范围,允许值,可选值,选项 / values,allowed values,options",
        "required": "必填,是否必填 / required,mandatory",
        "default": "默认,默认值,缺省 / default",
        "aliases": "别名 / aliases,alias",
        "merge": "合并 / merge",
        "favours": "倾向 / favours,favors",
        "description": _DESCRIPTION,
    },
    "parameters": {
        "name": "名称 / name",
        "id": "编号 / id",
        "type": "类型 / type",
        "value": "值,取值,数值 / value",
        "unit": "单位 / unit",
        "description": _DESCRIPTION,
    },
    # the role row of a decision table
    "table": {
        "id": "规则号,编号,序号,规则编号 / id,rule,rule id,no,no.,#",
        "condition": "条件,如果 / condition,conditions,input,if",
        "conclusion": "结论,结果,那么 / conclusion,conclusions,output,result,then",
        "note": _NOTE,
        "source": "依据,来源 / source",
        "enabled": "启用 / enabled",
        "from": _FROM,
        "to": _TO,
    },
    # the keys in the marker row of a decision table
    "table option": {
        "policy": "命中策略 / hit policy,policy",
        "salience": "优先级 / priority,salience",
        "tier": "层级 / tier",
        "from": _FROM,
        "to": _TO,
        "note": _NOTE,
    },
    "aggregates": {
        "name": "名称 / name,term",
        "function": "算法 / function",
        "of": "对象 / of",
        "by": "分组 / by,group by",
        "window": "窗口 / window,within",
        "time": "时间 / time",
        "where": "条件 / where,condition",
        "description": _DESCRIPTION,
    },
    "templates": {
        "id": "编号 / id",
        "occasion": "场合 / occasion",
        "language": "语言 / language",
        "text": "文本,话术 / text",
        "description": _DESCRIPTION,
    },
    # the other headings of a test table are terms, see `expected_term`
    "tests": {
        "id": "用例号,编号,序号,用例 / id,case,case id,no,no.,#",
        "note": _NOTE,
    },
    "policies": {
        "id": "编号 / id",
        "statement": "守则 / statement,policy",
        "severity": "级别 / severity",
        "note": _NOTE,
    },
    "role": {
        Role.INPUT.value: "输入 / input",
        Role.DERIVED.value: "推导 / derived",
        Role.OUTPUT.value: "输出 / output",
    },
    "type": {
        Kind.STRING.value: "文本,文字,字符串 / string,text",
        Kind.ENUM.value: "枚举,列举,选项,单选 / enum,choice,choices",
        Kind.NUMBER.value: "数值,数字,金额,整数,小数 / number,amount,integer,decimal",
        Kind.BOOLEAN.value: "是否,布尔,是/否 / boolean,yes/no",
        Kind.DATE.value: "日期 / date",
        Kind.DATETIME.value: "日期时间 / datetime,date time,date and time",
        Kind.DURATION.value: "时长 / duration",
    },
    "merge": {
        Merge.SINGLE.value: "单值 / single",
        Merge.FIRST.value: "首个 / first",
        Merge.COLLECT.value: "收集 / collect",
        Merge.ALL.value: "全收 / all,collect all",
        Merge.MIN.value: "最小 / min",
        Merge.MAX.value: "最大 / max",
        Merge.SUM.value: "求和 / sum",
    },
    "favours": {
        Favours.GREATER.value: "大 / greater",
        Favours.LESS.value: "小 / less",
        Favours.EARLIER.value: "前 / earlier",
    },
    "tier": {
        Tier.LAW.value: "法律 / law",
        Tier.PLATFORM.value: "平台 / platform",
        Tier.SHOP.value: "店规 / shop,shop rule",
        Tier.PROCEDURE.value: "流程 / procedure",
        Tier.ADVICE.value: "建议 / advice",
    },
    "policy": {policy.value: policy.words for policy in HitPolicy},
    "aggregate": {
        "count": "计数 / count",
        "distinct count": "去重计数 / distinct count",
        "sum": "求和 / sum",
    },
    # what a test may expect of a case as a whole
    "status": {
        Status.DECIDED.value: "已定 / decided",
        Status.PROVISIONAL.value: "暂定 / provisional",
        Status.UNDETERMINED.value: "待定,未定 / undetermined",
        Status.NO_RULE.value: "无规则 / no rule",
    },
    "severity": {
        "error": "错误 / error",
        "warning": "警告 / warning",
        "notice": "提示 / notice",
    },
    "language": {
        "zh": "中文 / zh,Chinese,zh-cn",
        "en": "英文,英语 / en,English,en-us",
    },
    "yes": {
        "yes": "是,启用,√,✓,✔ / yes,y,true,on,1",
        "no": "否,停用,禁用,×,✗,✘ / no,n,false,off,0",
    },
}

WORDS: Mapping[str, Mapping[str, Mapping[Language, tuple[str, ...]]]] = MappingProxyType(
    {
        category: {
            key: dict(zip(LANGUAGES, (tuple(part.split(",")) for part in both.split(" / ")), strict=True))
            for key, both in entries.items()
        }
        for category, entries in _PLAIN.items()
    }
)

_SIMPLIFIED = str.maketrans(TRADITIONAL)
_SPACES = re.compile(r"\s+")
_SEVERAL = ("多选", "multiple choice", "multiple choices")
_APART = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_EXPLAINED = re.compile(r"(?<=\S) ?\([^()]*\)$")
_LIST_OF = re.compile(r"^(?:list of |list ?: ?|列表 ?: ?)(.+)$|^list ?< ?(.+?) ?>$")
_EXPECTED = re.compile(r"^(?:期望(?!值)[:\s]*|expect(?:ed)?(?:[:\s]+))(.+)$", re.IGNORECASE)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A word as it is compared: NFKC, simplified characters, lower case, outer spaces gone, inner runs of space one."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold().translate(_SIMPLIFIED)


@cache
def _keys(category: str) -> Mapping[str, str]:
    """Folded word -> key, the key's own spelling included."""
    found: dict[str, str] = {}
    for key, languages in WORDS[category].items():
        for word_ in (key, *languages["zh"], *languages["en"]):
            found.setdefault(fold(word_), key)
    return found


def canonical(category: str, text: str) -> str | None:
    """The key that a word stands for in a category (`role`, `policy`, `tier`, ... or the name of a block for its
    headings), None when it is no word of it. The key of a closed set is the value of its enum."""
    keys, plain = _keys(category), fold(text)
    found = keys.get(plain) or keys.get(plain.strip("*?: "))
    if found is None and not plain.isalnum():
        # `名 称` fills its cell, `取值(用分号隔开)` explains itself
        found = keys.get(_APART.sub("", _EXPLAINED.sub("", plain)).strip("*?: "))
    return found


def parted(text: str) -> tuple[str, ...]:
    """The items of a cell that holds a list: parted by `;` or line breaks; where there are none, by `、` or commas."""
    for separators in (";；\n", "、,，"):
        if any(mark in text for mark in separators):
            for mark in separators[1:]:
                text = text.replace(mark, separators[0])
            return tuple(item for item in (visible(part) for part in text.split(separators[0])) if item)
    return (visible(text),) if visible(text) else ()


def word(category: str, key: str, lang: Language) -> str:
    """The word that we write for a key; KeyError when the category has no such key."""
    return WORDS[category][key][lang][0]


def choices(category: str, lang: Language) -> tuple[str, ...]:
    """The words that we write, in order: for sentences and drop-downs."""
    return tuple(languages[lang][0] for languages in WORDS[category].values())


def _member(kind: Callable[[str], T], category: str, text: str) -> T | None:
    key = canonical(category, text)
    return None if key is None else kind(key)


def marker(text: str) -> BlockKind | None:
    """The block that a marker opens."""
    return _member(BlockKind, "marker", text)


def heading(block: BlockKind, text: str) -> str | None:
    """The key of a heading in a block; in a decision table, of a role without its policy (see `column_role`)."""
    return canonical(block.value, text)


def table_option(text: str) -> str | None:
    """The key of an option in the marker row of a decision table."""
    return canonical("table option", text)


def column_role(text: str) -> tuple[str, HitPolicy | None] | None:
    """The role of a column of a decision table; `结论 F` is (conclusion, FIRST)."""
    plain = canonical("table", text)
    if plain is not None:
        return plain, None
    head, _, tail = unicodedata.normalize("NFKC", text).strip().partition(" ")
    policy = hit_policy(tail.strip(" :")) if tail else None
    return (
        ("conclusion", policy) if policy is not None and canonical("table", head.rstrip(":")) == "conclusion" else None
    )


def expected_term(text: str) -> str | None:
    """`期望 责任方` / `expect verdict` -> the term's name as written; None for any other heading."""
    found = _EXPECTED.match(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return None
    # NFKC may change the name itself (full-width brackets): cut the original where it still ends alike
    rest = found.group(1).strip()
    original = text.strip()
    return original[-len(rest) :].strip() if fold(original[-len(rest) :]) == fold(rest) else rest


def type_of(text: str) -> tuple[Kind, bool] | None:
    """A type and whether it is a list: `枚举` -> (ENUM, False); `列表:枚举` or `list of enum` -> (ENUM, True)."""
    plain = fold(text)
    if plain in _SEVERAL:
        return Kind.ENUM, True
    found = _LIST_OF.match(plain)
    key = canonical("type", next(g for g in found.groups() if g) if found else plain)
    return None if key is None else (Kind(key), found is not None)


def type_word(kind: Kind, many: bool, lang: Language) -> str:
    """The word that we write for a type: `列表:枚举`, `list of enum`."""
    plain = word("type", kind.value, lang)
    return plain if not many else (f"列表:{plain}" if lang == "zh" else f"list of {plain}")


def hit_policy(text: str) -> HitPolicy | None:
    return _member(HitPolicy.of, "policy", text)


def merge(text: str) -> Merge | None:
    return _member(Merge, "merge", text)


def favours(text: str) -> Favours | None:
    return _member(Favours, "favours", text)


def tier(text: str) -> Tier | None:
    return _member(Tier, "tier", text)


def role(text: str) -> Role | None:
    return _member(Role, "role", text)


def yes_no(text: str) -> bool | None:
    """`是`, `Y`, `TRUE`, `√` -> True; `否`, `N`, `×`, ... -> False; else None."""
    key = canonical("yes", text)
    return None if key is None else key == "yes"
