"""What is raised over a rulebook or cases that cannot be used: errors that carry all their findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rulectl.diagnostics import Finding
from rulectl.loading import Doubt
from rulectl.report.findings import finding_text


class FindingsError(Exception):
    """An error that carries findings; its text is theirs, in English."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(finding_text(found, "en") for found in self.findings))

    def __reduce__(self) -> tuple[type[FindingsError], tuple[tuple[Finding, ...]]]:
        """From a worker process it comes back with its findings; by itself it would be made again of its text."""
        return type(self), (self.findings,)


class RulebookError(FindingsError):
    """A rulebook that cannot be loaded: the file is not there, or the workbook has errors. Of compiled JSON that was
    tampered with, some mistakes come up only when something is asked of it."""


class CaseError(FindingsError):
    """A case, or a file of cases, that cannot be read."""


@contextmanager
def sound(*doubts: Doubt) -> Iterator[None]:
    """Where work fails over compiled JSON that is no rulebook, RulebookError says so: `doubts` are those of the
    rulebooks that are worked on."""
    try:
        yield
    except (FindingsError, OSError, MemoryError):
        raise
    except Exception as error:
        for doubt in doubts:
            if found := doubt():
                raise RulebookError(found) from error
        raise
