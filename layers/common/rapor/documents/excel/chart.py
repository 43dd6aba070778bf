"""A native chart (ECMA-376 part 1 §21.2) over a range of cells, and the drawing that places it (§20.5)."""

from collections.abc import Iterator, Sequence
from html import escape as quote
from itertools import chain

from msgspec import Struct

from rapor.catalogue import ChartKind
from rapor.documents.excel.relations import OFFICE
from rapor.documents.excel.xml import CONTROL, HEADER, escape
from rapor.documents.parts import ChartData

DRAWING_ML = "http://schemas.openxmlformats.org/drawingml/2006"
COLOURS = ("0E5866", "E0A030", "5B8E7D", "B5563E", "7A6C9D", "8FA3AD", "3F7CAC", "A7A13C")
CATEGORIES, VALUES = 1, 2  # the axes' ids
WIDTH, HEIGHT = 15, 24  # cells


class Series(Struct, frozen=True):
    """One line of cells: its name's and its values' addresses, and what stands there."""

    name_at: str
    name: str
    values_at: str
    values: Sequence[str | None]


class Categories(Struct, frozen=True):
    """The cells along the horizontal axis; `code` is their number format, None for text."""

    at: str
    labels: Sequence[str | None]
    code: str | None


def chart_part(chart: ChartData, categories: Categories, series: Sequence[Series], code: str) -> str:
    """Write the chart's part; *code* is the number format of the values."""
    body = (
        f'<c:title>{rich(chart.title)}<c:overlay val="0"/></c:title><c:autoTitleDeleted val="0"/>'
        f"<c:plotArea><c:layout/>{''.join(plot(chart.kind, categories, series))}"
        f"{category_axis(categories)}{value_axis(code)}</c:plotArea>"
        f'{legend(series)}<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/>'
    )
    return (
        f'{HEADER}<c:chartSpace xmlns:c="{DRAWING_ML}/chart" xmlns:a="{DRAWING_ML}/main" xmlns:r="{OFFICE}">'
        f'<c:roundedCorners val="0"/><c:chart>{body}</c:chart></c:chartSpace>'
    )


def plot(kind: ChartKind, categories: Categories, series: Sequence[Series]) -> Iterator[str]:
    """The lines or bars (§21.2.2.97, §21.2.2.16)."""
    axes = f'<c:axId val="{CATEGORIES}"/><c:axId val="{VALUES}"/>'
    if kind is ChartKind.LINE:
        yield '<c:lineChart><c:grouping val="standard"/><c:varyColors val="0"/>'
        yield from (line(index, one, categories) for index, one in enumerate(series))
        yield f'<c:marker val="1"/>{axes}</c:lineChart>'
    else:
        grouping, overlap = ("stacked", 100) if kind is ChartKind.STACKED else ("clustered", 0)
        yield f'<c:barChart><c:barDir val="col"/><c:grouping val="{grouping}"/><c:varyColors val="0"/>'
        yield from (bars(index, one, categories) for index, one in enumerate(series))
        yield f'<c:gapWidth val="60"/><c:overlap val="{overlap}"/>{axes}</c:barChart>'


def line(index: int, series: Series, categories: Categories) -> str:
    """One series as a line."""
    colour = COLOURS[index % len(COLOURS)]
    stroke = f'<c:spPr><a:ln w="22225" cap="rnd">{filled(colour)}<a:round/></a:ln></c:spPr>'
    marker = '<c:marker><c:symbol val="none"/></c:marker>'
    return f'<c:ser>{named(index, series)}{stroke}{marker}{data(series, categories)}<c:smooth val="0"/></c:ser>'


def bars(index: int, series: Series, categories: Categories) -> str:
    """One series as bars."""
    shape = f'<c:spPr>{filled(COLOURS[index % len(COLOURS)])}</c:spPr><c:invertIfNegative val="0"/>'
    return f"<c:ser>{named(index, series)}{shape}{data(series, categories)}</c:ser>"


def named(index: int, series: Series) -> str:
    """A series' place and name."""
    name = f"<c:tx>{text_reference(series.name_at, [series.name])}</c:tx>"
    return f'<c:idx val="{index}"/><c:order val="{index}"/>{name}'


def data(series: Series, categories: Categories) -> str:
    """What stands below the axis and how high above it."""
    if categories.code is None:
        labels = text_reference(categories.at, categories.labels)
    else:
        labels = number_reference(categories.at, categories.labels, categories.code)
    values = number_reference(series.values_at, series.values, "General")
    return f"<c:cat>{labels}</c:cat><c:val>{values}</c:val>"


