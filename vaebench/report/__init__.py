"""The leaderboard: pages and figures, drawn from the committed records or from a run's, and written or checked."""

from vaebench.report.board import BadReferences, Written, stale, write
from vaebench.report.preview import write_preview

__all__ = ["BadReferences", "Written", "stale", "write", "write_preview"]
