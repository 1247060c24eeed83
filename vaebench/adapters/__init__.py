"""Models of other packages as variants: through their own parts, never through a forward pass of theirs.

Each module needs its package, an extra: ``pip install vaebench[adapters]``.
"""
