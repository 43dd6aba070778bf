from pathlib import Path

import pytest

from local.errors import WrongReportType
from local.report_types import read_all
from tests.builders import ROOT

TYPES = ROOT / "layers/catalogue/report_types"


def test_the_shipped_catalogue_starts() -> None:
    read_all(TYPES)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('type = "decimal"', 'type = "money"', "users.toml: columns.8.type: Input should be 'boolean', "),
        ("\nfrom users\n", "\nfrom accounts\n", "users.toml: query: reads accounts, which [sources] does not declare"),
        ("$status is null", "$state is null", "users.toml: query: uses $state, which "),
        ("[title]", "[title", "users.toml: "),
    ],
)
def test_a_mistake_in_a_report_type_stops_the_start_and_says_what_to_do(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    (tmp_path / "users.toml").write_text((TYPES / "users.toml").read_text().replace(right, wrong))

    with pytest.raises(WrongReportType) as raised:
        read_all(tmp_path)

    reason, hint = str(raised.value).splitlines()
    assert reason.startswith(said)
    assert hint.startswith("hint: ")
