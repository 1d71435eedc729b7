"""`python -m equina`: the command line without an installed script."""

import sys

from equina.cli import main

sys.exit(main())
