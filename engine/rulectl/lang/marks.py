"""The words and signs around texts in a condition: what parts them, joins them, says no to them.

Each pattern is tried at an offset of the plain text. What may follow a value that stands whole is in `allowed`.
"""

from __future__ import annotations

import re

SEPARATOR = re.compile(r"\s*[;,、\n]\s*")
OR = re.compile(r"\s*(?:或者|或是|或|\bn?or\b|\|\|?)\s*", re.IGNORECASE)
WITH = re.compile(r"\s*(?:以及|和|与|及|&(?!&)|\band\b)\s*", re.IGNORECASE)
LAST = re.compile(r"(?:or|and)\s+|以及|或者", re.IGNORECASE)
"""What may stand between the last comma of a list and its last item: `A, B, and C`."""
AND = re.compile(r"\s*(?:并且|而且|且|\band\b|&&?)\s*", re.IGNORECASE)
EXCEPT = re.compile(r"除(?:了|去)?\s*(?=\S)")
STOP = r"(?=\s*(?:$|[;,、\n)]|并?且|或|&|\||\band\b|\bor\b))"
DASH = re.compile(r"[-—]" + STOP, re.IGNORECASE)
NULL = re.compile(r"(?:为空|空|null|is null)" + STOP, re.IGNORECASE)
NOT_KNOWN = re.compile(r"(?:未知|不详|unknown)" + STOP, re.IGNORECASE)
NOT_NULL = re.compile(r"(?:(?:非|不为|不是|not)\s*(?:空|null)|有值|is not null)" + STOP, re.IGNORECASE)
NOT_GROUP = re.compile(r"(?:not(?:\s+in)?|非|不是|不属于|不在)\s*[(\[]", re.IGNORECASE)
NONE_OF = re.compile(
    r"(?:不属于|不在(?=\s)|not\s+in\b|none\s+of\b|neither\b|(?:any|all|anything|everything)?\s*(?:except(?:\s+for)?|but)\b"
    r"|other\s+than\b|excluding\b)\s*",
    re.IGNORECASE,
)
ANY_OF = re.compile(r"(?:属于|in\b|(?:any|one|either)\s+of\b|either\b)\s*(?=[^\s(\[])", re.IGNORECASE)
GROUP = re.compile(
    r"\(\s*(?=[\"“”「『(]|not\s*\(|!=|≠|:=|(?:包含|contains)\s+(?:[\"“]|:=)|(?:空|null|[-—])" + STOP + ")",
    re.IGNORECASE,
)
BRACKET = re.compile(r"(?:(?:in|属于|在)\s*)?[(\[]\s*", re.IGNORECASE)
NEGATION = re.compile(r"(?:不是|不为|不等于|非|not\s)\s*", re.IGNORECASE)
UNEQUAL = re.compile(r"(?:!=|≠|<>)\s*")
EQUAL = re.compile(r"(?:==?(?!=)|等于)\s*")
ORDER = re.compile(r"(?:<=|>=|[<>≤≥])\s*(?!$)")
CONTAINS = re.compile(
    r"(不包含|不包括|不含有|不含|包含|包括|含有|含|(?:does\s+)?not\s+contains?\b|contains?\b)(\s*)", re.IGNORECASE
)
MORE = re.compile(
    r"(?:并?且|或者?|和|\band\b|\bor\b)\s*(?=不?(?:包含|包括|含)|(?:not\s+)?contain|不是|not\s)", re.IGNORECASE
)
"""What joins one `包含 …` or `不是 …` to another, inside texts that may have any other word in them."""
JOINED = re.compile(r"(?<=\S\S)(?:和|以及)(?=\S\S)|\s(?:and|&)\s", re.IGNORECASE)
"""What may join two texts, and may be part of one: `北京和上海`, and not `颐和园`."""
BUT = re.compile(
    r"(?:(?:any|all|anything|everything)?\s*except(?:\s+for)?|(?:anything|everything|all)\s+but|other\s+than|excluding)\s+",
    re.IGNORECASE,
)
"""What says no to a text behind it, or is how the text begins."""
ENDS = ";,、\n"
