"""Checks on statements that must hold of every case (守则表)."""

from rulectl.analysis.verdict import Question

CHECKS: tuple[Question, ...] = ()
