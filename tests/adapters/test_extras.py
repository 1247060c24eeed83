"""What is said where an extra is not installed, to a user and by the tests themselves."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import conftest
import pytest

from vaebench import adapters, catalog
from vaebench.mistakes import Mistake


def test_a_package_that_is_not_there_is_one_line_that_says_what_to_do():
    with pytest.raises(Mistake, match=r"^no_such_package is not installed: pip install 'vaebench\[adapters\]'$"):
        adapters.extra("no_such_package.models")
    assert adapters.extra("json").loads("1") == 1


def test_an_error_inside_a_package_is_not_taken_for_its_absence(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import no_such_part\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_part"):
        adapters.extra("half_installed")


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("1", ModuleNotFoundError)])
def test_tests_skip_without_an_extra_and_fail_under_ci(monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no_such_package"):
        conftest.extra("no_such_package")


def test_the_adapters_import_without_their_packages():
    code = (
        "import sys\nfor name in ('pythae', 'diffusers'): sys.modules[name] = None\n"
        "import vaebench.adapters.pythae, vaebench.adapters.diffusers"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=conftest.environment_with())


EXTRAS = {"report/export.py": "export"}
"""Files whose packages come with an extra, and which."""


def canonical(requirement: str) -> str:
    """A requirement's package, as all write it alike."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


@cache
def packages_of() -> dict[str, set[str]]:
    """Packages that give a module, by its name, of all that is installed here."""
    return {name: set(map(canonical, packages)) for name, packages in packages_distributions().items()}


@cache
def declared() -> dict[str, set[str]]:
    """Packages of each extra; those that are always installed under an empty name."""
    project = tomllib.loads((catalog.PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {name: set(map(canonical, lines)) for name, lines in groups.items()}


def asked(tree: ast.Module) -> list[tuple[str, str]]:
    """Modules of other packages that a file asks for, anywhere in it, each with its extra."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.module, ""))
        elif (
            isinstance(node, ast.Call) and ast.unparse(node.func) == "extra" and isinstance(node.args[0], ast.Constant)
        ):
            of = node.args[1].value if len(node.args) > 1 else "adapters"
            found.append((node.args[0].value, of))
    tops = [(name.partition(".")[0], of) for name, of in found]
    return [one for one in tops if one[0] not in sys.stdlib_module_names and one[0] != "vaebench"]


def lacking(path: Path) -> list[str]:
    """Modules that a file of the suite imports, and that no package of pyproject.toml gives."""
    groups = declared()
    own = EXTRAS.get(path.relative_to(catalog.PACKAGE).as_posix(), "")
    return [
        name
        for name, of in asked(ast.parse(path.read_text("utf-8")))
        if not packages_of().get(name, {canonical(name)}) & (groups[""] | groups.get(of or own, set()))
    ]


def test_every_package_that_the_suite_imports_is_declared():
    """What only comes with another package, as threadpoolctl with scikit-learn, may one day not come."""
    found = {path.relative_to(catalog.PACKAGE).as_posix(): lacking(path) for path in catalog.PACKAGE.rglob("*.py")}
    assert {file: names for file, names in found.items() if names} == {}
