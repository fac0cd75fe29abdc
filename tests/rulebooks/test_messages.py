"""What the shipped rulebook would send, over all its own test cases: in the right order, filled in, fit to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import rulectl
from rulectl.model.outcome import Outcome
from rulectl.report.messages import Message
from rulectl.report.outcome import Reporter

ROOT = Path(__file__).parents[2]
OPENINGS = {"通用致歉", "代同事致歉", "物流安抚", "买家事务问候"}
SIGNATURES = {"活动前预告", "活动中请等", "活动后发货"}
"""What stands in the chat tool's signature while a promotion runs, before any message."""
ADMITS = ("责任在我们", "是我们没做好", "我们的错", "是我们的疏忽")
BLAMES = ("与我们无关", "不归我们管", "不是我们的事", "你自己", "骗", "讹")
ASKS = ("请求照片", "请求测量", "请求批号", "请求称重")


@cache
def book() -> rulectl.Book:
    return rulectl.load(ROOT / "rulebooks" / "after_sales.xlsx")


@cache
def sent() -> tuple[tuple[str, Outcome, tuple[Message, ...]], ...]:
    """Test id, outcome and messages of every test case."""

    def every() -> Iterator[tuple[str, Outcome, tuple[Message, ...]]]:
        reporter = Reporter(book().rulebook, "zh")
        for test in book().rulebook.tests:
            outcome = book().engine.decide(dict(test.facts))
            yield test.id, outcome, reporter.messages(outcome)

    return tuple(every())


def at(messages: tuple[Message, ...], *ids: str) -> list[int]:
    """Where messages stand."""
    return [n for n, one in enumerate(messages) if one.id in ids]


def test_every_case_opens_with_soothing() -> None:
    said = {id_: [one.id for one in messages if one.id not in SIGNATURES] for id_, _, messages in sent()}
    assert {id_: ids for id_, ids in said.items() if ids[0] not in OPENINGS} == {}


def test_every_case_is_taken_up_by_a_person_first() -> None:
    """S1-12, S2-04: the first task is to answer, but for what the night shift left."""
    first = ("早班先办晚班遗留", "五分钟内真人回话")
    for id_, outcome, _ in sent():
        tasks = outcome.outputs["actions"]
        assert isinstance(tasks, tuple)
        assert str(tasks[0]).startswith(first), id_


def test_nothing_is_asked_before_the_buyer_is_soothed() -> None:
    """C12: the first message soothes, questions come from the second on."""
    assert [id_ for id_, _, messages in sent() if at(messages, *ASKS)[:1] == [0]] == []


def test_reasons_stand_before_amounts() -> None:
    """S0-38: whoever names the cap of a compensation has given its reason before."""
    for id_, _, messages in sent():
        for refused in at(messages, "超额婉拒"):
            assert any(n < refused for n in at(messages, "补偿说明")), id_


def test_no_admission_where_the_fault_is_the_buyers_or_open() -> None:
    """C17: sympathy always, liability only where it is ours."""
    for id_, outcome, messages in sent():
        if outcome.outputs["responsibility"] in ("买家", "待核实"):
            told = [one.text for one in messages if any(word in one.text for word in ADMITS)]
            assert told == [], id_


def test_nobody_is_blamed_or_called_a_cheat() -> None:
    """S2-07, S0-52: no message disclaims or accuses."""
    told = [template.id for template in book().rulebook.templates if template.id in ("推给快递",)]
    assert told == ["推给快递"]
    for id_, _, messages in sent():
        assert not [one.id for one in messages if any(word in one.text for word in BLAMES)], id_


def test_options_are_offered_with_a_time() -> None:
    """S4-17, S4-18: two options or more are put together, with when they are done."""
    for id_, outcome, messages in sent():
        remedies = outcome.outputs["remedies"] or ()
        assert isinstance(remedies, tuple)
        offered = [one.text for one in messages if one.id == "方案任选"]
        assert len(offered) == (1 if len(remedies) >= 2 else 0), id_
        for text in offered:
            assert "、".join(map(str, remedies)) in text, id_
            assert "今天" in text, id_


def test_what_is_not_known_is_told_apart() -> None:
    """A message with a place left open says which; nothing else has braces."""
    open_places = set()
    for id_, _, messages in sent():
        for one in messages:
            assert bool(one.missing) == ("{" in one.text), (id_, one.id)
            open_places |= set(one.missing)
    assert open_places <= {"应退金额", "补偿上限", "买家应填支付卖家金额"}


@pytest.mark.parametrize(
    ("facts", "message", "text"),
    [
        (
            {"问题类型": "派送延迟", "签收情况": "未签收"},
            "物流承诺",
            "我在24小时之内给您准信，最迟48小时办好",
        ),
        (
            {"问题类型": "发货后退款", "订单状态": "已发货", "有质量问题": "否", "发货运费(协议价)": 6},
            "扣运费软话",
            "退您94元",
        ),
        (
            {"问题类型": "售后拖沓", "收货区域": "同城", "订单利润": 40, "买家要求补偿": 8},
            "部分退款填法",
            "填92元，这样退到您那里的就是8元",
        ),
    ],
)
def test_facts_stand_in_the_messages(facts: dict[str, object], message: str, text: str) -> None:
    outcome = book().decide({"工单号": "1", "店铺类型": "通用", "订单实付金额": 100, **facts})
    found = {one.id: one.text for one in Reporter(book().rulebook, "zh").messages(outcome)}
    assert text.replace("，", ",") in found[message].replace("，", ",")


def test_a_year_without_a_calendar_is_told_and_not_guessed() -> None:
    case = {"工单号": "1", "店铺类型": "通用", "订单实付金额": 100, "问题类型": "未发货退款", "订单状态": "待发货"}
    outcome = book().decide({**case, "确认时间": "1999-06-01 10:00"})
    assert outcome.outputs["refund_due"] is None
    assert [found.slug for found in outcome.findings] == ["calendar-unknown"]
    assert outcome.outputs["refund_amount"] == 100
