"""The figures of the board: what they show (`spec`, `prepare`), and how that is drawn (`draw`)."""
