"""What the first bytes of a file say of it, for those who do not wait for the packages that read it."""

from __future__ import annotations

from typing import BinaryIO, Final

WORKBOOK: Final = b"PK\x03\x04"
PARQUET: Final = b"PAR1"
GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"


def holds_text(stream: BinaryIO) -> bool:
    """Whether a seekable stream is neither a workbook nor Parquet nor compressed."""
    start = stream.read(4)
    stream.seek(0)
    return not start.startswith((WORKBOOK, PARQUET, GZIP, ZSTD))


def starts_as_json(stream: BinaryIO) -> bool:
    """Whether a stream without an ending holds JSON; no heading starts with a brace."""
    start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    stream.seek(0)
    return start == b"{"
