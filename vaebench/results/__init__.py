"""What is stored about a run, where, and how it compares with reference results; no torch here."""
