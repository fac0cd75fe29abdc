"""Terms and parameters under construction: names that a workbook can hold, each once, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rulectl.compiler.naming import FORBIDDEN, NOT_NAMES, RESERVED
from rulectl.diagnostics import Finding, finding
from rulectl.dmn.meaning import Meaning, Parts
from rulectl.dmn.model import Own
from rulectl.dmn.shapes import Shape, Struct
from rulectl.lang.scope import Scope, Symbol
from rulectl.lang.syntax import Name
from rulectl.model.policy import Merge, Role
from rulectl.model.words import fold
from rulectl.source import ElementPlace
from rulectl.types import STRING, Kind, Type

_INSTEAD = str.maketrans(dict.fromkeys(FORBIDDEN, "-") | {"\n": " "})


@dataclass(slots=True)
class NewTerm:
    """A term; `own` is what rulectl kept of it, in the words of a workbook."""

    name: str
    role: Role
    type: Type | None
    at: ElementPlace
    description: str = ""
    merge: Merge | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    used: bool = True


@dataclass(slots=True)
class NewParameter:
    """A parameter, in the words of a workbook."""

    name: str
    type: Type
    value: str
    own: Mapping[str, str]


class Coining:
    """All names of the workbook. `places` leads from the path of an element of the model to the name of its term."""

    def __init__(self, own: Own, file: str, found: list[Finding]) -> None:
        self._found = found
        self._taken: set[str] = set()
        self.terms: dict[str, NewTerm] = {}
        self.parameters: dict[str, NewParameter] = {}
        self.places: dict[tuple[str, ...], str] = {}
        self._own: dict[str, NewTerm] = {}
        for about in own.terms:
            name = about.get("name", "")
            role = next((role for role in Role if role.value == about.get("role")), Role.DERIVED)
            if name and name not in self.terms:
                term = NewTerm(name, role, None, ElementPlace(file, (name,)), own=about, used=False)
                self.terms[name] = term
                self._own[about.get("feel", name)] = self._own[about.get("id", name)] = term
                self._taken |= {fold(name), fold(about.get("id", name))}

    def term(
        self, path: tuple[str, ...], role: Role, type_: Type | None, at: ElementPlace, *, own: str = ""
    ) -> NewTerm:
        """The term of an element: the one that rulectl kept of it, else a new one."""
        kept = self._own.get(own) or (self._own.get(path[0]) if len(path) == 1 else None)
        if kept is not None and (not kept.used or own):
            kept.used = True
            kept.type = _as_kept(type_, kept.own) if type_ is not None else kept.type
            self.places[path] = kept.name
            return kept
        term = NewTerm(self.name(".".join(path), at), role, type_, at)
        self.terms[term.name] = term
        self.places[path] = term.name
        return term

    def kept(self, name: str) -> NewTerm | None:
        """The term that rulectl kept under a name or id."""
        return self._own.get(name)

    def name(self, wanted: str, at: ElementPlace) -> str:
        """A name like the one that is wanted; a notice where it is another."""
        plain = " ".join(wanted.translate(_INSTEAD).split()) or "?"
        if fold(plain) in NOT_NAMES or fold(plain) in RESERVED or not any(char.isalpha() for char in plain):
            plain = f"{plain}_"
            if not any(char.isalpha() for char in plain):
                plain = f"n{plain}"
        name, count = plain, 1
        while fold(name) in self._taken:
            count += 1
            name = f"{plain} {count}"
        self._taken.add(fold(name))
        if name != wanted:
            self._found.append(finding("dmn-renamed", at, name=wanted, new=name))
        return name

    def meaning(self, path: tuple[str, ...], role: Role, shape: Shape | None, at: ElementPlace) -> Meaning:
        """What a name of the model means: a term, or a structure of terms."""
        if isinstance(shape, Struct):
            return Parts({part: self.meaning((*path, part), role, inner, at) for part, inner in shape.parts.items()})
        return Name(self.term(path, role, shape, at).name)

    def scope(self) -> Scope:
        """The names as cells know them."""
        symbols = {t.name: Symbol(t.name, t.name, t.type or STRING) for t in self.terms.values()}
        symbols |= {p.name: Symbol(p.name, p.name, p.type) for p in self.parameters.values()}
        return Scope(symbols)

    def type_of(self, name: str) -> Type | None:
        if name in self.parameters:
            return self.parameters[name].type
        term = self.terms.get(name)
        return None if term is None else term.type

    def settle(self, name: str, type_: Type) -> None:
        """State the type of a term of which nothing was known."""
        term = self.terms.get(name)
        if term is not None and term.type is None:
            term.type = type_

    def widen(self, name: str, values: tuple[str, ...]) -> None:
        """Give a text the values that its tables list."""
        term = self.terms[name]
        if term.type is not None and term.type.kind.textual and not term.type.values:
            term.type = replace(term.type, kind=Kind.ENUM, values=values)


def _as_kept(type_: Type, own: Mapping[str, str]) -> Type:
    """A text with allowed values may be a text by choice."""
    return replace(type_, kind=Kind.STRING) if own.get("kind") == "string" and type_.kind is Kind.ENUM else type_
