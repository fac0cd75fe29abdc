"""The house stays in order: style, types, floors, and no word of where it was built."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["importlinter.cli"],
    ],
    ids=["style", "format", "types", "floors"],
)
def test_checks_pass(command: list[str]) -> None:
    if command == ["importlinter.cli"]:
        program = "from importlinter.cli import lint_imports_command as c; c(['--config', 'setup.cfg'])"
        run = [sys.executable, "-c", program]
    else:
        run = [sys.executable, "-m", *command]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_absolute_paths_are_committed() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout
    for name in filter(None, tracked.split("\0")):
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".cfg", ".csv", ".json") and path.exists():
            found = re.search(r"(?<![\w.])/(home|root|work|Users)/\w+", path.read_text("utf-8", errors="replace"))
            assert found is None, f"{name}: {found and found[0]}"


def test_no_module_outgrows_one_purpose() -> None:
    lengths = {p.name: len(p.read_text("utf-8").splitlines()) for p in (ROOT / "engine/rulectl").rglob("*.py")}
    assert {name: n for name, n in lengths.items() if n > 420} == {}
