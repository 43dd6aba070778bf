"""docs/report-types.md names every key there is, and no other."""

import re
from collections.abc import Iterator

import pytest
from msgspec import Struct, structs

from rapor.catalogue import Chart, Column, KeyFigure, Limits, ReportType, Source
from tests.builders import ROOT

PAGE = (ROOT / "docs/report-types.md").read_text()
SECTIONS: dict[str, tuple[type[Struct], ...]] = {
    "### The type": (ReportType,),
    "### `[limits]`": (Limits,),
    "### `[sources.<data set>]`": (Source,),
    "### `[[columns]]`, `[[summary]]`, and `x` and `y` of a chart": (Column, KeyFigure),
    "### `[chart]`": (Chart,),
}


def keys_in(section: str) -> Iterator[str]:
    text = PAGE.partition(f"{section}\n")[2].partition("\n##")[0]
    return iter(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE))


@pytest.mark.parametrize(("section", "models"), SECTIONS.items(), ids=list(SECTIONS))
def test_every_key_has_its_line(section: str, models: tuple[type[Struct], ...]) -> None:
    assert set(keys_in(section)) == {name for model in models for name in model.__struct_fields__}


def test_what_is_needed_is_said_to_be() -> None:
    needed = set(re.findall(r"^\| `(\w+)` \| yes \|", PAGE, re.MULTILINE))

    assert needed == {field.name for field in structs.fields(ReportType) if field.required}
