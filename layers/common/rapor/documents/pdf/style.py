"""
The look of every page: one accent colour, greys, hairlines.

Colours are operands of DeviceRGB (ISO 32000-2 §8.6.4.3).
"""

ACCENT = "0.055 0.345 0.4"
INK = "0.12 0.14 0.16"
GREY = "0.42 0.46 0.5"
RULE = "0.85 0.87 0.885"
HAIRLINE = "0.4 w"

TITLE_SIZE = 20.0
VALUE_SIZE = 9.0
LABEL_SIZE = 7.0
FOOT_SIZE = 7.0
HEAD_RATIO = 0.94  # of the body's size
LINE_RATIO = 1.28  # from baseline to baseline
PADDING_RATIO = 0.55  # above and below a row's lines
CAP_HEIGHT = 0.714  # of Noto Sans, in ems
LINE_LIMIT = 12  # of one cell; an ellipsis says that there is more
