"""LibreOffice, where it is installed: what a spreadsheet program makes of a document."""

import shutil
import subprocess
from pathlib import Path

import pytest

PATIENCE_S = 180


def converted(document: Path, to: str) -> Path:
    """Open *document* without a window and save it in the form LibreOffice calls *to*; skips where it is missing."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice (libreoffice-calc) is not installed")
    out = document.parent / "libreoffice"
    profile = f"-env:UserInstallation={(document.parent / 'profile').as_uri()}"  # else two runs share one, and the second does nothing
    command = ["soffice", profile, "--headless", "--convert-to", to, "--outdir", str(out), str(document)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
    [made] = out.iterdir()
    return made
