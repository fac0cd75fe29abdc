"""Build the shipped rulebooks: `rulebooks/NAME.xlsx` from the text workbook in `engine/tools/NAME/*.md`.

The texts are the source, for a workbook in version control shows nobody what changed. Run it after every change of a
text; `--check` writes nothing and exits with 1 when a committed workbook is not what its source gives.

    python engine/tools/make_rulebooks.py [--check] [NAME...]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rulectl.sheets.text import grids
from rulectl.sheets.writer import workbook_bytes, write_workbook

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent.parent


def sources() -> dict[str, str]:
    """The text of each rulebook by name: its files in the order of their names."""
    folders = sorted(folder for folder in TOOLS.iterdir() if any(folder.glob("*.md")))
    return {
        folder.name: "\n\n".join(file.read_text("utf-8") for file in sorted(folder.glob("*.md"))) for folder in folders
    }


def stale(name: str, text: str) -> bool:
    """Whether the workbook of a source is missing or another."""
    path = ROOT / "rulebooks" / f"{name}.xlsx"
    return not path.is_file() or path.read_bytes() != workbook_bytes(grids(text))


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 fine, 1 a workbook differs from its source, 2 wrong usage."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these rulebooks")
    parser.add_argument("--check", action="store_true", help="write nothing, tell what would change")
    options = parser.parse_args(arguments)
    known = sources()
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no source for {', '.join(unknown)}; there is {', '.join(known)}")
    changed = [name for name in options.names or known if stale(name, known[name])]
    for name in changed:
        if not options.check:
            write_workbook(grids(known[name]), ROOT / "rulebooks" / f"{name}.xlsx")
        print(f"rulebooks/{name}.xlsx {'differs from its source' if options.check else 'written'}")
    return 1 if changed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
