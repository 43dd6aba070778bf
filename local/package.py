"""
What `sam build` made: leave out of the AWS SDK what nobody asks for, give it bytecode, and see that Lambda takes it.

The built template is told for which processor the packages are, so that they are deployed for no other.

`python -m local.package BUILD PYTHON`, where PYTHON is the version Lambda runs.
"""

import ast
import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from local.errors import WrongReportType
from local.report_types import TYPES, read_all
from local.template import PROJECT

CODE = (PROJECT / "functions", PROJECT / "layers/common/rapor/store")  # all that speaks with AWS
SDK_DATA = Path("python/botocore/data")
SDK_FILES = ("service-2.", "endpoint-rule-set-1.", "paginators-1.")  # how those begin that a client may read
UNZIPPED_BYTES = 262_144_000  # most that Lambda takes: a function with its layers
LIGHT_BYTES = 50_000_000  # most that ours may have without a reason: what is mounted is read at every cold start
HEAVY = {"ProcessFast", "ProcessHeavy", "EstimateReport"}  # these alone carry an engine and fonts' shaper
HEAVY_WHEELS = {"arro3", "babel", "duckdb", "fsspec", "isal", "obstore", "uharfbuzz"}
FUNCTION, LAYER = "AWS::Serverless::Function", "AWS::Serverless::LayerVersion"
MOUNTED = {FUNCTION: "/var/task", LAYER: "/opt"}
PROCESSORS = {0x3E: "x86_64", 0xB7: "arm64"}  # by `e_machine` of an ELF file's header, as Lambda calls them


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

    def wheels(self, function: str) -> set[str]:
        """Which of the heavy wheels lie in a function or its layers."""
        folders = [self.folder(function), *(self.folder(name) / "python" for name in self.layers(function))]
        return {wheel for wheel in HEAVY_WHEELS for folder in folders if (folder / wheel).is_dir()}


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below *folder*."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def services_used(data: Path, *folders: Path) -> set[str]:
    """AWS services in botocore's *data* that code below *folders* names: rather one too many than one less."""
    known = {folder.name for folder in data.iterdir() if folder.is_dir()}
    files = (file for folder in folders for file in folder.rglob("*.py"))
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and node.value in known}


def trim_sdk(data: Path, services: set[str]) -> None:
    """
    Leave of botocore's data what these services need: a client reads less, and looks through fewer folders for it.

    Descriptions go, which are half of it; what is packed is unpacked.
    """
    for folder in [it for it in data.iterdir() if it.is_dir()]:
        if folder.name not in services:
            shutil.rmtree(folder)
            continue
        for file in [it for it in folder.rglob("*") if it.is_file()]:
            if file.name.startswith(SDK_FILES):
                _rewrite(file, _undescribed(_read(file)))
            else:
                file.unlink()
    models = (_read(file) for file in data.rglob("service-2.json"))
    hosts = {model["metadata"]["endpointPrefix"] for model in models}
    endpoints = data / "endpoints.json"
    told = _read(endpoints)
    for partition in told["partitions"]:
        partition["services"] = {name: it for name, it in partition["services"].items() if name in hosts}
    _rewrite(endpoints, told)


def _read(file: Path) -> Any:
    content = file.read_bytes()
    return json.loads(gzip.decompress(content) if file.suffix == ".gz" else content)


def _rewrite(file: Path, value: Any) -> None:
    file.unlink()
    file.with_name(file.name.removesuffix(".gz")).write_text(json.dumps(value, separators=(",", ":")), "utf-8")


def _undescribed(value: Any) -> Any:
    """Without texts for people; botocore wants the key to be there, and a member may be called so."""
    match value:
        case dict():
            said = {"documentation": ""} if isinstance(value.get("documentation"), str) else {}
            return {name: _undescribed(it) for name, it in value.items()} | said
        case list():
            return [_undescribed(it) for it in value]
    return value


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


def processors(packages: Packages) -> set[str]:
    """For which processors the libraries in the packages were compiled."""
    files = (file for name in packages for file in packages.folder(name).rglob("*.so*") if file.is_file())
    machines = {int.from_bytes(head[18:20], "little") for head in map(_head, files) if head.startswith(b"\x7fELF")}
    return {PROCESSORS.get(machine, f"machine {machine:#x}") for machine in machines}


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(20)


def bind(build: Path, processor: str) -> None:
    """
    Let the built template be deployed for that processor alone.

    Whatever `samconfig.toml` or the stack says, CloudFormation looks at a parameter's values before it changes
    anything; libraries for another processor would be found out by the first call.
    """
    file = build / "template.yaml"
    template = yaml.safe_load(file.read_text("utf-8"))
    template["Parameters"]["Architecture"] |= {"Default": processor, "AllowedValues": [processor]}
    file.write_text(yaml.safe_dump(template, sort_keys=False), "utf-8")


def main(build: Path, python: str) -> int:
    """Trim, compile, bind to the processor, print the sizes; fail where one is too large, or a report type wrong."""
    try:
        read_all(TYPES)  # functions read a type when it is ordered, and its SQL when its turn comes
    except WrongReportType as error:
        print(error, file=sys.stderr)
        return 1
    packages = Packages(build)
    for name in packages:
        if (data := packages.folder(name) / SDK_DATA).is_dir():
            trim_sdk(data, services_used(data, *CODE))
    compile_bytecode(packages, build, python)
    built_for = sorted(processors(packages))
    if len(built_for) > 1:
        print(f"libraries for {' and '.join(built_for)}: remove {build} and build again")
        return 1
    for processor in built_for:
        bind(build, processor)
    print(*(line for function in packages.functions for line in _weighed(packages, function)), sep="\n")
    return int(any(_is_too_heavy(packages, function) for function in packages.functions))


def limit_of(function: str) -> int:
    """Most bytes a function may have with its layers."""
    return UNZIPPED_BYTES if function in HEAVY else LIGHT_BYTES


def _weighed(packages: Packages, function: str) -> Iterator[str]:
    size, limit = packages.unzipped_bytes(function), limit_of(function)
    yield f"{function:<16} {size:>11,} of {limit:>11,} bytes unzipped ({size / limit:.0%})"
    yield from (
        f"{function:<16} must not carry {wheel}" for wheel in sorted(packages.wheels(function) - _allowed(function))
    )


def _is_too_heavy(packages: Packages, function: str) -> bool:
    return packages.unzipped_bytes(function) > limit_of(function) or not packages.wheels(function) <= _allowed(function)


def _allowed(function: str) -> set[str]:
    return HEAVY_WHEELS if function in HEAVY else set()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
