import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from rapor.catalogue import ChartKind, ColumnType, Value
from rapor.documents.parts import ChartData
from rapor.documents.pdf.axis import nice_ticks, places, point_labels, tick_labels
from rapor.documents.pdf.canvas import Canvas
from rapor.documents.pdf.chart import HEIGHT, Chart
from rapor.documents.pdf.fonts import LETTERS
from rapor.documents.pdf.style import SERIES
from rapor.documents.pdf.typefaces import Typefaces
from rapor.locale import locale_of

LEFT, TOP, WIDTH = 40.0, 500.0, 500.0
TEXT = re.compile(r"/F\d (\S+) Tf (\S+) (\S+) Td \((.*?)\)Tj")
RECTANGLE = re.compile(r"(\S+) (\S+) (\S+) (\S+) re")
NUMBERS = "decimal"


def value(kind: str = NUMBERS, label: str = "Satış", currency: str | None = None) -> Value:
    return Value.model_validate({"name": "v", "type": kind, "label": {"tr": label}, "currency": currency})


def drawn(
    points: Sequence[Sequence[Any]],
    kind: ChartKind = ChartKind.BAR,
    x: str = "text",
    y: Sequence[Value] = (value(),),
    locale: str = "tr",
) -> str:
    canvas = Canvas()
    chart = ChartData(kind, "Aylara göre", value(x), y, points)
    Chart(chart, locale_of(locale), Typefaces()).draw(canvas, LEFT, TOP, WIDTH)
    return "".join(canvas.operators)


def texts(operators: str) -> list[tuple[float, float, str]]:
    """Left, baseline and letters of every text, in the order they were drawn."""
    found = TEXT.findall(operators)
    return [(float(x), float(y), re.sub(r"\\(.)", r"\1", text).translate(LETTERS)) for _, x, y, text in found]


def words(operators: str) -> list[str]:
    return [text for _, _, text in texts(operators)]


def bars(operators: str, series: int = 0) -> list[tuple[float, float, float, float]]:
    """Left, bottom, width and height; the first rectangle of a colour is the legend's."""
    of_colour = [line for line in operators.splitlines() if line.startswith(f"{SERIES[series]} rg")]
    return [
        (float(a), float(b), float(c), float(d)) for line in of_colour[1:] for a, b, c, d in RECTANGLE.findall(line)
    ]


def strokes(operators: str, series: int = 0) -> list[int]:
    """How many points each path of a series' colour has, and dots as 2."""
    lines = [line for line in operators.splitlines() if line.startswith(f"{SERIES[series]} RG")]
    return [path.count(" l") + 1 for line in lines for path in line.split(" m")[1:]]


def test_long_names_are_told_apart_by_their_ends() -> None:
    names = [f"Uzun isimli bir şube {number}" for number in range(1, 13)]

    shown = words(drawn([(name, 1) for name in names]))[-12:]

    assert len(set(shown)) == 12
    assert all(name.endswith(str(number)) and "…" in name for number, name in enumerate(shown, 1))


def test_a_long_series_keeps_its_currency_in_the_legend() -> None:
    series = [value(label=f"Geçen yılın aynı ayındaki bütün şubelerin satışı {n}", currency="TRY") for n in (1, 2)]

    legend = words(drawn([("a", 1, 2)], y=series))[1:3]

    assert all(name.endswith("… (₺)") for name in legend)


def test_labels_below_a_line_keep_their_distance() -> None:
    start = datetime(2025, 1, 1, 10)
    points = [(start + timedelta(minutes=7 * number), number) for number in range(60)]

    for count in range(2, 60):
        operators = drawn(points[:count], ChartKind.LINE, x="timestamp")
        face = Typefaces().regular(7)
        lowest = min(y for _, y, _ in texts(operators))
        below = [(x, x + face.width(text) * 7 / 1000) for x, y, text in texts(operators) if y == lowest]
        assert all(after - end > 5 for (_, end), (after, _) in pairwise(below))


@pytest.mark.parametrize("kind", ChartKind)
@pytest.mark.parametrize("y", ["integer", "decimal"])
@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0, 10**38),
        (-(2**127), 2**127 - 1),
        (10**38 - 1, 10**38),
        (10**30, 10**30 + 1),
        (3 * 10**37, 10**38),
        (-(10**38), 0),
    ],
)
def test_heights_of_38_digits_are_drawn_true(kind: ChartKind, y: str, low: int, high: int) -> None:
    operators = drawn([("a", low), ("b", high), ("c", None)], kind, y=[value(y)])

    assert {"a", "b"} <= set(words(operators))
    if kind is not ChartKind.LINE:
        heights = [
            height * (1 if cell >= 0 else -1) for (*_, height), cell in zip(bars(operators), (low, high), strict=True)
        ]
        assert heights[0] == pytest.approx(heights[1] * low / high if high else heights[0], abs=0.02)


