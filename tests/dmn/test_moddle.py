"""What is exported is read by dmn-moddle, the parser of the dmn-js viewers, without a warning.

Needs node 18 or newer and npm. The package is installed once, pinned, into `.node` at the root, which git ignores.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from rulectl.dmn.exporting import export_model
from rulectl.loading import load_rulebook
from rulectl.model.rulebook import Rulebook
from tests.sheets.test_export import EVERYTHING, compiled

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".node"
PACKAGE = "dmn-moddle@11.0.0"


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=180, check=False)
    if done.returncode:
        pytest.fail(f"{command[0]} failed: {done.stderr[-2000:]}")
    return done.stdout


@pytest.fixture(scope="module")
def node() -> str:
    """The folder that holds dmn-moddle."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.fail(f"{program} is not there: apt-get install nodejs npm")
    if not (FOLDER / "node_modules/dmn-moddle/package.json").exists():
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / "package.json").write_text("{}", "utf-8")
        run("npm", "install", "--prefix", str(FOLDER), "--no-audit", "--no-fund", "--silent", PACKAGE)
    return str(FOLDER)


def test_dmn_moddle_reads_what_is_exported(node: str, tmp_path: Path) -> None:
    books = [load_rulebook("after_sales").rulebook, compiled(EVERYTHING)]
    written: list[tuple[Path, Rulebook]] = []
    for number, book in enumerate(books):
        assert book is not None
        for version, ending in (("1.5", ".dmn"), ("1.3", ".13.dmn")):
            path = tmp_path / f"{number}{ending}"
            path.write_bytes(export_model(book, version=version))
            written.append((path, book))
    lines = run("node", str(Path(__file__).parent / "node/parse.mjs"), node, *(str(path) for path, _ in written))
    for (path, book), line in zip(written, lines.splitlines(), strict=True):
        read = json.loads(line)
        assert read["warnings"] == [], path
        assert read["tables"] == len(book.tables)
        assert read["shapes"] == read["elements"]
        # else rules are default outputs, rules that are switched off are no part of DMN
        plain = sum(rule.enabled and not rule.otherwise for table in book.tables for rule in table.rules)
        assert read["rules"] == plain
