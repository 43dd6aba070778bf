"""
The look of every page: one accent colour, greys, hairlines.

Colours are operands of DeviceRGB (ISO 32000-2 §8.6.4.3); lengths are points, ratios are of the type's size.
"""

ACCENT = "0.055 0.345 0.4"
INK = "0.12 0.14 0.16"
GREY = "0.42 0.46 0.5"
RULE = "0.87 0.885 0.9"
TINT = "0.957 0.967 0.97"
WARNING = "0.69 0.27 0.16"
SERIES = (  # of a chart, told apart also by those who see colours differently
    ACCENT,
    "0.89 0.6 0.13",
    "0.38 0.62 0.78",
    "0.72 0.33 0.27",
    "0.55 0.66 0.36",
    "0.46 0.36 0.58",
    "0.8 0.71 0.53",
    "0.5 0.53 0.56",
)
HAIRLINE = 0.35

TITLE_SIZE = 19.0
FIGURE_SIZE, FIGURE_LEAST = 15.0, 9.0
HEADING_SIZE = 9.0
VALUE_SIZE = 8.5
LABEL_SIZE = 7.0
FOOT_SIZE = 6.5

HEAD_RATIO = 0.9375
LINE_RATIO = 1.25  # from baseline to baseline
ROW_RATIO = 1.5  # of a row of one line; with type of 7 or 8 points all heights are sums of quarters, and exact
CAP_HEIGHT = 0.714  # of Noto Sans
LINE_LIMIT = 12  # of one cell; an ellipsis says that there is more
