"""Many cases at once, in columns: the same semantics as one case, on the same index.

    from rulectl.columnar.engine import ColumnarEngine
    from rulectl.columnar.seen import Seen

    engine = ColumnarEngine(book.rulebook)               # keep it: what was worked out is remembered
    headings = engine.headings(frame, "cases.csv")       # cases.headings.Plan: findings, which column holds which term
    decided = engine.decide(frame, headings, file="cases.csv", numbers=rows, seen=Seen())

`frame` is a polars frame, one row a case, columns as in the file: raw texts (pl.String, blanks as "" or null) or native
values (integers, floats, decimals, dates, truth values, lists). `numbers` are the rows' numbers in the file (numpy
int64; 1, 2, ... when left out). One `Seen` serves all frames of a file, so that a case id that comes again is rejected.

`decided` (decided.Decided) holds the decided rows in order: `cases` their places in the frame, `numbers`, `ids`;
`text(term id)`, `id_texts()`, `status_texts()`, `ask_texts(labels)`, `rule_texts()`, `why_texts()` are the columns of
the results file as text; `values(term)` and `asked()` typed columns; `counts()` and `first_findings()` are for the
summary, `findings_of(row)` for one row. `rejects` are cases.reader.Reject, in order, with the cells as they stood.
Facts counted across cases are counted over the rows of one frame: such a rulebook needs its cases in one frame.
"""
