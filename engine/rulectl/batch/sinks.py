"""Where results go: pieces are added in order, and the file appears in its place when it is whole.

A piece comes in one part or in several, which makes no difference to the file. Text grows in one file (`.NAME.part`),
each piece compressed by itself where the name asks for that; its position is a length. Parquet and workbooks cannot be
cut off and gone on with, so their pieces are frames in files of their own, and the position is their number; they are
put together at the end. To standard output everything goes at the end, too.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import polars as pl

from rulectl.batch.journal import BusyError, lock
from rulectl.cases.formats import pack

_AT_ONCE = 1024
"""Rows that are text before they are in the file: of a rulebook of hundreds of tables one may take some kilobytes."""

_NUMBER = re.compile(r"os error (\d+)")


def number_of(error: OSError) -> int | None:
    """What the system calls the error: polars gives the number in words alone."""
    found = _NUMBER.search(str(error))
    return error.errno if error.errno is not None or found is None else int(found[1])


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows of cells, null for nothing at all, on their way into a file: polars writes them there itself, which spares
    two copies of every byte."""

    frame: pl.DataFrame
    delimiter: str
    quotes: Literal["never", "necessary"]

    def write(self, target: BinaryIO) -> None:
        """Write them as UTF-8. Raises OSError."""
        try:
            self.frame.write_csv(
                target,
                include_header=False,
                separator=self.delimiter,
                line_terminator="\r\n",
                batch_size=_AT_ONCE,
                quote_style=self.quotes,
            )
        except OSError as error:
            number = number_of(error)
            if error.errno is not None or number is None:
                raise
            raise OSError(number, os.strerror(number)) from None

    def __bytes__(self) -> bytes:
        held = BytesIO()
        self.write(held)
        return held.getvalue()


class Sink(Protocol):
    """A results file in the making."""

    path: str

    def holds(self, position: int) -> bool:
        """Whether what an earlier run left reaches to a position."""
        ...

    def open(self, position: int) -> None:
        """Go on from a position that was told before; 0 is a new file."""
        ...

    def add(self, *parts: bytes | Lines) -> None:
        """A piece, in its parts."""
        ...

    def position(self) -> int: ...

    def assemble(self) -> None:
        """Make the whole, still beside its place."""
        ...

    def publish(self) -> None:
        """Put the whole in its place."""
        ...

    def close(self, keep: bool) -> None:
        """Let go; unless `keep`, take away what is not whole."""
        ...


def beside(path: str) -> Path:
    """`.NAME.part` in the folder of a file."""
    place = Path(path)
    return place.with_name(f".{place.name}.part")


