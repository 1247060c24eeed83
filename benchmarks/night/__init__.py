"""Proof that a night sees changes of the code, and stays quiet on honest ones."""
