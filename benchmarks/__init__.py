"""Benchmarks for asv, in the layout of the package they time.

    asv run --python=same --quick --set-commit-hash $(git rev-parse HEAD)

times the checkout as it lies there with the Python that runs asv, and writes to ``.asv/``. Every suite runs torch on
one thread: more of them would time the neighbours on a shared machine.
"""

import sys
from pathlib import Path

# asv imports this package alone and drops PYTHONPATH, so a bare checkout would not find the code it is asked to time.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
