"""Where the data files that come with the product stand: the catalogue, the schemas, the shipped rulebooks.

Each kind is a package of its own, of which a wheel unpacks the files (setup.cfg: not zip-safe). importlib.resources
says the same, but takes longer to load than any of the files that are asked for.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path


def data_folder(package: str) -> Path:
    """The folder of a package of data files."""
    return Path(import_module(package).__path__[0])
