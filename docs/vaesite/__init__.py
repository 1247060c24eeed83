"""The web site of vaebench: the board's Markdown, a table to sort, charts to touch, and the formulas, as HTML."""