def test_the_smallest_height_stands_beside_the_largest() -> None:
    operators = drawn([("a", Decimal(f"0.{'0' * 37}1")), ("b", Decimal(10) ** 37)], ChartKind.STACKED)

    small, large = (height for *_, height in bars(operators))
    assert round(small) == 0 < large


@pytest.mark.parametrize(
    ("low", "high", "whole", "ticks"),
    [
        ("0", "293", True, "0 100 200 300"),
        ("0", "3", True, "0 1 2 3"),
        ("0", "1", True, "0 1"),
        ("0", "1", False, "0.0 0.2 0.4 0.6 0.8 1.0"),
        ("0", "11", False, "0.0 2.5 5.0 7.5 10.0 12.5"),
        ("0", "11", True, "0 5 10 15"),
        ("-560000", "3600000", False, "-1000000 0 1000000 2000000 3000000 4000000"),
        ("-8", "-3", False, "-8 -7 -6 -5 -4 -3"),
        ("20.1", "20.9", False, "20.0 20.2 20.4 20.6 20.8 21.0"),
        ("0.00011", "0.00019", False, "0.00010 0.00012 0.00014 0.00016 0.00018 0.00020"),
        ("0", "0", False, "0.0 0.2 0.4 0.6 0.8 1.0"),
        ("7", "7", True, "0 2 4 6 8"),
        ("-7", "-7", True, "-8 -6 -4 -2 0"),
        ("0", "1E+30", False, " ".join(str(part * 2 * 10**29) for part in range(6))),
    ],
)
def test_ticks_are_round_numbers_around_the_values(low: str, high: str, whole: bool, ticks: str) -> None:  # noqa: FBT001
    assert " ".join(f"{tick:f}" for tick in nice_ticks(Decimal(low), Decimal(high), whole=whole)) == ticks


def test_tick_labels_share_a_unit() -> None:
    ticks = [Decimal(0), Decimal(500_000), Decimal(1_000_000)]

    assert tick_labels(ticks, locale_of("tr")) == ["0", "0,5\xa0Mn", "1\xa0Mn"]
    assert tick_labels(ticks[:2], locale_of("en")) == ["0", "500,000"]


@pytest.mark.parametrize(
    ("kind", "cells", "labels"),
    [
        ("date", [date(2025, 1, 1), date(2025, 2, 1), None], ["Oca 2025", "Şub 2025", "–"]),
        ("date", [date(2025, 1, 1), date(2025, 1, 2)], ["01.01.2025", "02.01.2025"]),
        ("timestamp", [datetime(2025, 1, 1), datetime(2025, 2, 1)], ["Oca 2025", "Şub 2025"]),
        ("timestamp", [datetime(2025, 1, 1, 9, 30)], ["01.01.2025 09:30:00"]),
        ("text", ["İstanbul", None], ["İstanbul", "–"]),
        ("integer", [2024, 2025], ["2.024", "2.025"]),
    ],
)
def test_points_are_named_in_the_locale(kind: str, cells: Sequence[Any], labels: list[str]) -> None:
    assert point_labels(value(kind), cells, locale_of("tr")) == labels


@pytest.mark.parametrize(
    ("kind", "cells", "where"),
    [
        (ColumnType.DATE, [date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 5)], [0, 0.25, 1]),
        (ColumnType.TIMESTAMP, [datetime(2025, 1, 1), datetime(2025, 1, 1, 6), datetime(2025, 1, 2)], [0, 0.25, 1]),
        (ColumnType.INTEGER, [10, 20, 50], [0, 0.25, 1]),
        (ColumnType.TEXT, ["a", "b"], [0.25, 0.75]),
        (ColumnType.DATE, [date(2025, 1, 2), date(2025, 1, 1)], [0.25, 0.75]),
        (ColumnType.DATE, [date(2025, 1, 2), None], [0.25, 0.75]),
        (ColumnType.INTEGER, [5], [0.5]),
    ],
)
def test_lines_are_true_to_scale_where_x_rises(kind: ColumnType, cells: Sequence[Any], where: list[float]) -> None:
    assert places(value(kind), cells) == where


def test_heights_of_bars_are_as_their_values() -> None:
    (first, second, third) = bars(drawn([("a", Decimal(100)), ("b", Decimal(-50)), ("c", Decimal(25))]))

    assert first[3] == pytest.approx(2 * second[3], abs=0.02)
    assert first[3] == pytest.approx(4 * third[3], abs=0.02)
    assert first[1] == third[1] == pytest.approx(second[1] + second[3], abs=0.02)
    assert first[0] < second[0] < third[0]


