"""What is said where an extra is not installed, to a user and by the tests themselves."""

import subprocess
import sys

import conftest
import pytest

from vaebench import adapters
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
