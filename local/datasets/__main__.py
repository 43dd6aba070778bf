"""`make data ROWS=…`: the data set `sales` of the local run with as many rows as asked for."""

import argparse
import os
import sys
from functools import partial

from local.datasets import replace_dataset
from local.datasets.sales import ROWS, write_sales
from local.errors import CannotStart
from local.settings import home_from


def main() -> None:
    """Write it into RAPOR_HOME, where no run may be reading."""
    parser = argparse.ArgumentParser(prog="python -m local.datasets", description=main.__doc__)
    parser.add_argument("rows", nargs="?", type=count, default=ROWS)
    rows = parser.parse_args().rows
    try:
        home = home_from(os.environ)
        with home.locked():
            replace_dataset(home.data / "sales", partial(write_sales, rows=rows))
    except CannotStart as error:
        sys.exit(f"cannot write: {error}")
    print(f"{rows:,} rows in {home.data / 'sales'}")


def count(text: str) -> int:
    """Read a number of rows."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return int(text)


if __name__ == "__main__":
    main()
