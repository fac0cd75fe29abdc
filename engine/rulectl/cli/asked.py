"""What the command line asks of a batch, said once for the command and for what does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:  # whoever only asks does not wait for what does it
    from rulectl.cases.writer import Trace


class Asked(NamedTuple):
    """The arguments and options of `rulectl batch`."""

    book: str
    cases: str
    output: str
    rejects: str | None
    summary: str | None
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
