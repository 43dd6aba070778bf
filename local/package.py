"""
What `sam build` made: give it bytecode, and see that Lambda will take it.

`python -m local.package BUILD PYTHON`, where PYTHON is the version Lambda runs.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

UNZIPPED_BYTES = 262_144_000  # most that Lambda takes: a function with its layers
FUNCTION, LAYER = "AWS::Serverless::Function", "AWS::Serverless::LayerVersion"
MOUNTED = {FUNCTION: "/var/task", LAYER: "/opt"}


class Packages:
    """The functions and layers of a built template, each with its folder."""

    def __init__(self, build: Path) -> None:
        template: dict[str, Any] = yaml.safe_load((build / "template.yaml").read_text())
        resources = {name: resource for name, resource in template["Resources"].items() if resource["Type"] in MOUNTED}
        self._build = build
        self._shared = template["Globals"]["Function"].get("Layers", [])
        self.types = {name: resource["Type"] for name, resource in resources.items()}
        self._properties = {name: resource["Properties"] for name, resource in resources.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self.types)

    @property
    def functions(self) -> list[str]:
        """Logical ids of the functions, in the template's order."""
        return [name for name in self if self.types[name] == FUNCTION]

    def folder(self, name: str) -> Path:
        """Where the package lies: under the build, or still in the source where it has no build step."""
        properties = self._properties[name]
        location: str = properties.get("CodeUri") or properties["ContentUri"]
        return (self._build / location).resolve()

    def layers(self, function: str) -> list[str]:
        """Logical ids of the layers under a function, the first mounted first."""
        return [layer["Ref"] for layer in self._shared + self._properties[function].get("Layers", [])]

    def unzipped_bytes(self, function: str) -> int:
        """What Lambda will count: the function and its layers."""
        return sum(folder_bytes(self.folder(name)) for name in [function, *self.layers(function)])


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below *folder*."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def compile_bytecode(packages: Packages, build: Path, python: str) -> None:
    """
    Compile every module where Lambda cannot: its disk is read-only, so each cold start would do it again.

    The compiled files are never checked against their source, because packing changes its time.
    """
    for name in packages:
        folder = packages.folder(name)
        if folder.is_relative_to(build.resolve()):
            command = [python, "-m", "compileall", "-q", "-f", "-j", "0", "--invalidation-mode", "unchecked-hash"]
            subprocess.run([*command, "-s", folder, "-p", MOUNTED[packages.types[name]], folder], check=True)


def main(build: Path, python: str) -> int:
    """Compile, print the sizes, and fail where one is too large."""
    packages = Packages(build)
    compile_bytecode(packages, build, python)
    sizes = {function: packages.unzipped_bytes(function) for function in packages.functions}
    for function, size in sizes.items():
        print(f"{function:<16} {size:>11,} of {UNZIPPED_BYTES:,} bytes unzipped ({size / UNZIPPED_BYTES:.0%})")
    return int(max(sizes.values()) > UNZIPPED_BYTES)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
