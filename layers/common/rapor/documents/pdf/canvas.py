"""
Drawing on a page in its own coordinates: points, from the lower left corner.

What is drawn here is not the table, whose text is placed relative to the row above. Tagged PDF (ISO 32000-2 §14.8)
would begin here and in `Table`: marked content around each call and each row, and a parent tree in `Pages`.
"""

from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct, field

from rapor.documents.pdf.text import Line, Typeface

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, bottom, width and height."""


class Align(Enum):
    """What of a line stands at its point; the value is the share of its width left of it."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


class Canvas(Struct):
    """Collects operators."""

    operators: list[str] = field(default_factory=list)

    def text(self, face: Typeface, line: Line, at: Point, colour: str, align: Align = Align.LEFT) -> None:
        """Show a line, its baseline at the point."""
        left = at[0] - align.value * line.points(face.size)
        self.operators.append(f"BT {colour} rg {face.selected} {left:.2f} {at[1]:.2f} Td {line.operators} ET\n")

    def fill(self, rectangles: Iterable[Rectangle], colour: str) -> None:
        """Fill rectangles."""
        shapes = [f"{left:.2f} {bottom:.2f} {width:.2f} {height:.2f} re" for left, bottom, width, height in rectangles]
        self.operators.append(f"{colour} rg {' '.join(shapes)} f\n" if shapes else "")

    def stroke(self, paths: Iterable[Sequence[Point]], colour: str, width: float) -> None:
        """Draw open paths with round ends and corners; one of a single point is a dot."""
        shapes = [drawn(path if len(path) > 1 else [*path, *path]) for path in paths]
        self.operators.append(f"{colour} RG {width:g} w 1 J 1 j {' '.join(shapes)} S 0 J 0 j\n" if shapes else "")

    def rule(self, left: float, right: float, y: float, colour: str, width: float) -> None:
        """Draw a horizontal line."""
        self.operators.append(f"{colour} RG {width:g} w {left:.2f} {y:.2f} m {right:.2f} {y:.2f} l S\n")


def drawn(path: Sequence[Point]) -> str:
    """Operators of one path."""
    (x, y), *others = path
    return " ".join([f"{x:.2f} {y:.2f} m", *[f"{x:.2f} {y:.2f} l" for x, y in others]])
