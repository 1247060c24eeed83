"""The leaderboard: pages and figures made from the committed records, or from a run's.

From `reading` records to `every_file` of a `board`, or of a `preview` of one. On the way, from the ground up: ``words``
says things, ``received`` says what speaks against a record, ``rows`` chooses what is shown and places it, ``figures``
draws it, ``tables`` are what readers take away, ``pages`` writes Markdown.
"""

from vaebench.report.board import BadReferences, Written, stale, write
from vaebench.report.preview import write_preview

__all__ = ["BadReferences", "Written", "stale", "write", "write_preview"]
