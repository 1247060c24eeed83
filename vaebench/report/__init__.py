"""The leaderboard: pages and figures made from the committed records, or from a run's."""

from vaebench.report.board import BadReferences, Written, stale, write
from vaebench.report.preview import write_preview

__all__ = ["BadReferences", "Written", "stale", "write", "write_preview"]
