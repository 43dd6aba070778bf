"""Pages that tell to type something: what is in their blocks, and what a shell makes of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.service import Service

DEFAULT_URL = "http://127.0.0.1:3000"


def blocks(page: Path, heading: str) -> list[str]:
    """The blocks below a heading of the page, up to the next one."""
    section = page.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"```\n(.*?)```", section, re.DOTALL)


def typed(commands: str, service: Service, folder: Path) -> str:
    """What a shell in *folder*, as if it were the project's, prints; *service* is in the place of the default one."""
    commands = commands.replace(DEFAULT_URL, service.url)
    commands = commands.replace(".venv/bin/", f"{Path(sys.executable).parent}/").replace(".rapor/", f"{service.home}/")
    environ = os.environ | {"RAPOR_HOME": str(service.home), "PYTHONPATH": str(folder), "BROWSER": "true"}
    done = subprocess.run(
        ["bash", "-euc", commands], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    return done.stdout
