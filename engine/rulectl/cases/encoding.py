"""How the bytes of a case file become text.

Shops export from everywhere: UTF-8 with and without a mark, GB18030 (what Chinese Excel calls ANSI), UTF-16 ("Unicode
text" of Excel). A statistical detector misreads short Chinese files, so the choice here is by rule alone and the same
bytes are always read the same way: a byte-order mark, else the NUL pattern of UTF-16, else UTF-8 if all lines of the
file are, or its headings and nearly all others (one holds a text that was cut within a sign, or was pasted from
elsewhere), else GB18030 likewise, else a finding. A stray byte or NUL spoils its row alone. Nothing is decoded by
guess, and nothing is held in memory.
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import BinaryIO

from rulectl.diagnostics import Finding, finding
from rulectl.source import FilePlace

_CHUNK = 1 << 20
_SAMPLE = 4096
_LOOK = 1 << 16

# How whole files decode.
_CLEAN, _SPOTTED = "clean", "spotted"
_CANDIDATES = ("utf-8", "gb18030")
_NEARLY = 4
"""Of the lines that hold more than ASCII so many decode for each that does not."""

# NULs that make a file UTF-16: one in so many characters, where it cannot be UTF-8 and where it can.
_SOME, _MOSTLY = 16, 2
# What ends cells and rows; so many times more of it with a NUL on one side than on the other.
_ENDS = frozenset(b"\t\n\r,;|")
_ONE_SIDED = 4
_PLAIN = frozenset(b"\t\n\r") | frozenset(range(0x20, 0x7F))
# More NULs than one in so many bytes, on both sides of a character: no text at all.
_BINARY = 8

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# By codec: a mark that it would leave in the text, and the codec that takes it away.
_TAKEN_AWAY = {
    "utf-8": (codecs.BOM_UTF8, "utf-8-sig"),
    "utf-16-le": (codecs.BOM_UTF16_LE, "utf-16"),
    "utf-16-be": (codecs.BOM_UTF16_BE, "utf-16"),
    "utf-32-le": (codecs.BOM_UTF32_LE, "utf-32"),
    "utf-32-be": (codecs.BOM_UTF32_BE, "utf-32"),
}
# Codecs that cannot do without one of these marks.
_ANY_ORDER = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}

# What people hand over in place of a case file, by the first bytes of it.
_SIGNATURES = (
    (b"PK\x03\x04", "xlsx"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"%PDF", "pdf"),
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gz"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpg"),
)
_PACKED = ("zip", "rar", "7z")
# Pages under the name of a table: what many shops call an export to Excel.
_MARKUP = ((b"<?xml", "xml"), *((mark, "html") for mark in (b"<html", b"<!doctype", b"<head", b"<meta", b"<table")))


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec's name; `whole` when every byte of the file was seen to fit it and none is a NUL."""

    name: str
    whole: bool


def detect(stream: BinaryIO, file: str, wanted: str | None = None) -> Encoding | Finding:
    """The encoding of a seekable stream, read from its start and rewound; `wanted` is one that the caller names."""
    stream.seek(0)
    head = stream.read(_SAMPLE)
    stream.seek(0)
    if not head:
        return finding("empty-case-file", FilePlace(file), file=file)
    kind = _foreign(head)
    if kind is not None:
        return no_table(file, kind)
    name = _marked(head) if wanted is None else _meant(wanted, head)
    if name is not None:
        return Encoding(name, _fits(stream, name) is _CLEAN)
    wide = _utf16(head)
    if wide is not None:
        return Encoding(wide, _fits(stream, wide) is _CLEAN)
    if head.count(0) * _BINARY > len(head):
        return finding("binary-case-file", FilePlace(file), file=file)
    for candidate in _CANDIDATES:
        fit = _fits(stream, candidate) or _nearly(stream, candidate)
        if fit is not None:
            return Encoding(candidate, fit is _CLEAN)
    return finding("unknown-encoding", FilePlace(file), file=file, line=_first_bad_line(stream, "utf-8"))


def no_table(file: str, kind: str) -> Finding:
    """What is told of a file that is no table."""
    if kind in _PACKED:
        return finding("packed-case-file", FilePlace(file), file=file, kind=kind)
    return finding("not-a-case-file", FilePlace(file), file=file, kind=kind)


