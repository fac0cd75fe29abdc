"""Where a command may write: looked at before any work is done."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rulectl.cli.base import USAGE, refuse


def check_place(
    path: str,
    *inputs: str,
    endings: Sequence[str] = (),
    not_endings: Sequence[str] = (),
    kind: str = "cannot-write-kind",
    other: str = "not-a-workbook-name",
) -> str:
    """The file to write to: what `path` names, or the link of that name leads to. Refuse to write where that must fail,
    or would destroy what is read, before any work is done. `kind` is the slug for a name that ends in one of
    `not_endings`, `other` the one for a name that ends in none of `endings`."""
    if path == "-" and not endings:
        return path
    named = Path(path)
    # a file is made beside its place and put there whole: in place of a link, that would do away with the link
    target = os.path.realpath(path) if os.path.islink(path) else path
    place = Path(target)
    if _too_long(place) or os.path.islink(target):  # still one: it leads to itself
        refuse("cannot-write", path, USAGE, file=path)
    spare(target, map(Path, inputs))
    if (endings and named.suffix.lower() not in endings) or named.suffix.lower() in not_endings:
        slug = other if endings else kind
        refuse(slug, path, USAGE, kind=named.suffix, file=path)
    if place.exists() and not place.is_file() and not place.is_dir():
        # a file that is put in its place would do away with it: no more /dev/null for anyone
        refuse("not-a-file", path, USAGE, file=path)
    if path and place.is_dir():
        refuse("folder-not-file", path, USAGE, file=path)
    if not place.parent.is_dir():
        refuse("no-such-folder", path, USAGE, file=path, folder=place.parent)
    if place.is_dir() or not os.access(place.parent, os.W_OK):
        refuse("cannot-write", path, USAGE, file=path)
    return target


def _too_long(place: Path) -> bool:
    """Whether a name has no room for what is put around it while the file is in the making."""
    try:
        (place.parent / f".{place.name}.batch").lstat()
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False


def spare(path: str, inputs: Iterable[Path]) -> None:
    """Refuse to write over a file that is read, by whatever name."""
    place = Path(path)
    if path != "-" and place.exists() and any(os.path.exists(one) and place.samefile(one) for one in inputs):
        refuse("same-file-twice", path, USAGE, file=path)
