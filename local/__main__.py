"""`make run`."""

import os
import sys

from local.run import run


def main() -> None:
    """Run, and leave at once: a call that cannot be stopped must not keep the process."""
    status = run()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
