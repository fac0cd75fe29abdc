"""Where a FEEL text is being read, and what may come next there."""

from __future__ import annotations

from rulectl.dmn.feel_calls import FUNCTIONS
from rulectl.dmn.feel_text import MAX_TEXT, FeelFault, Names, Token, token_at
from rulectl.dmn.meaning import Env
from rulectl.source import Span

MAX_DEPTH = 50
"""How deep expressions may stand in each other."""

_BUILTIN = Names(FUNCTIONS)


class Cursor:
    """Where a text is being read, and what its names mean."""

    def __init__(self, text: str, env: Env) -> None:
        if len(text) > MAX_TEXT:
            raise FeelFault("dmn-feel-long", Span(0, 1), limit=str(MAX_TEXT))
        self.text = text
        self.env = env
        self.pos = 0
        self.last = 0
        self.depth = 0
        self._seen: dict[tuple[int, Env], Token] = {}
        self.asked = False
        """Whether the subject was named since the last look."""

    # -- tokens

    def peek(self) -> Token:
        key = self.pos, self.env
        token = self._seen.get(key)
        if token is None:
            token = self._seen[key] = token_at(self.text, self.pos, self.env.names, _BUILTIN)
        return token

    def take(self) -> Token:
        token = self.peek()
        self.pos = self.last = token.span.end
        return token

    def accept(self, *signs: str) -> Token | None:
        token = self.peek()
        return self.take() if token.kind in ("sign", "keyword") and token.text in signs else None

    def expect(self, sign: str) -> None:
        if self.accept(sign) is None:
            raise self.strange()

    def end(self) -> None:
        if self.peek().kind != "end":
            raise self.strange()

    def strange(self) -> FeelFault:
        token = self.peek()
        part = self.text[token.span.start : token.span.start + 30]
        return FeelFault("dmn-feel", Span(token.span.start, max(token.span.end, token.span.start)), part=part)

    def since(self, start: int) -> Span:
        return Span(start, max(self.last, start))

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FeelFault("dmn-feel-long", Span(0, 1), limit=str(MAX_DEPTH))
