"""`rapor schedules next`."""

import json

import pytest

from local.cli import main


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        main(["schedules", "next", *arguments])
    assert ended.value.code == 0
    return capsys.readouterr().out.splitlines()


def test_the_next_runs_are_said_in_local_time_and_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(
        capsys, "cron(0 9 ? * MON-FRI *)", "--timezone", "Europe/Istanbul", "--after", "2026-01-02", "--count", "3"
    )

    assert lines == [
        "Fri 2026-01-02 09:00 +0300  2026-01-02T06:00:00Z",
        "Mon 2026-01-05 09:00 +0300  2026-01-05T06:00:00Z",
        "Tue 2026-01-06 09:00 +0300  2026-01-06T06:00:00Z",
    ]


def test_a_time_that_does_not_exist_is_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = said(capsys, "at(2026-03-29T02:30:00)", "--timezone", "Europe/Berlin", "--after", "2026-01-01T00:00:00Z")

    assert (
        line == "Sun 2026-03-29 03:00 +0200  2026-03-29T01:00:00Z  the clock jumps over its time: it runs right after"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["cron(0 9 * * * *)"], "rapor: the expression must have ? as either its day-of-month or its day-of-week, and only there"),
        (["rate(1 day)", "--timezone", "Mars/Base"], "rapor: Mars/Base is no time zone of the IANA database"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["schedules", "next", *arguments])

    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{sentence}\n"


def test_the_next_runs_are_there_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(
        capsys, "at(2026-03-29T02:30:00)", "--timezone", "Europe/Berlin", "--after", "2026-01-01T00:00:00Z", "--json"
    )

    assert json.loads("\n".join(lines)) == [
        {"at": "2026-03-29T01:00:00Z", "local": "2026-03-29T03:00:00+02:00", "skipped": True}
    ]
