"""Text in SpreadsheetML (ECMA-376 part 1 §22.9.2.19, ST_Xstring)."""

import re

HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\r\ud800-\udfff\ufffe\uffff"  # XML 1.0 §2.2; CR would be read as LF
CONTROL = re.compile(f"[{FORBIDDEN}]")
LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
SPECIAL = re.compile(f"[&<>{FORBIDDEN}]|_x[0-9A-Fa-f]{{4}}_")


def escape(text: str) -> str:
    """Escape markup; characters XML cannot hold become `_xHHHH_`, and text that looks like that is escaped too."""
    if not SPECIAL.search(text):
        return text
    text = LOOKS_ESCAPED.sub("_x005F_", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def attribute(text: str) -> str:
    """Escape for a double-quoted attribute."""
    return escape(text).replace('"', "&quot;")
