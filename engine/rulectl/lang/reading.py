"""The state of reading one cell: where we are, how deep, and what was wrong but did not stop us."""

from __future__ import annotations

from rulectl.codes import LANGUAGES, say
from rulectl.lang.faults import Fault, clipped, fault, nearest, problem
from rulectl.lang.scope import Problem, Scope
from rulectl.lang.tokens import Lexer, Token
from rulectl.lang.words import FOREIGN
from rulectl.source import Span

MAX_DEPTH = 64

MOST_PROBLEMS = 20
"""Words of one cell that nobody knows: for each the nearest is looked for, among thousands of names perhaps."""


class Reader:
    """A cursor over the tokens of a cell."""

    def __init__(self, lexer: Lexer, depth: int = 0) -> None:
        self.lexer = lexer
        self.pos = 0
        self.depth = depth
        self.end = 0
        self.problems: list[Problem] = []

    @property
    def scope(self) -> Scope:
        return self.lexer.scope

    @property
    def raw(self) -> str:
        return self.lexer.raw

    def peek(self) -> Token:
        return self.lexer.at(self.pos)

    def take(self) -> Token:
        token = self.lexer.at(self.pos)
        self.pos = self.end = token.span.end
        return token

    def is_sign(self, *signs: str) -> bool:
        token = self.peek()
        return token.kind == "sign" and token.word in signs

    def is_word(self, *words: str) -> bool:
        token = self.peek()
        return token.kind == "word" and token.word in words

    def accept(self, *words: str) -> bool:
        """Take the next token when it is one of these signs or words."""
        if self.is_sign(*words) or self.is_word(*words):
            self.take()
            return True
        return False

    def expect(self, sign: str, opened: Span) -> None:
        """Take a closing sign, or say that what was opened stays open."""
        if not self.accept(sign):
            if self.peek().kind == "end":
                raise fault("unclosed-bracket", Span(opened.start, len(self.raw)), bracket=sign)
            raise self.unexpected()

    def unexpected(self) -> Fault:
        """The next token has no place here."""
        token = self.peek()
        if token.kind == "end":
            return fault("missing-value", Span(len(self.raw), len(self.raw)), text=clipped(self.raw.strip()))
        if token.kind == "unknown" and token.text not in "。.?!？！：:":
            return Fault(self.unknown(token))
        rest = Span(token.span.start, max(token.span.end, token.span.start + 1))
        return fault("unexpected-text", rest, part=clipped(self.raw[rest.start : rest.end]))

    def unknown(self, token: Token) -> Problem:
        """A word that is no name; with the nearest that is one."""
        if self.lexer.text[self.lexer.skip(token.span.end) :][:1] == "(":
            hint = FOREIGN.get(token.text.lower())
            meant = {f"meant_{lang}": say(hint, lang) if hint else "" for lang in LANGUAGES}
            return problem("unknown-function", token.span, name=clipped(token.text), **meant)
        names = [symbol.name for symbol in self.scope.distinct]
        close = nearest(token.text, [*names, *self.scope.symbols])
        if not close:
            return problem("unknown-word", token.span, name=clipped(token.text))
        return problem("unknown-name", token.span, name=token.text, nearest=close)

    def tell(self, found: Problem) -> None:
        """A problem that does not stop the reading, unless there are too many. Raises Fault."""
        if len(self.problems) >= MOST_PROBLEMS:
            raise Fault(found)
        self.problems.append(found)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise fault("nested-too-deep", Span(self.pos, len(self.raw)), limit=MAX_DEPTH)
