"""Checks on tables that lean on each other."""

from rulectl.analysis.verdict import Question

CHECKS: tuple[Question, ...] = ()
