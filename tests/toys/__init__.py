"""A paper of the tests' own, beside the suite's: its instruments say what they give, and the tests say what they do."""

from pathlib import Path

from vaebench import papers

if (HERE := str(Path(__file__).parent)) not in papers.__path__:
    papers.__path__.append(HERE)