def looks_utf8(stream: BinaryIO) -> Encoding | None:
    """UTF-8, where the first bytes of a stream say nothing else; the rest is for the reader to see. Rewinds it."""
    stream.seek(0)
    head = stream.read(_LOOK)
    stream.seek(0)
    if not head or _foreign(head) is not None or _utf16(head[:_SAMPLE]) is not None:
        return None
    if (_marked(head) or "utf-8-sig") != "utf-8-sig" or not _starts_as(head, "utf-8") or b"\0" in head:
        return None
    return Encoding(_marked(head) or "utf-8", True)


def open_text(stream: BinaryIO, encoding: Encoding) -> io.TextIOWrapper:
    """The text of a stream, line ends as they are. Bytes that do not fit become U+FFFD, which the reader of rows
    rejects row by row; without any such byte the text is exact."""
    stream.seek(0)
    return io.TextIOWrapper(stream, encoding.name, "strict" if encoding.whole else "replace", newline="")


def known(name: str) -> bool:
    """Whether a name is that of a text encoding."""
    try:
        codecs.lookup(name)
        "".encode(name)
    except LookupError:
        return False
    return True


def _foreign(head: bytes) -> str | None:
    """What a file is that is no text, or no table."""
    start = head[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kinds = (kind for mark, kind in _MARKUP if start.startswith(mark))
    return next((name for mark, name in _SIGNATURES if head.startswith(mark)), None) or next(kinds, None)


def _marked(head: bytes) -> str | None:
    """The encoding that a byte-order mark announces."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _meant(wanted: str, head: bytes) -> str:
    """The codec of an encoding that the caller names: one that takes the mark away where there is one, and knows the
    order of bytes where there is none."""
    name = codecs.lookup(wanted).name
    if name in ("utf-16", "utf-32") and not head.startswith(_ANY_ORDER[name]):
        return (_utf16(head) if name == "utf-16" else None) or f"{name}-le"
    mark, without = _TAKEN_AWAY.get(name, (b"", wanted))
    return without if mark and head.startswith(mark) else wanted


def _utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: commas, digits and line ends of a table have a NUL beside them, and many. On which side,
    delimiters and line ends say, for other signs have NULs too: 一, 退 and 最 are U+4E00, U+9000 and U+6700. What is
    UTF-8 for all its NULs is UTF-16 only when it is mostly plain letters."""
    if 0 not in head:
        return None
    pairs = list(zip(head[0::2], head[1::2], strict=False))
    first = [one for one, other in pairs if not other]
    second = [other for one, other in pairs if not one]
    little, big = sum(one in _ENDS for one in first), sum(one in _ENDS for one in second)
    if min(little, big) * _ONE_SIDED > max(little, big) or little == big:
        return None
    plain = sum(one in _PLAIN for one in (first if little > big else second))
    share = _MOSTLY if _starts_as(head, "utf-8") else _SOME
    if plain * 2 * share < len(head):
        return None
    return "utf-16-le" if little > big else "utf-16-be"


def _starts_as(head: bytes, name: str) -> bool:
    """Whether the first bytes of a file decode, but for a last character that is cut."""
    try:
        codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _fits(stream: BinaryIO, name: str) -> str | None:
    """Whether the whole stream decodes, and without a NUL (_CLEAN, _SPOTTED or None); rewinds it."""
    fit = _CLEAN
    decoder = codecs.getincrementaldecoder(name)()
    stream.seek(0)
    try:
        while chunk := stream.read(_CHUNK):
            if "\0" in decoder.decode(chunk):
                fit = _SPOTTED
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    finally:
        stream.seek(0)
    return fit


def _nearly(stream: BinaryIO, name: str) -> str | None:
    """_SPOTTED where the first line that holds more than ASCII decodes, and nearly all others do; rewinds."""
    good = bad = 0
    stream.seek(0)
    for line in stream:
        if not line.isascii():
            if _decodes(line, name):
                good += 1
            elif good:
                bad += 1
            else:
                break
    stream.seek(0)
    return _SPOTTED if good and good >= _NEARLY * bad else None


def _decodes(line: bytes, name: str) -> bool:
    try:
        line.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _first_bad_line(stream: BinaryIO, name: str) -> int:
    """The line, from 1, that holds the first byte that does not fit."""
    stream.seek(0)
    found = next((number for number, line in enumerate(stream, start=1) if not _decodes(line, name)), 0)
    stream.seek(0)
    return found