class TextSink:
    """A file of text that grows. `-` is the stream `standard`, by way of a file in `folder`."""

    def __init__(self, path: str, head: bytes, packed: str, standard: BinaryIO | None, folder: Path) -> None:
        self.path = path
        self._part = folder / "results.part" if path == "-" else beside(path)
        self._head = pack(head, packed) if head else b""
        self._packed = packed
        self._standard = standard
        self._stream: BinaryIO | None = None
        self._held: int | None = None
        self._at = 0

    def holds(self, position: int) -> bool:
        return self._part.exists() and self._part.stat().st_size >= position > 0

    def open(self, position: int) -> None:
        stream = self._take()
        # a new file is left as it is: of one that was cut to nothing, ext4 waits for the disk when it is closed
        if os.fstat(stream.fileno()).st_size != position:
            stream.truncate(position)
        stream.seek(position)
        self._at = position
        if not position:
            self._put(self._head)

    def _take(self) -> BinaryIO:
        """The file in the making, held against other runs until `close`: several may be told to put their rejected rows
        into one file. Raises BusyError."""
        while True:
            # without a buffer: what the journal says is there must be there, and polars writes to the same file
            self._stream = stream = open(self._part, "r+b", buffering=0, opener=_made)  # noqa: SIM115 - until `close`
            if not lock(stream):
                self._stream = None
                stream.close()
                raise BusyError(self.path)
            # who had it until now may have put it in its place meanwhile
            if self._stands(stream):
                self._held = os.dup(stream.fileno())
                return stream
            self._stream = None
            stream.close()

    def _stands(self, stream: BinaryIO) -> bool:
        """Whether a stream is of the file that stands in the place of what is being made."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(stream.fileno()), self._part.stat())
        return False

    def add(self, *parts: bytes | Lines) -> None:
        if self._packed:
            parts = (pack(b"".join(map(bytes, parts)), self._packed),)
        self._put(*parts)

    def _put(self, *parts: bytes | Lines) -> None:
        assert self._stream is not None
        for part in parts:
            if isinstance(part, Lines):
                part.write(self._stream)
            else:
                left = memoryview(part)
                while left:
                    left = left[self._stream.write(left) :]
        self._at = self._stream.tell()

    def position(self) -> int:
        return self._at

    def assemble(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def publish(self) -> None:
        if self.path != "-":
            os.replace(self._part, self.path)
            self._let_go()
            return
        assert self._standard is not None
        with open(self._part, "rb") as part:
            shutil.copyfileobj(part, self._standard, 1 << 20)
        self._standard.flush()

    def close(self, keep: bool) -> None:
        ours = self._held is not None
        if self._stream is not None:
            if not ours:  # cut off between opening the file and holding it
                ours = lock(self._stream) and self._stands(self._stream)
            with suppress(OSError):  # the disk is full: what could not be written is told of already
                self._stream.close()
            self._stream = None
        if ours and not keep:
            with suppress(OSError):  # the folder may be gone, or be closed to us by now
                self._part.unlink(missing_ok=True)
        self._let_go()

    def _let_go(self) -> None:
        """Let others have the place."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _made(path: str, flags: int) -> int:
    """A file that is opened as it is, and made where there is none."""
    return os.open(path, flags | os.O_CREAT, 0o666)


class RejectSink(TextSink):
    """The rejects file. No reject, no file; one left by an earlier run is emptied, lest it be taken for today's."""

    def publish(self) -> None:
        if self._at > len(self._head) or os.path.exists(self.path):
            super().publish()


class FrameSink:
    """Frames, each in a file of its own; `assemble` gets them in order and the place of the whole."""

    def __init__(self, path: str, folder: Path, put_together: Callable[[Sequence[Path], Path], None]) -> None:
        self.path = path
        self._folder = folder / "frames"
        self._put_together = put_together
        self._count = 0
        self._ours = False

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:07}.parquet"

    def holds(self, position: int) -> bool:
        return all(self._file(n).exists() for n in range(position))

    def open(self, position: int) -> None:
        self._ours = True
        self._folder.mkdir(exist_ok=True)
        self._count = position
        beside(self.path).unlink(missing_ok=True)
        for file in self._folder.iterdir():
            if int(file.stem) >= position:
                file.unlink()

    def add(self, *parts: bytes | Lines) -> None:
        self._file(self._count).write_bytes(_one(list(map(bytes, parts))))
        self._count += 1

    def position(self) -> int:
        return self._count

    def assemble(self) -> None:
        self._put_together([self._file(n) for n in range(self._count)], beside(self.path))

    def publish(self) -> None:
        os.replace(beside(self.path), self.path)

    def close(self, keep: bool) -> None:
        if self._ours and not keep:  # else it is that of the run that has the place
            with suppress(OSError):
                beside(self.path).unlink(missing_ok=True)


def _one(parts: Sequence[bytes]) -> bytes:
    """The frames of some parts as those of one."""
    if len(parts) == 1:
        return parts[0]
    return frame_bytes(pl.concat([pl.read_parquet(part) for part in parts]))


def frame_bytes(frame: pl.DataFrame) -> bytes:
    """A frame as a piece of a FrameSink."""
    held = BytesIO()
    frame.write_parquet(held, compression="lz4", statistics=False)
    return held.getvalue()
