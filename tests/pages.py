"""Pages that tell to type something: what is in their blocks, what a shell makes of it, and what they say it prints."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
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


def differences(console: str, service: Service, folder: Path) -> list[str]:
    """
    Type what follows each `$` of a console, one after the other in one shell, and hold what is printed to what is shown.

    Both ways out are one, 80 columns wide, without colours; `…` stands for anything on its line.
    """
    shown = re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]
    commands, told = zip(*(it.split("\n", 1) for it in shown), strict=True)
    printed = _printed(commands, service, folder)
    return [
        f"$ {command}\n{found}"
        for command, expected, found in zip(commands, told, printed, strict=True)
        if not re.fullmatch(re.escape(expected).replace("…", ".+"), found)
    ]


def _printed(commands: Iterable[str], service: Service, folder: Path) -> list[str]:
    script = "\n".join(f"{it}\ncode=$?; printf '\\036'; (exit $code)" for it in commands)
    script = script.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    script = script.replace("rapor smoke", f"rapor smoke --url {service.url}")
    environ = {"COLUMNS": "80", "RAPOR_HOME": str(service.home), "RAPOR_TOKEN": service.token("smoke")}
    done = subprocess.run(
        ["bash", "-uc", f"exec 2>&1\n{script}"], cwd=folder, env=os.environ | environ, stdout=subprocess.PIPE, text=True, check=False
    )  # fmt: skip
    return done.stdout.replace(service.url, DEFAULT_URL).split("\036")[:-1]
