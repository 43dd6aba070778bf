"""What several commands read from the command line."""

import argparse


def count(text: str) -> int:
    """A number of things, of which there must be one at least."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError("must be a whole number from 1 on")
    return int(text)
