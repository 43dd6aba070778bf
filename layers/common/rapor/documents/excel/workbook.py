"""The package's small parts (ECMA-376 part 1 §12.3, part 2 §8): workbook, relationships, content types, properties."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from itertools import chain

from rapor.documents.excel.archive import Zip
from rapor.documents.excel.relations import OFFICE, PACKAGE, relationship, relationships
from rapor.documents.excel.sheet import Sheet, Sheets
from rapor.documents.excel.styles import Styles
from rapor.documents.excel.xml import HEADER, MAIN, attribute, escape
from rapor.documents.parts import Head

TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CORE_TYPE = "application/vnd.openxmlformats-package.core-properties+xml"


def add_parts(
    archive: Zip, head: Head, styles: Styles, sheets: Sheets, *, further: Sequence[str], parts: Mapping[str, str]
) -> None:
    """Write everything but the sheets; *further* ones come after the rows, with *parts* of other content types."""
    names = [*(sheet.name for sheet in sheets.all), *further]
    archive.add("xl/styles.xml", styles.part())
    archive.add("xl/workbook.xml", workbook(names, sheets).encode())
    archive.add("xl/_rels/workbook.xml.rels", workbook_relationships(len(names)).encode())
    archive.add("docProps/core.xml", properties(head).encode())
    archive.add("_rels/.rels", package_relationships().encode())
    archive.add("[Content_Types].xml", content_types(len(names), parts).encode())


def workbook(names: Sequence[str], sheets: Sheets) -> str:
    """The sheets in order, their filters, and the head row repeated in print."""
    listed = [
        f'<sheet name="{attribute(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    ]
    defined = chain.from_iterable(defined_names(sheets, index, sheet) for index, sheet in enumerate(sheets.all))
    return (
        f'{HEADER}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{"".join(listed)}</sheets>'
        f"<definedNames>{''.join(defined)}</definedNames></workbook>"
    )


def defined_names(sheets: Sheets, index: int, sheet: Sheet) -> tuple[str, str]:
    """What Excel itself defines beside a filter and for titles in print (§18.2.5)."""
    area = sheets.filter_of(sheet)
    return (
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{index}" hidden="1">{area}</definedName>',
        f'<definedName name="_xlnm.Print_Titles" localSheetId="{index}">\'{sheet.name}\'!$1:$1</definedName>',
    )


def workbook_relationships(count: int) -> str:
    """From the workbook to sheets and styles."""
    listed = [relationship(f"rId{n}", f"{OFFICE}/worksheet", f"worksheets/sheet{n}.xml") for n in range(1, count + 1)]
    return relationships([*listed, relationship("rIdStyles", f"{OFFICE}/styles", "styles.xml")])


def package_relationships() -> str:
    """From the package to the workbook and the properties."""
    core = f"{PACKAGE}/relationships/metadata/core-properties"
    return relationships(
        [
            relationship("rId1", f"{OFFICE}/officeDocument", "xl/workbook.xml"),
            relationship("rId2", core, "docProps/core.xml"),
        ]
    )


def content_types(count: int, further: Mapping[str, str]) -> str:
    """What each part is."""
    parts = {f"/xl/worksheets/sheet{number}.xml": f"{TYPES}.worksheet+xml" for number in range(1, count + 1)}
    parts |= {
        "/xl/workbook.xml": f"{TYPES}.sheet.main+xml",
        "/xl/styles.xml": f"{TYPES}.styles+xml",
        "/docProps/core.xml": CORE_TYPE,
        **further,
    }
    overrides = [f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts.items()]
    return (
        f'{HEADER}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{"".join(overrides)}</Types>'
    )


def properties(head: Head) -> str:
    """Title and date, the date of the data and not of the clock."""
    moment = head.as_of.astimezone(UTC) if head.as_of.tzinfo else head.as_of
    return (
        f'{HEADER}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(head.title)}</dc:title><dc:creator>Rapor</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{moment:%Y-%m-%dT%H:%M:%SZ}</dcterms:created>'
        "</cp:coreProperties>"
    )
