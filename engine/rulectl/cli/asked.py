"""What the command line asks of a batch, said once for the command and for what does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rulectl.cases.writer import Trace


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments and options of `rulectl batch`."""

    book: str
    cases: str
    output: str
    rejects: str | None
    trace: Trace
    engine: Literal["native", "durable"]
    columns: str | None
    headings: Literal["name", "id"]
    encoding: str | None
    input_encoding: str | None
    format_in: str | None
    format_out: str | None
    jobs: int | None
    resume: bool
