"""A night: train a small part of the suite again, and compare each number with itself, the same seed with the same."""
