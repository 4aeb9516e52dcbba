"""`python -m simulations`: see `simulations.cli.program`."""

import sys

from simulations.cli.program import main

if __name__ == "__main__":
    sys.exit(main())
