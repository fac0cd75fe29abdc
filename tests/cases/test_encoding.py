"""Bytes to text: by rule alone, the same bytes always the same way."""

from __future__ import annotations

import codecs
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulectl.cases.encoding import Encoding, detect, known, open_text
from rulectl.diagnostics import Finding

TABLE = "工单号,问题类型\r\n001,质量问题\r\n002,色差\r\n"


def read(data: bytes, wanted: str | None = None) -> tuple[str, str]:
    """The encoding found, and the text."""
    stream = BytesIO(data)
    found = detect(stream, "cases.csv", wanted)
    assert isinstance(found, Encoding), found
    return found.name, open_text(stream, found).read()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (TABLE.encode("utf-8"), "utf-8"),
        (TABLE.encode("utf-8-sig"), "utf-8-sig"),
        (TABLE.encode("gb18030"), "gb18030"),
        (TABLE.encode("gbk"), "gb18030"),
        (codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "utf-16"),
        (TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("utf-16-be"), "utf-16-be"),
        (b"a,b\n1,2\n", "utf-8"),
    ],
)
def test_each_encoding_is_found(data: bytes, name: str) -> None:
    found, text = read(data)
    assert found == name
    assert text == (TABLE if "工" in text else "a,b\n1,2\n")


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_that_holds_signs_with_a_nul_in_them(name: str) -> None:
    """退 is U+9000, 一 U+4E00, 最 U+6700: after-sales tables are full of them."""
    text = TABLE + "003,退一最\r\n" + "第一天,一次退货退款，最需退\u3000开言\r\n" * 200
    assert read(text.encode(name)) == (name, text)
    assert read("工单号,要求退款\n1,退一赔三\n".encode(name))[0] == name


@pytest.mark.parametrize("wanted", ["utf-8", "UTF8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "gbk"])
@pytest.mark.parametrize("marked", [True, False])
def test_an_encoding_that_is_named_is_read_with_a_mark_and_without(wanted: str, marked: bool) -> None:
    usual = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(wanted, wanted)
    mark = "\ufeff" if marked and wanted != "gbk" else ""
    assert read((mark + TABLE).encode(usual), wanted)[1] == TABLE


def test_a_very_short_chinese_file_is_not_misread() -> None:
    """Statistical detectors take these few bytes for something else."""
    assert read("店,否\n".encode("gb18030")) == ("gb18030", "店,否\n")


@given(
    st.text(st.characters(codec="gb18030", exclude_characters="\0"), min_size=1), st.sampled_from(["utf-8", "utf-16"])
)
def test_marked_files_come_back_whole(text: str, name: str) -> None:
    data = text.encode("utf-8-sig" if name == "utf-8" else "utf-16")
    assert read(data)[1] == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(lambda t: t[0] != "\ufeff"))
def test_utf8_is_always_utf8(text: str) -> None:
    data = "工单号\n".encode() + text.encode()
    assert read(data) == ("utf-8", "工单号\n" + text)


@given(st.binary(max_size=300))
def test_any_bytes_give_an_encoding_or_a_finding(data: bytes) -> None:
    stream = BytesIO(data)
    found = detect(stream, "cases.csv")
    assert isinstance(found, Encoding | Finding)
    assert found == detect(BytesIO(data), "cases.csv")
    if isinstance(found, Encoding):
        open_text(stream, found).read()


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"", "empty-case-file"),
        (b"PK\x03\x04rest of a workbook", "not-a-case-file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not-a-case-file"),
        (b"%PDF-1.7", "not-a-case-file"),
        (b"Rar!\x1a\x07", "packed-case-file"),
        (b"a\0\0b,\x01\0\0\0", "binary-case-file"),
        ("工单号\n".encode() + b"\xff\n", "unknown-encoding"),
    ],
)
def test_what_is_no_case_file_is_told(data: bytes, slug: str) -> None:
    found = detect(BytesIO(data), "cases.csv")
    assert isinstance(found, Finding)
    assert found.slug == slug
    assert found.message("zh")
    assert found.message("en")


def test_an_unknown_encoding_names_the_first_bad_line() -> None:
    found = detect(BytesIO("工单号\n一\n".encode() + b"\xff\xff\n"), "cases.csv")
    assert isinstance(found, Finding)
    assert dict(found.fields)["line"] == "3"


def test_an_encoding_that_is_asked_for_is_used_even_where_it_does_not_fit() -> None:
    name, text = read("工单号\n".encode() + b"\xff\n", "utf-8")
    assert name == "utf-8"
    assert text == "工单号\n\ufffd\n"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("where", [0, 1, 9, 20, 21])
def test_a_stray_nul_does_not_change_the_encoding(encoding: str, where: int) -> None:
    for table in (TABLE, TABLE * 500):  # also beyond the sample
        text = table[:-where] + "\0" + table[-where:]
        assert read(text.encode(encoding)) == (encoding, text)


def test_names_of_encodings() -> None:
    assert known("GB18030")
    assert not known("martian")
    assert not known("base64")


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("utf-8", "款".encode()[:2]),  # cut within a sign
        ("utf-8", "退款单".encode("gb18030")),  # pasted from elsewhere
        ("utf-8", b"\xff\xfe"),
        ("gb18030", "款".encode("gb18030")[:1]),
        ("gb18030", b"\xff"),
    ],
)
def test_bytes_that_do_not_fit_spoil_their_line_alone(name: str, bad: bytes) -> None:
    line = "A,瑕疵\n".encode(name)
    text = line * 5 + b"B," + bad + b",x\n" + line * 2
    found = detect(BytesIO(text), "x.csv")
    assert found == Encoding(name, False)
    assert [n for n, row in enumerate(open_text(BytesIO(text), found)) if "\ufffd" in row] == [5]
