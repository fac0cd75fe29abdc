"""A command in an empty folder that holds a case file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rulectl.cli import main
from tests.cli.demo import CASES, Run


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder that holds cases.csv; English unless told otherwise."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases.csv").write_text(CASES, "utf-8")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")

    def run_(*args: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, list(args), input=stdin)

    return run_
