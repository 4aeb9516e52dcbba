"""`python -m data_access`: see `data_access.cli.program`."""

import sys

from data_access.cli.program import main

if __name__ == "__main__":
    sys.exit(main())
