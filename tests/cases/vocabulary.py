"""A small vocabulary with a term of every kind that a case file may hold."""

from __future__ import annotations

from rulectl.cases.reader import CaseFile, Unreadable
from rulectl.model.policy import Role
from rulectl.model.rulebook import Aggregate, Rulebook, Term
from rulectl.types import Kind, Type

ISSUES = ("质量问题", "色差", "发错货")

TERMS = (
    Term("case_id", "工单号", Role.INPUT, Type(Kind.STRING), required=True, aliases=("工单编号",)),
    Term("opened_at", "进线时间", Role.INPUT, Type(Kind.DATETIME)),
    Term("issue", "问题类型", Role.INPUT, Type(Kind.ENUM, values=ISSUES), required=True),
    Term("amount", "订单实付金额", Role.INPUT, Type(Kind.NUMBER), unit="元", required=True, aliases=("实付金额",)),
    Term("days", "签收天数", Role.INPUT, Type(Kind.NUMBER), unit="天"),
    Term("worn", "已穿用", Role.INPUT, Type(Kind.BOOLEAN)),
    Term("order_id", "订单号", Role.INPUT, Type(Kind.STRING)),
    Term("tags", "标签", Role.INPUT, Type(Kind.ENUM, True, ("急", "老客", "大单"))),
    Term("shop", "店铺", Role.INPUT, Type(Kind.STRING), required=True, default="总店"),
    Term("reports", "同批投诉人数", Role.DERIVED, Type(Kind.NUMBER)),
    Term("family", "问题大类", Role.DERIVED, Type(Kind.STRING)),
    Term("party", "责任方", Role.OUTPUT, Type(Kind.STRING), required=True),
    Term("refund", "应退金额", Role.OUTPUT, Type(Kind.NUMBER)),
    Term("remedies", "补救方案", Role.OUTPUT, Type(Kind.STRING, True)),
)

Result = CaseFile | Unreadable


RULEBOOK = Rulebook("demo", "演示", terms=TERMS, aggregates=(Aggregate("reports", "count", None, ("order_id",)),))
