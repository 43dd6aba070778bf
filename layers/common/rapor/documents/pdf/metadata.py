"""What the file says of itself to programs: document information (ISO 32000-2 §14.3.3) and XMP (§14.3.2)."""

from datetime import UTC

from rapor.documents.parts import Head
from rapor.documents.pdf.objects import PdfFile, date_string, text_string

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>{tool}</xmp:CreatorTool><pdf:Producer>{tool}</pdf:Producer>
<xmp:CreateDate>{moment}</xmp:CreateDate><xmp:ModifyDate>{moment}</xmp:ModifyDate>
<xmpMM:DocumentID>uuid:{uuid}</xmpMM:DocumentID>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
TOOL = "Rapor"
NOT_XML = dict.fromkeys([*map(chr, range(32)), "\ufffe", "\uffff"], " ")
MARKUP = str.maketrans(NOT_XML | {"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def add_information(pdf: PdfFile, head: Head) -> int:
    """Write the dictionary, dated by the data and not by the clock."""
    moment = date_string(head.as_of)
    return pdf.add(
        b"<</Title%s/Subject%s/Creator(%s)/Producer(%s)/CreationDate%s/ModDate%s>>"
        % (text_string(head.title), text_string(subject(head)), TOOL.encode(), TOOL.encode(), moment, moment)
    )


def add_metadata(pdf: PdfFile, head: Head) -> int:
    """Write the same as XMP, uncompressed so that any program finds it."""
    texts = {"title": head.title, "subject": subject(head), "language": head.locale, "uuid": head.uuid, "tool": TOOL}
    moment = head.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    safe = {name: text.translate(MARKUP) for name, text in texts.items()}
    data = XMP.format(moment=moment, **safe).encode("utf-8", "replace")
    return pdf.add(b"<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%s\nendstream" % (len(data), data))


def subject(head: Head) -> str:
    """The report's type and what was asked for, in words."""
    asked = [f"{label}: {value}" for label, value in head.parameters]
    return "; ".join([f"{head.report_type} {head.type_version}", *asked])
