"""What a command loads: large libraries only where it needs them, since a run on a small file is mostly start-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LARGE = ("chinese_calendar", "jsonschema", "lxml", "numpy", "openpyxl", "polars", "wcwidth", "xlsxwriter", "z3")
ROOT = Path(__file__).parents[2]
BOOK = str(ROOT / "examples" / "parcels" / "parcels.xlsx")

SCRIPT = """
import sys
from rulectl.cli import main
try:
    main(sys.argv[1:])
finally:
    print(*sorted(name for name in sys.modules if "." not in name or name.startswith("rulectl.")), file=sys.stderr)
"""


def loaded(*args: str) -> set[str]:
    """The packages, and our own modules, that a run of a command loads, whatever its status."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, *args], capture_output=True, text=True, check=False)
    return set(done.stderr.splitlines()[-1].split())


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("start") / "parcels.json")
    assert "rulectl.compiler" in loaded("compile", BOOK, "-o", path)
    return path


@pytest.mark.parametrize(
    "args", [["--help"], ["compile", BOOK], ["test", BOOK], ["decide", BOOK, "--set", "买家在家=是"]]
)
def test_large_libraries_are_left_alone(args: list[str]) -> None:
    assert loaded(*args).isdisjoint(LARGE)


def test_compiled_json_needs_neither_compiler_nor_validator(compiled: str) -> None:
    found = loaded("decide", compiled, "--set", "买家在家=是")
    assert found.isdisjoint((*LARGE, "jsonschema_rs", "rulectl.compiler", "rulectl.sheets", "rulectl.lang.parser"))


def test_a_run_that_says_nothing_needs_no_catalogue() -> None:
    assert "tomllib" not in loaded("compile", BOOK)
