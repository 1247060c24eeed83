"""The figures of the board: what they show (`plots`, `from_records`), and how that is drawn."""
