"""A scratch clone of the suite without records of its own, and a run of a variant beside it."""

import json
import shutil
import subprocess
import sys

from conftest import TINY, environment_with

from vaebench import catalog

TRAINED = TINY.replace("steps=8, batch=32", "steps=100, batch=32, learning_rate=5e-3")
"""So many steps that a model uses its codes: of one that does not, no measurement depends on training."""

STANDARD = TRAINED.replace('"quick": quick}', '"standard": replace(quick, seeds=2)}')
"""Code that cuts the standard preset of every task down to two seeds of a few steps."""

TASK, DATA = "nakagawa2021_posterior_isometry", "linear_gaussian_sources"
FILE = f"{TASK}/weighted_vae.mlp.{DATA}.json"

VARIANT = """
from torch import Tensor
from vaebench.models import Step, Variant, autoencoder


def objective(step: Step) -> dict[str, Tensor]:
    kl = WEIGHT * step.posterior.kl().mean()
    return {"reconstruction": -step.likelihood.log_prob(step.x).mean(), "kl": kl}


VARIANT = Variant(name="weighted_vae", source="tests", build=autoencoder, objective=objective, kl_weight=WEIGHT)
"""


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout


class Repository:
    """A clone of the suite with no records of its own, and a run of a variant beside it."""

    def __init__(self, top):
        self.top, self.run = top / "repository", top / "runs" / "mine"
        self.variant = top / "work" / "weighted.py"
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(catalog.PACKAGE, self.top / "vaebench", ignore=left_out)
        for name in ("reference_results", "leaderboard"):
            (self.top / name).mkdir()
            (self.top / name / ".keep").write_text("")
        (self.top / ".gitignore").write_text("__pycache__/\n")
        git(top, "init", "--quiet", "--initial-branch", "main", str(self.top))
        for name, value in (("user.name", "Alice"), ("user.email", "alice@example.org"), ("commit.gpgsign", "false")):
            git(self.top, "config", name, value)
        git(self.top, "add", "--all")
        git(self.top, "commit", "--quiet", "-m", "The suite")
        self.write("2.0")

    def write(self, weight):
        """Write the variant, and a file that it imports, in which its weight stands."""
        self.variant.parent.mkdir(exist_ok=True)
        (self.variant.parent / "helper_of_weighted.py").write_text(f"WEIGHT = {weight}\n")
        begins = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
        self.variant.write_text(f"{begins}from helper_of_weighted import WEIGHT\n{VARIANT}")

    def vaebench(self, *arguments, cwd=None):
        return subprocess.run(
            [sys.executable, "-P", "-m", "vaebench", *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            cwd=cwd or self.top,
            env=environment_with(STANDARD, self.top),
            timeout=300,
        )

    def each(self, commands):
        """Run several commands in one process; status and standard error of each."""
        code = (
            "import contextlib, io, json, sys\nfrom vaebench.cli import main\nsaid = []\n"
            f"for command in {[list(map(str, one)) for one in commands]!r}:\n"
            "    sys.argv, status = ['vaebench', *command], 0\n"
            "    with contextlib.redirect_stderr(io.StringIO()) as text:\n"
            "        try:\n            main()\n"
            "        except SystemExit as end:\n            status = end.code\n"
            "    said.append([status, text.getvalue()])\n"
            "print(json.dumps(said))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.top,
            env=environment_with(STANDARD, self.top),
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def trained(self):
        what = ["--tasks", TASK, "--datasets", DATA, "--archs", "mlp", "--jobs", "1", "--out", self.run]
        done = self.vaebench("run", "--variants", self.variant, *what)
        assert done.returncode == 0, done.stderr
        return done

    def state(self):
        """What a user could miss: branches, index, and every file but git's own."""
        files = {path: path.read_bytes() for path in self.top.rglob("*") if path.is_file() and ".git" not in path.parts}
        pycache = {path for path in files if "__pycache__" in path.parts}
        return (
            git(self.top, "branch", "--all", "--format=%(refname) %(objectname)"),
            git(self.top, "status", "--porcelain"),
            git(self.top, "worktree", "list"),
            {path: content for path, content in files.items() if path not in pycache},
        )

    def text(self, branch, name):
        return git(self.top, "show", f"{branch}:leaderboard/{name}")
