"""The architecture, held: a room imports only from lower floors, and the paper wing never imports torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "vaebench"

FLOORS = {
    "version": 1, "mistakes": 1, "stops": 1, "terminal": 1, "seeds": 1, "claims": 1, "fingerprint": 1, "kernels": 1,
    "bounded": 1, "data": 1, "experiment": 1, "file_bytes": 1, "sources": 1,
    "models": 2, "results": 2,
    "training": 3, "variants": 3, "adapters": 3, "environment": 3,
    "measures": 4,
    "papers": 5,
    "catalog": 6, "provenance": 6,
    "cell": 7, "engines": 7,
    "runner": 8, "report": 8, "forecast": 8,
    "api": 9, "migrate": 8, "check": 9, "new": 9,
    "verify": 9, "verify_table": 9, "submit": 9, "nightly": 9, "replay": 9, "replay_proof": 9,
    "cli": 10, "__main__": 11,
}  # fmt: skip

BESIDE = {
    ("data", "seeds"),
    ("data", "mistakes"),
    ("data", "file_bytes"),
    ("kernels", "experiment"),
    ("training", "variants"),
    ("engines", "cell"),
    ("provenance", "catalog"),
    ("replay", "nightly"),
    ("replay_proof", "replay"),
    ("replay_proof", "nightly"),
    ("sources", "fingerprint"),
    ("submit", "verify"),
    ("verify_table", "verify"),
}
"""Rooms on one floor of which the first may import the second."""

PAPER_WING = (
    "mistakes", "stops", "terminal", "seeds", "claims", "fingerprint", "experiment", "results", "papers", "catalog",
    "provenance", "report", "engines", "engines.local", "runner", "cli",
)  # fmt: skip


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """Every module of the suite that a file imports, anywhere in it."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module == "vaebench":
                found += [f"vaebench.{alias.name}" for alias in node.names]
            else:
                found.append(node.module)
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return [name for name in found if name.startswith("vaebench.")]


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_lower_floors(path: Path) -> None:
    here = room_of(path)
    for name in imports(path):
        there = name.split(".")[1]
        if there in {here, "__version__"}:
            continue
        allowed = FLOORS[there] < FLOORS[here] or (here, there) in BESIDE
        assert allowed, f"{here} (floor {FLOORS[here]}) imports {name} (floor {FLOORS[there]})"


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("papers/*/*.py")), ids=lambda path: path.stem)
def test_a_paper_imports_nothing_of_another_paper(path: Path) -> None:
    others = [name for name in imports(path) if name.startswith("vaebench.papers.")]
    assert not [name for name in others if name.split(".")[2] != path.parent.name]


def test_no_shared_room_imports_from_a_paper() -> None:
    for path in FILES:
        if room_of(path) != "papers" or path.parent.name == "papers":
            assert not [name for name in imports(path) if name.startswith("vaebench.papers.")], path


def test_what_measures_holds_is_read_by_several_papers() -> None:
    for path in PACKAGE.glob("measures/[!_]*.py"):
        tasks = [page for page in PACKAGE.glob("papers/*/*.py") if f'"{path.stem}.' in page.read_text("utf-8")]
        using = [page for page in PACKAGE.glob("papers/*/*.py") if f"vaebench.measures.{path.stem}" in imports(page)]
        assert len({page.parent for page in (*tasks, *using)}) > 1, path
    assert {path.name for path in PACKAGE.glob("measures/_*.py")} == {"__init__.py"}


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(path) for path in FILES}
    assert rooms == set(FLOORS)


def module_graph() -> dict[str, set[str]]:
    """Imports between modules that run when they are loaded: those at the top level of a file."""
    names = {".".join(("vaebench", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in FILES}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        top = ast.Module(
            [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.Import | ast.ImportFrom)],
            [],
        )
        graph[name] = set()
        for node in top.body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("vaebench"):
                inner = {f"{node.module}.{alias.name}" for alias in node.names} & names.keys()
                graph[name] |= inner or {node.module} & names.keys()
    return graph


REPORT = {
    "words": 1, "first_population": 1, "differences": 1, "processes": 1, "cache": 1, "texts": 1,
    "suite": 2, "compare": 2, "queries": 2, "findings": 3, "received": 3,
    "rows": 4, "figures": 5, "tables": 6, "files": 7, "pages": 8,
    "reading": 9, "every_file": 9, "board": 10, "export": 11, "preview": 11,
}  # fmt: skip
"""The floors within the report: how things are said, what is shown, pages of it, the board as a whole."""


@pytest.mark.parametrize("path", sorted((PACKAGE / "report").glob("*/*.py")), ids=lambda path: path.stem)
def test_within_the_report_too_a_room_imports_only_from_lower_floors(path: Path) -> None:
    here = path.parent.name
    for name in imports(path):
        if name.startswith("vaebench.report.") and (there := name.split(".")[2]) != here:
            assert REPORT[there] < REPORT[here], f"report/{here} imports {name}"


def test_within_the_report_every_file_has_a_floor() -> None:
    report = PACKAGE / "report"
    there = {path.relative_to(report).parts[0].removesuffix(".py") for path in report.rglob("*.py")} - {"__init__"}
    assert there == set(REPORT)
    for name in there:
        for one in imports(report / f"{name}.py") if (report / f"{name}.py").is_file() else ():
            if one.startswith("vaebench.report."):
                assert REPORT[one.split(".")[2]] < REPORT[name], f"report/{name}.py imports {one}"


def test_no_circle_of_imports() -> None:
    graph, done = module_graph(), set()

    def walk(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above, name))
        if name not in done:
            for imported in graph[name]:
                walk(imported, (*above, name))
            done.add(name)

    for name in graph:
        walk(name, ())


def test_every_room_of_the_paper_wing_imports_without_torch() -> None:
    code = "import sys\n" + "".join(f"import vaebench.{room}\n" for room in PAPER_WING)
    code += "from vaebench import catalog\nfor name in catalog.task_names(): catalog.task(name)\n"
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--json"],
        ["list", "--schema"],
        ["leaderboard", "--check"],
        ["compare", "vae.mlp", "beta_vae.mlp"],
    ],
)
def test_paper_verbs_answer_without_torch(arguments: list[str]) -> None:
    # Whoever asks for torch, even inside a function, is told that it is not there.
    code = (
        "import sys\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'torch':\n"
        "            raise ImportError('torch is asked for')\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        f"sys.argv = ['vaebench', *{arguments!r}]\nfrom vaebench.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_entry_of_a_registry_hides_behind_an_odd_name() -> None:
    for folder in ("papers", "papers/*", "variants", "data", "models/networks"):
        for path in PACKAGE.glob(f"{folder}/*.py"):
            assert path.stem.replace("_", "").isalnum(), path


def test_only_the_command_line_prints() -> None:
    for path in FILES:
        if room_of(path) != "cli":
            calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
            assert not [call for call in calls if ast.unparse(call.func) in {"print", "sys.stdout.write"}], path
