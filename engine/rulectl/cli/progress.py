"""A progress bar on a terminal, and nothing in a pipe: how far, rows a second, time left; as much of it as the terminal
has room for, since a line that is broken in two cannot be written over."""

from __future__ import annotations

import os
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
_WIDEST, _LEAST = 30, 6
"""Columns of the bar alone."""
_AROUND = len("  []  100%  00:00:00  ")
"""What stands around it, without what is said of rows."""
_SOON = 0.2
"""Seconds before anything is shown: what is done by then needs no bar."""


def _columns() -> int:
    """How wide the terminal is."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80


class Bar(AbstractContextManager["Bar"]):
    """Shows how far a batch is; findings are told above it."""

    def __init__(self, here: Session) -> None:
        self._here = here
        self._shown = not here.json and sys.stderr.isatty()
        self._start = time.monotonic()
        self._bar: Any = None
        self._said = ""

    def progress(self, rows: int, share: float) -> None:
        """So many rows were read, which are this share of the work."""
        spent = time.monotonic() - self._start
        if not self._shown or spent < _SOON:
            return
        self._said, width, timed = self._fitting(rows, spent)
        if self._bar is None:
            self._bar = click.progressbar(
                length=_PARTS, file=sys.stderr, show_pos=False, item_show_func=self._rate, width=width
            )
            self._bar.__enter__()
        self._bar.width, self._bar.show_eta = width, timed
        self._bar.update(max(0, round(share * _PARTS) - self._bar.pos), rows)

    def _rate(self, rows: int | None) -> str:
        return "" if rows is None else self._said

    def _fitting(self, rows: int, seconds: float) -> tuple[str, int, bool]:
        """What is said of rows, the width of the bar, and whether there is room for the time that is left."""
        from wcwidth import wcswidth  # late: most runs end before there is a bar

        room = _columns() - 1 - _AROUND
        said = self._here.say("cli-batch-rate", rows=f"{rows:,}", rate=f"{round(rows / seconds):,}")
        if room - wcswidth(said) < _LEAST:
            said = ""
        left = room - wcswidth(said)
        timed = left >= _LEAST
        return said, max(1, min(_WIDEST, left if timed else left + len("00:00:00  "))), timed

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
