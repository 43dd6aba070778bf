"""Both packages' docstrings are maps of them."""

import re
from pathlib import Path
from types import ModuleType

import pytest

import local
import rapor


@pytest.mark.parametrize("package", [rapor, local], ids=lambda it: it.__name__)
def test_a_map_names_every_module(package: ModuleType) -> None:
    paths = Path(str(package.__file__)).parent.iterdir()
    modules = {path.stem for path in paths if path.suffix == ".py" or (path / "__init__.py").exists()}

    words = set(re.findall(r"\w+", package.__doc__ or ""))

    assert modules - words == {"__init__"} | ({"__main__"} & modules)
