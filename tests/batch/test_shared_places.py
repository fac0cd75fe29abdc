"""Two runs that would write one file: the second is refused; and a name that is a link to a file is written through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from rulectl.batch.sinks import FrameSink, RejectSink
from rulectl.cli import main
from tests.batch.conftest import BOOK, Batch, cases, command, environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither such locks nor such links")

TEXT = cases(60, seed=2)


@pytest.fixture
def other(tmp_path: Path) -> RejectSink:
    """Another run, that is writing rejected rows to r.csv."""
    sink = RejectSink(str(tmp_path / "r.csv"), b"theirs\n", "", None, tmp_path)
    sink.open(0)
    return sink


@pytest.mark.parametrize(
    "args", [["-o", "out.csv", "--rejects", "r.csv"], ["-o", "r.csv"], ["-o", "-", "--rejects", "r.csv"]]
)
def test_a_file_that_another_run_writes(args: list[str], other: RejectSink, batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    done = batch("cases.csv", *args)
    assert (done.exit_code, "RB767 output-busy" in done.stderr, "r.csv" in done.stderr) == (2, True, True), done.stderr
    assert sorted(os.listdir(tmp_path)) == [".r.csv.part", "cases.csv"]
    other.add(b"row\n")
    other.assemble()
    other.publish()
    # before it has let go, but after its file is in place, another may begin
    assert batch("cases.csv", "-o", "out.csv", "--rejects", "s.csv").exit_code == 1
    other.close(False)
    assert (tmp_path / "r.csv").read_bytes() == b"theirs\nrow\n"
    assert batch("cases.csv", *args).exit_code in (0, 1)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("out", ["out.xlsx", "out.parquet"])
def test_whoever_is_refused_takes_nothing(
    out: str, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the other run has its workbook whole, and not yet in its place."""
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    args = ["cases.csv", "-o", out, "--rejects", "r.xlsx"]
    assemble, told = FrameSink.assemble, []

    def met(self: FrameSink) -> None:
        assemble(self)
        second = subprocess.run(command(BOOK, *args), env=environment(), capture_output=True)
        told.append((second.returncode, b"output-busy" in second.stderr))

    monkeypatch.setattr(FrameSink, "assemble", met)
    done = batch(*args)
    assert (done.exit_code, told) == (1, [(2, True)]), done.stderr
    assert sorted(os.listdir(tmp_path)) == ["cases.csv", out, "r.xlsx"]


def test_whoever_lets_go_takes_nothing_of_the_next(other: RejectSink, tmp_path: Path) -> None:
    other.add(b"row\n")
    other.assemble()
    other.publish()
    after = RejectSink(str(tmp_path / "r.csv"), b"mine\n", "", None, tmp_path)
    after.open(0)
    other.close(False)
    after.add(b"row\n")
    after.assemble()
    after.publish()
    after.close(False)
    assert (tmp_path / "r.csv").read_bytes() == b"mine\nrow\n"


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of links, to files in another one: some are there already, some are not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    for name in ("a.csv", "b.csv", "c.xlsx", "d.json", "e.dmn"):
        (tmp_path / name).symlink_to(Path("real") / ("target" + Path(name).suffix if name == "a.csv" else name))
    (tmp_path / "real" / "b.csv").write_text("old")
    (tmp_path / "cases.csv").write_text(TEXT, "utf-8")
    return tmp_path


def run(*args: str) -> int:
    return CliRunner().invoke(main, ["--lang", "en", *args]).exit_code


@pytest.mark.parametrize(
    ("args", "link", "target"),
    [
        (["batch", BOOK, "cases.csv", "-o", "a.csv"], "a.csv", "target.csv"),
        (["batch", BOOK, "cases.csv", "-o", "out.csv", "--rejects", "b.csv"], "b.csv", "b.csv"),
        (["batch", BOOK, "cases.csv", "-o", "c.xlsx"], "c.xlsx", "c.xlsx"),
        (["compile", BOOK, "-o", "d.json"], "d.json", "d.json"),
        (["export", BOOK, "-o", "c.xlsx"], "c.xlsx", "c.xlsx"),
        (["export", BOOK, "-o", "e.dmn"], "e.dmn", "e.dmn"),
        (["check", BOOK, "--suggest-tests", "-o", "c.xlsx"], "c.xlsx", "c.xlsx"),
    ],
)
def test_what_a_link_points_to_is_written(args: list[str], link: str, target: str, links: Path) -> None:
    assert run(*args) in (0, 1)
    assert (links / link).is_symlink()
    assert (links / "real" / target).stat().st_size > 10
    assert not (links / "real" / target).is_symlink()
    assert not any((*links.glob(".*"), *(links / "real").glob(".*")))


def test_a_marked_copy_through_a_link(links: Path) -> None:
    assert run("init", "new") == 0
    assert run("check", "new/rulebook.xlsx", "--annotate", "c.xlsx") == 0
    assert (links / "c.xlsx").is_symlink()
    assert (links / "real" / "c.xlsx").stat().st_size > 1000


@pytest.mark.parametrize("way", ["nowhere", "itself", "folder", "cases"])
def test_a_link_that_leads_nowhere_good(way: str, links: Path) -> None:
    """A folder that is not there, the link itself, a folder, the file that is read."""
    to = {"nowhere": "none/x.csv", "itself": "bad.csv", "folder": "real", "cases": "cases.csv"}[way]
    (links / "bad.csv").symlink_to(to)
    before = sorted(os.listdir(links))
    done = CliRunner().invoke(main, ["batch", BOOK, "cases.csv", "-o", "bad.csv", "--lang", "en"])
    slugs = {"cases": "same-file-twice", "folder": "folder-not-file", "nowhere": "no-such-folder"}
    slug = slugs.get(way, "cannot-write")
    assert (done.exit_code, slug in done.stderr) == (2, True), done.stderr
    assert sorted(os.listdir(links)) == before
    assert (links / "cases.csv").read_text("utf-8") == TEXT
