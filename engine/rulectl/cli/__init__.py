"""The command line: `rulectl`. A module a command; no logic of its own (the README shows each)."""

from rulectl.cli.main import main

__all__ = ["main"]
