"""The suite's own variants: each module here is one, found by its file name, and defines ``VARIANT``."""
