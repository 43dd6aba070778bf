"""`make run`."""

import os
import sys
import threading

from local.run import run


def main() -> None:
    """Run, and leave nothing behind: not even a call that cannot be stopped."""
    status = run()
    sys.stdout.flush()
    sys.stderr.flush()
    if threading.active_count() > 1:
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    main()
