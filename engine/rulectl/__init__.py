"""Rules as data: decision tables kept in workbooks, compiled to JSON, run case by case or in batches."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rulectl.api import (
        Book,
        CaseError,
        RulebookError,
        check,
        compile_workbook,
        diff,
        load,
        run_tests,
        suggest_tests,
    )
    from rulectl.cases.reader import Reject
    from rulectl.diagnostics import Finding
    from rulectl.model.outcome import Firing, Outcome
    from rulectl.model.policy import Status
    from rulectl.report.check import CheckReport
    from rulectl.report.diff import DiffReport

__version__ = "0.1.0"

__all__ = [
    "Book",
    "CaseError",
    "CheckReport",
    "DiffReport",
    "Finding",
    "Firing",
    "Outcome",
    "Reject",
    "RulebookError",
    "Status",
    "check",
    "compile_workbook",
    "diff",
    "load",
    "run_tests",
    "suggest_tests",
]

_HOMES = {
    "CheckReport": "rulectl.report.check",
    "DiffReport": "rulectl.report.diff",
    "Reject": "rulectl.cases.reader",
    "Finding": "rulectl.diagnostics",
    "Firing": "rulectl.model.outcome",
    "Outcome": "rulectl.model.outcome",
    "Status": "rulectl.model.policy",
}


if not TYPE_CHECKING:  # a checker that saw this would take any name for a public one

    def __getattr__(name: str) -> object:
        """Public names are imported when they are first used, so that one room can be had without the whole house."""
        if name not in __all__:
            raise AttributeError(name)
        found: object = getattr(import_module(_HOMES.get(name, "rulectl.api")), name)
        globals()[name] = found
        return found
