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


def test_a_batch_by_compiled_json_reads_no_cell(compiled: str, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("买家在家,包裹去向,订单实付金额\n是,退回,30\n", "utf-8")
    found = loaded("batch", compiled, str(tmp_path / "cases.csv"), "-o", str(tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").exists()
    assert found.isdisjoint(("rulectl.lang.parser", "rulectl.lang.swift"))


def test_a_run_that_says_nothing_needs_no_catalogue() -> None:
    assert "tomllib" not in loaded("compile", BOOK)


NOT_FOR_BATCHES = (
    "python_calamine",
    "rulectl.api",
    "rulectl.book",
    "rulectl.cases.json_table",
    "rulectl.cases.parquet",
    "rulectl.cases.workbook",
    "rulectl.codec.encode",
    "rulectl.codec.hashing",
    "rulectl.report.outcome",
    "rulectl.runtime.durable_engine",
    "rulectl.runtime.engine",
    "rulectl.testing",
    "xlsxwriter",
)
"""What a batch from text to text has no use for."""

BEGINNING = """
import sys
from rulectl.cases import delimited_file
from rulectl.cli import main
def begin(*_):
    print(*sorted(sys.modules), file=sys.stderr)
    raise SystemExit
delimited_file.begin = begin
main(sys.argv[1:])
"""


def test_a_batch_of_text_loads_what_it_needs(tmp_path: Path) -> None:
    shop = ROOT / "examples" / "food_shop"
    found = loaded("batch", str(shop / "food_shop.xlsx"), str(shop / "cases.csv"), "-o", str(tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").exists()
    assert found.isdisjoint(NOT_FOR_BATCHES)


def test_a_long_file_is_begun_before_its_rulebook_matters() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGINNING, "batch", BOOK, "cases.csv", "-o", "out.csv"],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = {name for name in done.stderr.split() if name.startswith("rulectl.")}
    rooms = {name.split(".")[1] for name in ours - {"rulectl.batch", "rulectl.batch.heap"}}
    assert rooms == {"cases", "cli", "codes", "data", "diagnostics", "report", "source", "values"}
