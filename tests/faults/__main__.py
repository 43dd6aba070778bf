"""Everything that can break, broken: `python -m tests.faults`."""

import sys

from tests.faults.runner import main  # a module of its own, for other processes cannot import this one

sys.exit(main())
