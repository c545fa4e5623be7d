"""`python -m lossboard` is the `lossboard` command."""

from __future__ import annotations

import sys

from lossboard.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
