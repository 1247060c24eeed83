"""Print the lowest versions that a pyproject.toml allows of its dependencies, as pip's constraints."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text("utf-8"))["project"]
extras = project.get("optional-dependencies", {})
for line in (*project["dependencies"], *extras.get("test", ())):
    found = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*(>=|==)\s*([0-9][^,;\s]*)(?:\s*;.*)?", line)
    if found is None:
        sys.exit(f"lowest: {line!r} names no lowest version")
    sys.stdout.write(f"{found[1]}=={found[3]}\n")
