"""What kind of file it is: by option, by name, or by its first bytes.

A name may end in `.gz` or `.zst` after its own ending. Compressed files are unpacked as they are read; such a stream
can go back to its start alone, which is all that reading a file twice asks for.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from enum import Enum
from typing import BinaryIO, NamedTuple, cast

import zstandard

from rulectl.cases import magic


class Format(Enum):
    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    JSONL = "jsonl"

    @property
    def text(self) -> bool:
        """Whether it is lines of text, that may be compressed and sent through a pipe."""
        return self in (Format.CSV, Format.TSV, Format.JSONL)


FORMATS = tuple(f.value for f in Format)
_ENDINGS = {
    ".csv": Format.CSV,
    ".txt": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".xlsx": Format.XLSX,
    ".xlsm": Format.XLSX,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,
}
_MAGIC = ((magic.WORKBOOK, Format.XLSX), (magic.PARQUET, Format.PARQUET))
_PACKED = ((magic.GZIP, "gz"), (magic.ZSTD, "zst"))
LEVEL = 6
"""How hard results are compressed; both kinds take their usual level or one near it."""


class Kind(NamedTuple):
    """A format, and how it is compressed: `gz`, `zst` or not at all."""

    format: Format
    packed: str = ""


def kind_of(name: str, wanted: str | None = None, usual: Format = Format.CSV) -> Kind:
    """What a file of this name is, or what `wanted` says it is; `usual` where the name says nothing."""
    plain = name.lower()
    packed = next((kind for kind in ("gz", "zst") if plain.endswith("." + kind)), "")
    if packed:
        plain = plain[: -len(packed) - 1]
    if wanted is not None:
        return Kind(Format(wanted), packed)
    return Kind(next((form for ending, form in _ENDINGS.items() if plain.endswith(ending)), usual), packed)


def ending_of(name: str) -> str:
    """The ending that says what a file is, in small letters, without that of its compression."""
    plain = name.lower().removesuffix(".gz").removesuffix(".zst")
    return plain[plain.rindex(".") :] if "." in plain.rsplit("/", 1)[-1].lstrip(".") else ""


def in_sheets(name: str) -> bool:
    """Whether a file is by its name one whose rows a spreadsheet shows, below their headings."""
    return _ENDINGS.get(ending_of(name)) in (Format.CSV, Format.TSV, Format.XLSX)


def packed_as(head: bytes) -> str:
    """`gz`, `zst` or nothing, by the first bytes."""
    return next((kind for mark, kind in _PACKED if head.startswith(mark)), "")


def sniffed(head: bytes, usual: Format) -> Format:
    """The format that the first (unpacked) bytes show, whatever the name says of it."""
    for mark, form in _MAGIC:
        if head.startswith(mark):
            return form
    return usual


class Rewindable(io.RawIOBase):
    """An unpacked stream that can be read again from its start."""

    def __init__(self, open_: Callable[[], BinaryIO]) -> None:
        self._open = open_
        self._stream = open_()
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        if offset == self._at and whence == 0:
            return self._at
        if offset != 0 or whence != 0:
            raise io.UnsupportedOperation
        self._stream.close()
        self._stream = self._open()
        self._at = 0
        return 0

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Zst(io.RawIOBase):
    """Frames of zstd, unpacked one after the other. The package's own reader takes a file that was cut off for a whole
    one; this raises EOFError."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._left = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        while not self._ready:
            data = self._left or self._stream.read(1 << 18)
            self._left = b""
            if not data:
                if self._frame is not None:
                    raise EOFError
                return 0
            self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            self._ready = memoryview(self._frame.decompress(data))
            if self._frame.eof:
                self._left = self._frame.unused_data
                self._frame = None
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def unpacked(stream: BinaryIO, packed: str) -> BinaryIO:
    """The plain bytes of a seekable stream; it stays open when the result is closed."""
    if not packed:
        return stream

    def open_() -> BinaryIO:
        stream.seek(0)
        if packed == "gz":
            return cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb"))
        return cast(BinaryIO, io.BufferedReader(_Zst(stream), 1 << 20))

    return cast(BinaryIO, io.BufferedReader(Rewindable(open_), 1 << 20))


def pack(data: bytes, packed: str) -> bytes:
    """A piece of a file, compressed by itself: pieces put one after the other are a whole file. Says nothing of the
    time, so that the same data is the same bytes."""
    if packed == "gz":
        return gzip.compress(data, LEVEL, mtime=0)
    return zstandard.ZstdCompressor(level=3).compress(data) if packed == "zst" else data


BROKEN = (gzip.BadGzipFile, EOFError, zlib.error, zstandard.ZstdError)
"""What is raised while a damaged file is unpacked."""


class Shared(io.RawIOBase):
    """A stream lent to a reader that closes what it reads; it stays open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        data = self._stream.read(len(view))
        view[: len(data)] = data
        return len(data)

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)


def lent(stream: BinaryIO) -> BinaryIO:
    """A reader of a stream that may be closed without closing it."""
    return cast(BinaryIO, io.BufferedReader(Shared(stream), 1 << 20))
