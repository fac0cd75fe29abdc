"""What a published linter of DMN models says of a table with planted mistakes, beside what `rulectl check` says.

Usage: python tests/benchmarks/other_checkers.py PATH/TO/dmnlint
(`npm install dmnlint@0.2.0` puts it into node_modules/.bin). The table has two gaps, two overlaps under U and a rule
that can never hold; both programs get the very same table, the linter as a DMN 1.3 model.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import rulectl
from rulectl.sheets.text import grids
from rulectl.sheets.writer import write_workbook

BOOK = """
## Vocabulary
| Vocabulary |
| name | role | type | values |
| Weight | input | number | >=0 |
| Zone | input | enum | home;abroad |
| Fee | output | number | |

## Rules
| Decision table | Fee | hit policy | U |
| id | condition | condition | conclusion |
| | Weight | Zone | Fee |
| gap below 1 | (1..5] | home | 5 |
| touches | [5..10] | home | 8 |
| heavy | >10 | home | 20 |
| wide | <=20 | abroad | 30 |
| within | [10..20] | abroad | 35 |
| never | <0 | abroad | 1 |
"""


def main(linter: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book, model = Path(folder, "fees.xlsx"), Path(folder, "fees.dmn")
        write_workbook(grids(BOOK), book, "en")
        found = [f for f in rulectl.check(book).verdicts if f.verdict == "counterexample"]
        print(f"rulectl check: {len(found)}")
        for one in found:
            print(f"  {one.slug} {', '.join(one.rules)} {dict(one.case)}")
        export = [sys.executable, "-m", "rulectl", "export", str(book), "--format", "dmn-1.3", "-o", str(model)]
        subprocess.run(export, check=True, capture_output=True)
        Path(folder, ".dmnlintrc").write_text('{"extends": "dmnlint:all"}', encoding="utf-8")
        done = subprocess.run([linter, str(model)], cwd=folder, capture_output=True, text=True, check=False)
        print(f"dmnlint: exit status {done.returncode}\n{(done.stdout + done.stderr).strip()}")


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()))
