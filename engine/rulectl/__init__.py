"""Rules as data: decision tables kept in workbooks, compiled to JSON, run case by case or in batches."""

__version__ = "0.1.0"
