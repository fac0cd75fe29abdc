"""What is installed is whole: packages, schema, rulebooks, catalogue travel in the wheel."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources and unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    for name in filter(None, (part.decode() for part in tracked)):
        if (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), "."]
    subprocess.run(command, cwd=source, check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_setup_cfg_lists_every_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    listed = set(config["options"]["packages"].split())
    found = {
        ".".join(path.parent.relative_to(ROOT / "engine").parts)
        for path in (ROOT / "engine/rulectl").rglob("__init__.py")
    }
    assert listed == found | {"rulectl.schema", "rulectl.rulebooks"}


def test_data_travels_in_the_wheel(unpacked: Path) -> None:
    files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert {"rulectl/schema/rulebook.schema.json", "rulectl/rulebooks/after_sales.xlsx", "rulectl/py.typed"} <= files
    catalogue = {path.name for path in (ROOT / "engine/rulectl/catalog").glob("*.toml")}
    assert {f"rulectl/catalog/{name}" for name in catalogue} <= files
    assert not any("~$" in name for name in files)


def test_the_wheel_decides_a_case_from_another_folder(unpacked: Path, tmp_path: Path) -> None:
    program = (
        "import rulectl; book = rulectl.load('after_sales'); print(rulectl.__file__); "
        "case = {'工单号': '1', '店铺类型': '服饰', '问题类型': '丢件', '订单实付金额': '99元'}; "
        "print(book.decide(case).status.value)"
    )
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    where, status = done.stdout.split()
    assert Path(where).is_relative_to(unpacked)
    assert status in ("decided", "provisional", "undetermined")
