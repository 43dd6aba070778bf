"""The times the pages promise are the template's."""

import re
from datetime import timedelta

from local.bound import bounds
from local.template import Stack
from tests.builders import ROOT

STACK = Stack.load()


def in_words(time: timedelta) -> str:
    """As the pages write it: `3 min 10 s`, `25 h 12 min`; begun minutes count where there are hours."""
    seconds = int(time.total_seconds())
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if hours:
        whole = -(-seconds // 60)
        return f"{whole // 60} h {whole % 60} min"
    return " ".join(f"{number} {unit}" for number, unit in ((minutes, "min"), (seconds % 60, "s")) if number)


def test_the_bounds_are_worked_out_by_hand_too() -> None:
    fast, heavy = bounds(STACK)["fast"], bounds(STACK)["heavy"]

    # 60 s less 10 s to say why, 30 s of margin; then the sweep's minute, the one it may be late, and its 50 s.
    assert fast.processing == timedelta(seconds=60 - 10 + 30 + 60 + 60 + 50)
    assert heavy.processing == timedelta(seconds=900 - 20 + 30 + 60 + 60 + 50)
    # Killed, or given back at the last moment: whichever takes longer, attempt by attempt.
    assert fast.tried == timedelta(seconds=250 + (60 + 30 + 170) + 250)
    assert heavy.tried == timedelta(seconds=(900 + 15 + 170) + (900 + 30 + 170) + 1080)
    # A day, the last dispatch's hour, a sweep, and all attempts in that hour.
    assert fast.ended == timedelta(hours=25, seconds=170 + 760)
    assert heavy.ended == timedelta(hours=25, seconds=170 + 3265)


def test_the_readme_promises_just_that() -> None:
    [sentence] = re.findall(r"A report is `processing` for at most [^.]*\.", (ROOT / "README.md").read_text())
    fast, heavy = bounds(STACK)["fast"], bounds(STACK)["heavy"]

    assert re.findall(r"\d+ h \d+ min|\d+ min(?: \d+ s)?", sentence) == [
        in_words(fast.processing),
        in_words(heavy.processing),
        in_words(fast.tried),
        in_words(heavy.tried),
        in_words(heavy.ended),
    ]


def test_the_page_on_reliability_has_every_lane_and_time() -> None:
    rows = re.findall(r"^\| `(fast|heavy)` \|(.*)\|$", (ROOT / "docs/reliability.md").read_text(), re.MULTILINE)

    assert {lane: [cell.strip() for cell in cells.split("|")] for lane, cells in rows} == {
        lane: [in_words(bound.processing), in_words(bound.tried), in_words(bound.ended)]
        for lane, bound in bounds(STACK).items()
    }
