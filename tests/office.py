"""LibreOffice as the other program that opens our workbooks."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path


def through_libreoffice(source: Path) -> Path:
    """A workbook as LibreOffice opens and saves it, in a folder of its own."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    assert office, "LibreOffice Calc is needed here: install the Debian package libreoffice-calc"
    folder = Path(tempfile.mkdtemp(dir=source.parent))
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder), str(source)]
    for _ in range(3):
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        if (folder / source.name).is_file():
            return folder / source.name
        # a first start may end without a word while it sets up its profile
        time.sleep(1)
    raise AssertionError("LibreOffice wrote nothing")
