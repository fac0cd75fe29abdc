"""A progress bar on a terminal, and nothing in a pipe: how far, rows a second, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import click

from rulectl.cli.base import Session
from rulectl.diagnostics import Finding

_PARTS = 1000
_SOON = 0.2
"""Seconds before anything is shown: what is done by then needs no bar."""


class Bar(AbstractContextManager["Bar"]):
    """Shows how far a batch is; findings are told above it."""

    def __init__(self, here: Session) -> None:
        self._here = here
        self._shown = not here.json and sys.stderr.isatty()
        self._start = time.monotonic()
        self._bar: Any = None

    def progress(self, rows: int, share: float) -> None:
        """So many rows were read, which are this share of the work."""
        spent = time.monotonic() - self._start
        if not self._shown or spent < _SOON:
            return
        if self._bar is None:
            self._bar = click.progressbar(
                length=_PARTS, file=sys.stderr, show_pos=False, item_show_func=self._rate, width=30
            )
            self._bar.__enter__()
        self._rows, self._seconds = rows, spent
        self._bar.update(max(0, round(share * _PARTS) - self._bar.pos), rows)

    def _rate(self, rows: int | None) -> str:
        if rows is None:
            return ""
        return self._here.say("cli-batch-rate", rows=f"{rows:,}", rate=f"{round(rows / self._seconds):,}")

    def tell(self, findings: Iterable[Finding]) -> None:
        """Print findings on lines of their own."""
        for found in findings:
            if self._bar is not None:
                click.echo("\r\033[K", nl=False, err=True)
            self._here.tell([found])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
