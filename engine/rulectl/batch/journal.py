"""What has been done of a batch, kept beside the results so that a run that is cut off can be gone on with.

Results grow in `.OUT.part`, rejected rows in `.REJECTS.part`; the folder `.OUT.batch` holds the journal and whatever
else must last. After each chunk one line of JSON is added: how far the files have grown, and what the summary has come
to. What stands in the files beyond the last line is of a chunk that was not finished, and is cut off. The first line
says of what the journal is one: the case file, the rulebook and the options. All is gone when the results are whole.

An orderly end (an error, Ctrl-C) takes everything away, unless the run was to be gone on with; `kill -9` and power
cuts cannot, and that is what the journal is for.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

VERSION = 2
_BLOCKS, _BLOCK = 64, 1 << 14


class BusyError(Exception):
    """Another run is writing to the same place: the file, where that is not the one that the journal is of."""


def fingerprint(stream: BinaryIO, path: str | None) -> dict[str, Any]:
    """A file by its size, the time of its last change and 64 blocks of it; rewinds."""
    size = stream.seek(0, os.SEEK_END)
    digest = blake2b(digest_size=16)
    for at in sorted({size * n // _BLOCKS for n in range(_BLOCKS)} | {max(0, size - _BLOCK)}):
        stream.seek(at)
        digest.update(stream.read(_BLOCK))
    stream.seek(0)
    changed = os.stat(path).st_mtime_ns if path is not None else 0
    return {"size": size, "changed": changed, "digest": digest.hexdigest()}


@dataclass(slots=True)
class Step:
    """A finished chunk: its digest, how far each file has grown, and the summary up to here."""

    digest: int
    rows: int
    decided: int
    rejected: int
    summary: dict[str, Any]

    def line(self) -> str:
        fields = {"digest": self.digest, "rows": self.rows, "decided": self.decided, "rejected": self.rejected}
        return json.dumps({**fields, "summary": self.summary}, ensure_ascii=False)


@dataclass(slots=True)
class Journal:
    """The journal of one run. `steps` are those found when it was opened, and those added."""

    folder: Path
    key: Mapping[str, Any]
    steps: list[Step] = field(default_factory=list)
    found: Mapping[str, Any] | None = None
    _stream: Any = None

    def open(self, resume: bool) -> None:
        """Take the place, and read what an earlier run left there; unless that is to be gone on with and is of the same
        things (`changed` is empty), forget it. Raises BusyError, OSError."""
        self.folder.mkdir(exist_ok=True)
        self._stream = open(self.folder / "journal", "a+b")  # noqa: SIM115 - held until `close`
        if not lock(self._stream):
            self._stream.close()
            raise BusyError
        self._stream.seek(0)
        self._read(self._stream.read().decode("utf-8", "replace").splitlines(keepends=True))
        if not resume:
            self.steps = []

    def _read(self, lines: list[str]) -> None:
        """The whole lines; one that was being written when the run was cut off is none."""
        records: list[dict[str, Any]] = []
        for line in lines:
            if not line.endswith("\n"):
                break
            try:
                records.append(json.loads(line))
            except ValueError:
                break
        if records and records[0].get("version") == VERSION:
            self.found = records[0]["key"]
            self.steps = [Step(**record) for record in records[1:]]

    def changed(self) -> tuple[str, ...]:
        """What differs from the run that left the journal: of `input`, `rulebook`, `options`."""
        if self.found is None:
            return ()
        return tuple(name for name, value in self.key.items() if self.found.get(name) != value)

    def begin(self) -> None:
        """Write what is kept of the journal anew."""
        self._stream.seek(0)
        self._stream.truncate()
        head = json.dumps({"version": VERSION, "key": self.key}, ensure_ascii=False)
        self._put(head, *(step.line() for step in self.steps))

    def add(self, step: Step) -> None:
        self.steps.append(step)
        self._put(step.line())

    def _put(self, *lines: str) -> None:
        self._stream.write("".join(line + "\n" for line in lines).encode())
        self._stream.flush()

    def close(self, keep: bool) -> None:
        """Give the place back; unless `keep`, with all that is in it."""
        if self._stream is not None:
            if not keep:
                with suppress(OSError):
                    shutil.rmtree(self.folder)
            self._stream.close()
            self._stream = None


def lock(stream: BinaryIO) -> bool:
    """Hold a file against other runs as long as it is open; where the system has no such locks, hope."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
