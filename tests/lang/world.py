"""The small world in which the cells of these tests stand: terms, their types, and one case."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from rulectl.lang.scope import Scope, Symbol
from rulectl.source import Cell
from rulectl.types import BOOLEAN, DATE, DATETIME, DURATION, NUMBER, STRING, Kind, Type
from rulectl.values import Value

VALUES = ("质量问题", "瑕疵", "色差", "非卖品", "含税", "不含税", "除外", "VIP", "其他", "无")
ISSUE = Type(Kind.ENUM, values=VALUES)
TYPES = {
    "string": STRING,
    "enum": ISSUE,
    "packed": Type(Kind.ENUM, values=("退货", "退货A", "退货;退款", "换货", "补发")),
    "number": NUMBER,
    "share": Type(Kind.NUMBER, low=Decimal(0), high=Decimal(1)),
    "boolean": BOOLEAN,
    "date": DATE,
    "datetime": DATETIME,
    "duration": DURATION,
    "list:enum": Type(Kind.ENUM, True, VALUES),
    "list:string": Type(Kind.STRING, True),
    "list:number": Type(Kind.NUMBER, True),
    "list:date": Type(Kind.DATE, True),
    "list:boolean": Type(Kind.BOOLEAN, True),
}
VALUES_AT = Cell("book.xlsx", "词汇表", 5, 6)
SYMBOLS = (
    Symbol("days_signed", "签收天数", NUMBER, "天"),
    Symbol("profit", "订单利润", NUMBER, "元"),
    Symbol("freight", "发货运费(协议价)", NUMBER, "元"),
    Symbol("nothing", "未知数", NUMBER),
    Symbol("issue", "问题类型", ISSUE, "", VALUES_AT),
    Symbol("issues", "问题列表", TYPES["list:enum"], "", VALUES_AT),
    Symbol("ordered_on", "下单日期", DATE),
    Symbol("ordered_at", "下单时间", DATETIME),
    Symbol("handling", "处理时长", DURATION),
    Symbol("signed", "已签收", BOOLEAN),
    Symbol("buyer", "买家", STRING),
    Symbol("commission", "佣金率", NUMBER, "%"),
)
SCOPE = Scope({**{s.id: s for s in SYMBOLS}, **{s.name: s for s in SYMBOLS}})
NAMES = {s.id: s.name for s in SYMBOLS}
FACTS: dict[str, Value] = {
    "days_signed": Decimal(2),
    "profit": Decimal("12.5"),
    "freight": Decimal(6),
    "nothing": None,
    "issue": "瑕疵",
    "issues": ("瑕疵", "色差"),
    "ordered_on": dt.date(2025, 6, 1),
    "ordered_at": dt.datetime(2025, 6, 1, 20, 5),
    "handling": dt.timedelta(hours=48),
    "signed": True,
    "buyer": "张三",
    "commission": Decimal(8),
}
