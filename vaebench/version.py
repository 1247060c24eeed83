"""The version of the suite: in the package, in records and in the changelog."""

VERSION = "0.2.0.dev0"
