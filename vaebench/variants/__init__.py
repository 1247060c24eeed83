"""The suite's own variants. Each module here is one, named like its file, and defines ``VARIANT``."""
