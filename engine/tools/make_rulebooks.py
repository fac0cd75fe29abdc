"""Build the shipped rulebooks: `rulebooks/NAME.xlsx` from the text workbook in `engine/tools/NAME/*.md`, and the
workbooks of the examples: `examples/NAME/NAME.xlsx` from `engine/tools/examples/NAME/*.md`.

The texts are the source, for a workbook in version control shows nobody what changed. Run it after every change of a
text; `--check` writes nothing and exits with 1 when a committed workbook is not what its source gives.

    python engine/tools/make_rulebooks.py [--check] [NAME...]

In the text a line of prose is a note beside the tables; in the workbook it stands above its table, where the manager
reads it first.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rulectl.sheets.text import grids
from rulectl.sheets.writer import workbook_bytes, write_workbook

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent.parent


def sources(folder: Path = TOOLS) -> dict[str, str]:
    """The text of each rulebook by name: its files in the order of their names, with its prose in rows."""
    folders = sorted(sub for sub in folder.iterdir() if any(sub.glob("*.md"))) if folder.is_dir() else []
    files = {sub.name: [file.read_text("utf-8") for file in sorted(sub.glob("*.md"))] for sub in folders}
    return {name: "\n".join(map(_noted, "\n\n".join(texts).splitlines())) for name, texts in files.items()}


def _noted(line: str) -> str:
    """A line of prose as a row of one cell; any other line as it is."""
    bare = line.strip()
    if not bare or bare.startswith(("|", "## ")):
        return line
    return "| " + bare.replace("|", "\\|") + " |"


def workbooks() -> dict[str, tuple[Path, str]]:
    """Where each workbook stands and its text, by name."""
    shipped = {name: (ROOT / "rulebooks" / f"{name}.xlsx", text) for name, text in sources().items()}
    # `parcels-mended` is a second workbook of the example `parcels`
    shown = {
        name: (ROOT / "examples" / name.partition("-")[0] / f"{name}.xlsx", text) for name, text in examples().items()
    }
    return shipped | shown


def examples() -> dict[str, str]:
    """The text of each example's workbook by name."""
    return sources(TOOLS / "examples")


def stale(path: Path, text: str) -> bool:
    """Whether a workbook is missing or another than its text gives."""
    return not path.is_file() or path.read_bytes() != workbook_bytes(grids(text))


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 fine, 1 a workbook differs from its source, 2 wrong usage."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these rulebooks")
    parser.add_argument("--check", action="store_true", help="write nothing, tell what would change")
    options = parser.parse_args(arguments)
    known = workbooks()
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no source for {', '.join(unknown)}; there is {', '.join(known)}")
    changed = [name for name in options.names or known if stale(*known[name])]
    for name in changed:
        path, text = known[name]
        if not options.check:
            write_workbook(grids(text), path)
        shown = path.relative_to(ROOT).as_posix()
        print(f"{shown} {'differs from its source' if options.check else 'written'}")
    return 1 if changed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
