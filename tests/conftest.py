"""Options of the test suite.

Property tests draw the same examples each time, so that a run says something about the change and not about luck;
`RULECTL_SEARCH=1` lets them look further.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# programs to be run by hand, against packages that the tests do not need
collect_ignore = ["benchmarks"]

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("search" if os.environ.get("RULECTL_SEARCH") else "steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="rewrite what the stories in tests/corpus expect with what they get; read the diff before you commit it",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Where there is no durable_rules (it has none for Python 3.13), the module that needs it holds no examples."""
    if find_spec("durable") is None:
        worker = Path(__file__).parents[1] / "engine" / "rulectl" / "runtime" / "durable_worker.py"
        config.option.ignore = [*(config.option.ignore or ()), str(worker)]


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether stories are rewritten rather than compared."""
    return bool(request.config.getoption("--accept"))
