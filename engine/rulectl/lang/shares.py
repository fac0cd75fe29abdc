"""Terms that are counted in per cents, where they are computed with: 50 says 50%, and `实付 * 优惠比例` would be fifty
times the price, `1 - 优惠比例` less than nothing. A spreadsheet keeps the same cell as 0.5, so that nobody sees it.
"""

from __future__ import annotations

from decimal import Decimal

from rulectl.lang.faults import problem
from rulectl.lang.scope import Problem, Scope
from rulectl.lang.syntax import Binary, Expr, Literal, Name, Node
from rulectl.lang.trees import nodes_of
from rulectl.lang.units import family

_HUNDREDS = (Decimal(100), Decimal(10_000), Decimal("0.01"), Decimal("0.0001"))


def undivided(tree: Node, scope: Scope, unit: str) -> Problem | None:
    """A product or a difference that takes per cents for a plain number; `unit` is that of the column."""
    if not any(family(one) == "%" for one in scope.units):
        return None
    sums = [node for node in nodes_of(tree) if isinstance(node, Binary)]  # which few cells have
    if not sums:
        return None
    shares = {symbol.id: symbol.name for symbol in scope.distinct if family(symbol.unit) == "%"}
    units = {symbol.id: symbol.unit for symbol in scope.distinct}
    inner: set[int] = set()
    for node in sums:
        if id(node) in inner:
            continue
        if node.op in ("+", "-"):
            ends = (node.left, node.right)
            share = next((one for one in ends if isinstance(one, Name) and one.id in shares), None)
            if share is not None and any(isinstance(one, Literal) and one.value == 1 for one in ends):
                return _told(share, shares, f"1 {node.op} {shares[share.id]} / 100")
            continue
        if node.op not in ("*", "/"):
            continue
        factors = _factors(node, inner)
        share = next((one for one in factors if isinstance(one, Name) and one.id in shares), None)
        if share is None or any(isinstance(one, Literal) and one.value in _HUNDREDS for one in factors):
            continue
        others = [one for one in factors if isinstance(one, Name) and one.id not in shares]
        counted = any(units[one.id] for one in others)
        if others and (counted or (unit and family(unit) != "%")):
            sign = "*" if node.op == "*" else "/"
            return _told(share, shares, f"{scope.names[others[0].id]} {sign} ({shares[share.id]} / 100)")
    return None


def _factors(node: Binary, inner: set[int]) -> list[Expr]:
    """What a product multiplies and divides; its inner products are added to `inner`."""
    found: list[Expr] = []
    waiting: list[Expr] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Binary) and one.op in ("*", "/"):
            inner.add(id(one))
            waiting += (one.right, one.left)
        else:
            found.append(one)
    return found


def _told(share: Name, shares: dict[str, str], formula: str) -> Problem:
    return problem("share-undivided", share.span, name=shares[share.id], formula=formula)
