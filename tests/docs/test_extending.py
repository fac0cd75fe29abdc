"""The pages on the code name places that there are, and the one on adding things all that go by what a hit policy takes
or gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "engine/rulectl"
PAGE = ROOT / "engine/docs/extending.md"
WAY = ROOT / "engine/docs/code.md"
_PLACE = re.compile(r"`([\w./-]+\.(?:py|toml|json|md|csv|cfg))(?::(\w+))?`")


def places(page: Path) -> Iterator[tuple[Path, str]]:
    """Every file that a page names, with the name in it or a blank; one that is named by its last part alone stands
    beside the one before."""
    before = ROOT
    for path, name in _PLACE.findall(page.read_text("utf-8")):
        found = next((base / path for base in (ROOT, SOURCE, before.parent) if (base / path).is_file()), None)
        assert found is not None, path
        before = found
        yield found, name


def asking() -> Iterator[Path]:
    """The modules that go by what a hit policy takes or gives."""
    for module in SOURCE.rglob("*.py"):
        if re.search(r"\b(Takes|Gives)\.[A-Z]|\bpolic\w+(\[\w+\])?\.(takes|gives|agrees)\b", module.read_text("utf-8")):
            yield module


@pytest.mark.parametrize("page", [PAGE, WAY], ids=lambda page: page.stem)
def test_every_place_is_there(page: Path) -> None:
    named = list(places(page))
    assert len(named) > 40
    for path, name in named:
        defined = re.compile(rf"(?m)^\s*(def|class) {name}\b|^\s*{name}\b.*=")
        assert not name or defined.search(path.read_text("utf-8")), f"{path.name}:{name}"


@pytest.mark.parametrize("module", sorted(asking()), ids=lambda path: path.name)
def test_every_module_that_asks_a_hit_policy_is_named(module: Path) -> None:
    assert module in {path for path, _ in places(PAGE)}


def test_the_row_on_the_page_is_one_of_the_code() -> None:
    (row,) = re.findall(r"```python\n(.*)\n```", PAGE.read_text("utf-8"))
    assert row in (SOURCE / "model/policy.py").read_text("utf-8")


def test_the_tests_on_the_way_through_the_code_are_there() -> None:
    (command,) = re.findall(r"pytest -q (.*)", WAY.read_text("utf-8"))
    assert [path for path in command.split() if not (ROOT / path).is_file()] == []