def text_reference(address: str, texts: Sequence[str | None]) -> str:
    """Cells of text, with a copy for readers that do not look them up."""
    cache = f'<c:ptCount val="{len(texts)}"/>{"".join(cached(texts))}'
    return f"<c:strRef><c:f>{escape(address)}</c:f><c:strCache>{cache}</c:strCache></c:strRef>"


def number_reference(address: str, numbers: Sequence[str | None], code: str) -> str:
    """Cells of numbers, with a copy."""
    cache = f'<c:formatCode>{escape(code)}</c:formatCode><c:ptCount val="{len(numbers)}"/>{"".join(cached(numbers))}'
    return f"<c:numRef><c:f>{escape(address)}</c:f><c:numCache>{cache}</c:numCache></c:numRef>"


def cached(cells: Sequence[str | None]) -> Iterator[str]:
    """An empty cell has no point."""
    return (f'<c:pt idx="{i}"><c:v>{escape(cell)}</c:v></c:pt>' for i, cell in enumerate(cells) if cell is not None)


def category_axis(categories: Categories) -> str:
    """The horizontal axis; its labels stay below where values are negative."""
    form = f'<c:numFmt formatCode="{escape(categories.code)}" sourceLinked="0"/>' if categories.code else ""
    return (
        f"<c:catAx>{axis(CATEGORIES, 'b')}{form}"
        f'<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="low"/>{drawn("BFC7CC")}'
        f'<c:crossAx val="{VALUES}"/><c:crosses val="autoZero"/><c:auto val="0"/>'
        '<c:lblAlgn val="ctr"/><c:lblOffset val="100"/><c:noMultiLvlLbl val="1"/></c:catAx>'
    )


def value_axis(code: str) -> str:
    """The vertical axis, with hairlines across."""
    return (
        f"<c:valAx>{axis(VALUES, 'l')}<c:majorGridlines>{drawn('E3E7EA')}</c:majorGridlines>"
        f'<c:numFmt formatCode="{escape(code)}" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
        "<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>"
        f'<c:crossAx val="{CATEGORIES}"/><c:crosses val="autoZero"/><c:crossBetween val="between"/></c:valAx>'
    )


def axis(identity: int, position: str) -> str:
    """What both axes begin with."""
    scaling = '<c:scaling><c:orientation val="minMax"/></c:scaling>'
    return f'<c:axId val="{identity}"/>{scaling}<c:delete val="0"/><c:axPos val="{position}"/>'


def legend(series: Sequence[Series]) -> str:
    """Below, where there is more than one to tell apart."""
    return '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>' if len(series) > 1 else ""


def rich(text: str) -> str:
    """The title's text."""
    run = f'<a:rPr lang="en-US" sz="1400" b="1"/><a:t>{plain(text)}</a:t>'
    return f"<c:tx><c:rich><a:bodyPr/><a:lstStyle/><a:p><a:r>{run}</a:r></a:p></c:rich></c:tx>"


def plain(text: str) -> str:
    """Escape for DrawingML, which has no form for what XML cannot hold."""
    return quote(CONTROL.sub(" ", text))


def drawn(colour: str) -> str:
    """A hairline's properties."""
    return f'<c:spPr><a:ln w="6350">{filled(colour)}</a:ln></c:spPr>'


def filled(colour: str) -> str:
    """One colour all over."""
    return f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'


def drawing_part(title: str, *, column: int, row: int) -> str:
    """Place the chart with its upper left corner in the cell at *column* and *row*, both from 0."""
    space = f"{DRAWING_ML}/spreadsheetDrawing"
    corners = chain(corner("from", column, row), corner("to", column + WIDTH, row + HEIGHT))
    frame = (
        f'<xdr:nvGraphicFramePr><xdr:cNvPr id="2" name="Chart 1" descr="{plain(title)}"/>'
        "<xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr>"
        '<xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm>'
        f'<a:graphic><a:graphicData uri="{DRAWING_ML}/chart"><c:chart xmlns:c="{DRAWING_ML}/chart" r:id="rId1"/>'
        "</a:graphicData></a:graphic>"
    )
    return (
        f'{HEADER}<xdr:wsDr xmlns:xdr="{space}" xmlns:a="{DRAWING_ML}/main" xmlns:r="{OFFICE}">'
        f'<xdr:twoCellAnchor>{"".join(corners)}<xdr:graphicFrame macro="">{frame}</xdr:graphicFrame>'
        "<xdr:clientData/></xdr:twoCellAnchor></xdr:wsDr>"
    )


def corner(name: str, column: int, row: int) -> Iterator[str]:
    """One end of the anchor."""
    yield f"<xdr:{name}><xdr:col>{column}</xdr:col><xdr:colOff>0</xdr:colOff>"
    yield f"<xdr:row>{row}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:{name}>"