def test_bars_of_two_series_stand_beside_each_other() -> None:
    operators = drawn([("a", 1, 2), ("b", 3, 4)], y=(value(), value()))

    (first, _), (second, _) = bars(operators, 0), bars(operators, 1)

    assert second[0] == pytest.approx(first[0] + first[2], abs=0.02)
    assert second[3] == pytest.approx(2 * first[3], abs=0.02)


def test_stacked_bars_stand_on_each_other_and_negative_ones_hang() -> None:
    operators = drawn([("a", 30, -10, 20, -5)], ChartKind.STACKED, y=[value()] * 4)

    first, second, third, fourth = (bars(operators, series)[0] for series in range(4))

    assert {bar[0] for bar in (first, second, third, fourth)} == {first[0]}
    assert third[1] == pytest.approx(first[1] + first[3], abs=0.02)
    assert second[1] + second[3] == pytest.approx(first[1], abs=0.02)
    assert fourth[1] + fourth[3] == pytest.approx(second[1], abs=0.02)


def test_stacks_end_below_the_highest_tick() -> None:
    operators = drawn([("a", 30, 25), ("b", -10, -25)], ChartKind.STACKED, y=[value()] * 2)

    assert words(operators)[3:9] == ["-40", "-20", "0", "20", "40", "60"]
    assert max(bar[1] + bar[3] for bar in bars(operators, 1)) < TOP
    assert min(bar[1] for bar in bars(operators, 1)) > TOP - HEIGHT


def test_values_that_lack_leave_gaps() -> None:
    points = [(index, None if index in (3, 5) else index) for index in range(10)]

    assert strokes(drawn(points, ChartKind.LINE, x="integer")) == [3, 4, 2]
    assert len(bars(drawn(points, x="integer"))) == 8


def test_a_single_point_is_a_dot() -> None:
    assert strokes(drawn([(2025, 5)], ChartKind.LINE, x="integer")) == [2]


def test_what_is_no_number_is_not_drawn() -> None:
    assert len(bars(drawn([("a", 1.5), ("b", float("nan")), ("c", Decimal("Infinity"))]))) == 1


def test_nothing_to_draw_is_said() -> None:
    assert words(drawn([("a", None)]))[-1] == "Çizilecek veri yok."


def test_flat_lines_do_not_begin_at_zero() -> None:
    assert words(drawn([(1, 990), (2, 1000)], ChartKind.LINE, x="integer"))[2] == "990"
    assert words(drawn([(1, 100), (2, 1000)], ChartKind.LINE, x="integer"))[2] == "0"
    assert words(drawn([(1, 990), (2, 1000)], ChartKind.BAR, x="integer"))[2] == "0"


def test_texts_come_in_reading_order() -> None:
    points = [(date(2025, 1, 1), 2_000_000), (date(2025, 2, 1), 1_000_000)]

    assert words(drawn(points, x="date", y=[value(currency="TRY")])) == [
        "Aylara göre", "Satış (₺)", "0", "0,5\xa0Mn", "1\xa0Mn", "1,5\xa0Mn", "2\xa0Mn", "Oca 2025", "Şub 2025",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", list(ChartKind))
@pytest.mark.parametrize("count", [1, 2, 12, 15, 100, 1000])
@pytest.mark.parametrize("x", ["text", "date"])
def test_names_below_never_overlap_and_stay_on_the_page(kind: ChartKind, count: int, x: str) -> None:
    names = [f"Uzunca bir ad {index}" for index in range(count)]
    days = [date(2020, 1, 1) + timedelta(days=index) for index in range(count)]

    operators = drawn([(name, 5) for name in (names if x == "text" else days)], kind, x)

    face = Typefaces().regular(7)
    bottom = min(y for _, y, _ in texts(operators))
    below = [(left, left + face.width(text) * 7 / 1000) for left, y, text in texts(operators) if y == bottom]
    assert below
    assert all(before[1] < after[0] for before, after in pairwise(below))
    assert below[0][0] >= LEFT - 0.01
    assert below[-1][1] <= LEFT + WIDTH + 0.01


def test_names_that_are_text_are_shortened_rather_than_left_out() -> None:
    operators = drawn([(f"Kahramanmaraş {index}", 5) for index in range(15)])

    assert len({word for word in words(operators) if word.startswith("Kah")}) == 15


def test_long_legends_take_lines_of_their_own() -> None:
    operators = drawn([("a", *range(8))], y=[value(label=f"Uzunca bir dizi adı {number}") for number in range(8)])

    entries = [(x, y) for x, y, text in texts(operators) if text.startswith("Uzunca")]

    assert len(entries) == 8
    assert len({y for _, y in entries}) > 1
    assert all(x < LEFT + WIDTH for x, _ in entries)
