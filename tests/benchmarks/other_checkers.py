"""What published checkers of DMN models say of a table with planted mistakes, beside what `rulectl check` says.

Usage: python tests/benchmarks/other_checkers.py PATH/TO/dmnlint [PATH/TO/python]
(`npm install dmnlint@0.2.0` puts it into node_modules/.bin; the python is that of an environment of its own with
`pip install cdmn==2.1.2 idp-engine==0.12.1`). The table has two gaps, two overlaps under U and a rule that can never
hold; all get the very same table, the others as a DMN 1.3 model. cDMN turns a question into a model for IDP-Z3; its
command prints nothing of the answer, so that the model is solved here.
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


SOLVE = """
import sys
from idp_engine import IDP, model_expand
book = IDP.from_file(sys.argv[1])
for found in model_expand(*book.get_blocks("T,S"), max=1):
    print(" ".join(str(found).split()))
"""


def cdmn(python: str, model: Path) -> None:
    """What cDMN finds: one case a question. It wants a name for each output and plain types."""
    text = model.read_text("utf-8").replace("<output ", '<output name="Fee" ')
    text = text.replace('typeRef="t Weight"', 'typeRef="number"').replace('typeRef="t Zone"', 'typeRef="string"')
    own, asked = model.with_name("own.dmn"), model.with_name("asked.idp")
    own.write_text(text, "utf-8")
    # the table goes by the id of its decision; the sixth rule is the one that never holds
    for options in (["gap"], ["overlap"], ["shadowed", "6"]):
        command = [python, "-m", "cdmn.cdmn", str(own), f"--errorcheck-{options[0]}", "decision_1"]
        more = ["--errorcheck-rule", options[1]] if options[1:] else []
        subprocess.run([*command, *more, "--main", "-o", str(asked)], check=True, capture_output=True)
        done = subprocess.run([python, "-c", SOLVE, str(asked)], capture_output=True, text=True, check=False)
        print(f"cDMN, {options[0]}: {(done.stdout + done.stderr).strip()}")


def main(linter: str, python: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book, model = Path(folder, "fees.xlsx"), Path(folder, "fees.dmn")
        write_workbook(grids(BOOK), book, "en")
        found = [f for f in rulectl.check(book).verdicts if f.verdict == "counterexample"]
        print(f"rulectl check: {len(found)}")
        for one in found:
            print(f"  {one.slug} {', '.join(one.rules)} {dict(one.case)}")
        export = [sys.executable, "-m", "rulectl", "export", str(book), "--format", "dmn", "-o", str(model)]
        subprocess.run(export, check=True, capture_output=True)
        Path(folder, ".dmnlintrc").write_text('{"extends": "dmnlint:all"}', encoding="utf-8")
        done = subprocess.run([linter, str(model)], cwd=folder, capture_output=True, text=True, check=False)
        print(f"dmnlint: exit status {done.returncode}\n{(done.stdout + done.stderr).strip()}")
        if python is not None:
            cdmn(python, model)


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()), sys.argv[2] if sys.argv[2:] else None)
