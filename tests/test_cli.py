"""The verbs as a user meets them: what they print, how they end, and one line for every slip."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import real_files
from conftest import BROUGHT, TINY, UNPINNED, environment_with

from vaebench import __version__, catalog
from vaebench.report.files import MARK, STRANGER

RUN = ["run", "--preset", "quick", "--jobs", "1", "--archs", "mlp", "--seeds", "1"]


def vaebench(*arguments: str, before: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line, with some code before it in each of its processes."""
    code = f"import sys\nsys.argv = ['vaebench', *{list(arguments)!r}]\nfrom vaebench.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=300,
        env=environment_with(before),
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run of every task and two variants, one of them brought as a file."""
    folder = tmp_path_factory.mktemp("run")
    variants = f"vae,{BROUGHT / 'bernoulli_vae.py'}"
    done = vaebench(*RUN, "--variants", variants, "--out", str(folder), "--json", before=TINY)
    assert done.returncode == 0, done.stderr
    subjects = 2 * sum(len(catalog.task(name).datasets) for name in catalog.task_names())
    assert len(json.loads(done.stdout)["records"]) == subjects
    return folder


def test_list_answers_with_one_object() -> None:
    listed = json.loads(vaebench("list", "--json").stdout)
    assert listed.keys() == {"tasks", "variants", "archs", "datasets", "presets"}
    claims = {task["name"]: [claim["id"] for claim in task["claims"]] for task in listed["tasks"]}
    assert claims["camuto2021_variance_frequency"] == [
        "decoder_frequency",
        "decoder_lipschitz",
        "encoder_frequency",
        "robustness",
    ]
    assert claims["nakagawa2021_posterior_isometry"] == ["isometry", "orthogonality", "density", "importance"]
    assert {"vae", "beta_vae", "linear_vae"} <= set(listed["variants"])
    assert {"mlp", "conv", "resnet"} <= set(listed["archs"])
    assert {"digits", "sprites", "three_sources"} <= set(listed["datasets"])
    assert listed["presets"] == ["nightly", "quick", "standard", "paper"]


def test_list_names_everything_whole() -> None:
    said = vaebench("list").stdout
    for name in (*catalog.task_names(), *catalog.variant_names(), *catalog.arch_names(), *catalog.dataset_names()):
        assert name in said


def test_schema_describes_the_records_that_are_written(ran: Path) -> None:
    schema = json.loads(vaebench("list", "--schema").stdout)
    assert schema["title"] == "Record"
    record = json.loads(next(ran.rglob("vae.mlp.digits.json")).read_text())
    assert set(schema["required"]) <= record.keys() <= schema["properties"].keys()


def test_list_is_quick() -> None:
    """In processor time, against that of importing torch here: it takes a quarter, and more with torch."""

    def spent(call: Callable[[], object]) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        call()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    listed = min(spent(lambda: vaebench("list", "--json")) for _ in range(3))
    assert listed < 0.5 * spent(lambda: subprocess.run([sys.executable, "-c", "import torch"], check=True))


def numbers(text: str) -> list[str]:
    """Whole numbers of a text."""
    return re.findall(r"(?<![\w.])\d+(?![\w.])", text)


def test_a_run_prints_verdicts_and_says_that_quick_is_no_result(ran: Path) -> None:
    done = vaebench(*RUN, "--variants", "vae", "--out", str(ran), before=TINY)
    assert done.returncode == 0, done.stderr
    record = next(line for line in done.stdout.splitlines() if f"{ISOMETRY}/vae.mlp.three_sources" in line)
    assert numbers(record) == ["1"]
    assert any(word in done.stdout for word in ("holds", "fails", "undecided"))
    subjects = sum(len(catalog.task(name).datasets) for name in catalog.task_names())
    assert numbers(next(line for line in done.stderr.splitlines() if "journal" in line))[:2] == ["0", str(subjects)]
    assert "quick" in done.stderr


def test_a_preview_of_a_run_is_written_below_it(ran: Path) -> None:
    done = vaebench("leaderboard", "--preview", str(ran))
    assert done.returncode == 0, done.stderr
    page = ran / "leaderboard" / "README.md"
    assert "superseded.md" in page.read_text()  # its definition was cut short for this test
    assert "preview" in page.read_text().lower()


def test_a_quick_run_is_not_scored_but_said_to_be(ran: Path, tmp_path: Path) -> None:
    for flags in [], ["--allow-stale"], ["--partial"], ["--partial", "--allow-stale"]:
        done = vaebench("score", str(ran), "--reference", str(ran), "--json", *flags)
        assert done.returncode == 1, done.stderr
        assert {score["status"] for score in json.loads(done.stdout)["scores"]} == {"missing"}
        assert {score["compared"] for score in json.loads(done.stdout)["scores"]} == {0}
        assert done.stderr.count("nothing was compared") == 1
        assert ("--partial" in done.stderr) == ("--partial" not in flags)


REFERENCES = Path(catalog.PACKAGE).parent / "reference_results"
ISOMETRY = "nakagawa2021_posterior_isometry"
CURRENT = "gracyk2025_kahler_sampling"
"""A task whose reference results are of its present version."""


def a_run(folder: Path, *names: str, task: str = ISOMETRY, **changes: object) -> Path:
    """Copy reference results as if they were a run, changed in one way."""
    for name in names:
        data = json.loads((REFERENCES / task / f"{name}.json").read_text())
        for key, value in changes.items():
            part = data
            *path, last = key.split("__")
            for step in path:
                part = part[int(step) if step.isdigit() else step]
            part[last] = value
        (folder / task).mkdir(parents=True, exist_ok=True)
        (folder / task / f"{name}.json").write_text(json.dumps(data))
    return folder


def test_what_a_run_did_not_compare_is_listed_and_is_exit_status_1(tmp_path: Path) -> None:
    run = a_run(tmp_path / "some", "vae.mlp.digits")
    done = vaebench("score", str(run), "--json")
    scores = {score["file_name"].split(".")[2]: score["status"] for score in json.loads(done.stdout)["scores"]}
    assert done.returncode == 1
    assert scores.pop("digits") == "reproduced"
    assert set(scores.values()) == {"missing"} and len(scores) == 5
    assert numbers(next(line for line in done.stderr.splitlines() if "missing" in line)) == ["5", "6"]
    assert vaebench("score", str(run), "--partial").returncode == 0
    assert vaebench("score", str(run / ISOMETRY / "vae.mlp.digits.json")).returncode == 0
    stale = a_run(tmp_path / "stale", "vae.mlp.digits", subject__variant__code_hash="0" * 16)
    assert vaebench("score", str(stale), "--partial").returncode == 1
    done = vaebench("score", str(stale), "--partial", "--allow-stale")
    assert (done.returncode, "nothing was compared" in done.stderr) == (1, True)
    a_run(stale, "vae.mlp.three_sources")
    assert vaebench("score", str(stale), "--partial", "--allow-stale").returncode == 0


def test_runs_of_two_presets_are_not_compared_and_that_is_one_line(ran: Path) -> None:
    done = vaebench("compare", str(ran / ISOMETRY / "vae.mlp.digits.json"), "vae.mlp")
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert len(lines) <= 12
    assert "quick" in lines[-1] and "standard" in lines[-1]


def test_a_preview_without_places_says_why(ran: Path) -> None:
    done = vaebench("leaderboard", "--preview", str(ran))
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "no places" in line and "standard" in line]


def test_a_record_written_in_part_and_a_link_to_a_run_are_one_line(ran: Path, tmp_path: Path) -> None:
    (record,) = (ran / ISOMETRY).glob("vae.mlp.digits.json")
    half = tmp_path / ISOMETRY / record.name
    half.parent.mkdir()
    half.write_bytes(record.read_bytes()[:3000])
    (tmp_path / "link").symlink_to(ran)
    for arguments, status, words in (
        (["score", str(tmp_path / ISOMETRY)], 2, [record.name, "in part"]),
        (["verify", str(tmp_path / ISOMETRY)], 1, [record.name, "in part"]),
        (["verify", str(tmp_path / "link")], 2, ["link", "leads to"]),
        (["verify", str(record)], 2, [record.name, "is a file"]),
        (["verify", str(ran), "--replay", "-3"], 2, ["--replay", "-3"]),
        (["verify", str(ran), "--base", str(tmp_path / "absent")], 2, ["--base", "absent"]),
    ):
        done = vaebench(*arguments)
        assert done.returncode == status
        (line,) = done.stderr.splitlines()
        assert all(word in line for word in words), line


HOSTILE = "[/oops] [link=http://evil.example]log[/link] \x1b[2J\x1b]0;owned\x07 \u202egnp \x9b2J"


def test_nothing_that_a_record_says_acts_on_the_terminal(tmp_path: Path) -> None:
    """Nor what its file's name says, be it half a character: an honest error's message broke `score` too."""
    run = a_run(
        tmp_path / "run",
        "vae.mlp.digits",
        task=CURRENT,
        **{
            "cells__0__status": "error",
            "cells__0__reason": HOSTILE,
            "environments__0__torch": HOSTILE,
            "measurements": [],
        },
    )
    for name in ("\x1b[2Jx.json", "two\nlines.json", os.fsdecode(b"half\xff.json")):
        (run / CURRENT / name).write_text("{")
    for arguments in (["score", str(run)], ["score", str(run), "--json"], ["leaderboard", "--preview", str(run)]):
        done = vaebench(*arguments)
        assert "Traceback" not in done.stderr
        assert done.returncode == 1
        for text in (done.stdout, done.stderr):
            assert not [c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}]
        told = [line for line in done.stderr.splitlines() if ".json: " in line]
        left_out = [line for line in told if "measurements: " not in line]  # it has none, which a preview says
        assert len(told) == len(left_out) + ("--preview" in arguments)
        assert [line.partition(".json: ")[0].rpartition("/")[2] for line in left_out] == [
            r"\x1b[2Jx",
            r"half\udcff",
            r"two\nlines",
        ]
    told = vaebench("score", str(run)).stdout
    assert "[/oops]" in told.replace("\n", "") and "[link=" in told.replace("\n", "")


def test_a_run_shows_what_an_error_says_and_no_more(tmp_path: Path) -> None:
    loud = tmp_path / "loud.py"
    loud.write_text(
        f"""
from vaebench.models import Variant
from vaebench.variants.vae import VARIANT as VAE

def shouts(step):
    raise RuntimeError({HOSTILE!r} + chr(0))

VARIANT = Variant("loud", "tests", VAE.build, shouts)
"""
    )
    done = vaebench(*RUN, "--tasks", ISOMETRY, "--variants", str(loud), "--out", str(tmp_path / "run"), before=TINY)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "[/oops]" in done.stderr
    for text in (done.stdout, done.stderr):
        assert not [c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}]
    again = vaebench("score", str(tmp_path / "run"), "--partial")
    assert ".json" not in again.stderr  # a NUL in a message made no record that cannot be read


def test_a_damaged_record_is_named_and_the_others_are_read(ran: Path, tmp_path: Path) -> None:
    good = next(ran.rglob("vae.mlp.digits.json"))
    folder = tmp_path / good.parent.name
    folder.mkdir()
    (folder / good.name).write_text(good.read_text())
    (folder / "half.json").write_text(good.read_text()[:1000])
    (folder / "other.json").write_text(good.read_text())
    old = json.loads(good.read_text()) | {"schema_version": 0}
    (folder / "old.json").write_text(json.dumps(old))
    done = vaebench("score", str(tmp_path), "--reference", str(ran), "--json")
    assert done.returncode == 1
    scores = json.loads(done.stdout)["scores"]
    reasons = Counter(score["reason"] for score in scores)
    assert [score["file_name"] for score in scores if reasons[score["reason"]] == 1] == [
        f"{good.parent.name}/{good.name}"
    ]
    said = {
        name: line for line in done.stderr.splitlines() for name in ("half", "other", "old") if f"{name}.json" in line
    }
    assert said.keys() == {"half", "other", "old"}
    assert "vae.mlp.digits.json" in said["other"]
    assert "0" in numbers(said["old"].partition("old.json")[2])


def test_the_committed_leaderboard_is_fresh() -> None:
    done = vaebench("leaderboard", "--check")
    assert done.returncode == 0, done.stderr


def test_an_edited_page_is_stale(tmp_path: Path) -> None:
    root = Path(catalog.PACKAGE).parent
    for name in ("reference_results", "leaderboard", "CHANGELOG.md"):
        subprocess.run(["cp", "-r", str(root / name), str(tmp_path)], check=True)
    page = tmp_path / "leaderboard" / "README.md"
    page.write_text(page.read_text() + "An edit by hand.\n")
    done = vaebench("leaderboard", "--check", cwd=tmp_path)
    assert done.returncode == 1
    assert "README.md" in done.stderr
    (tmp_path / "leaderboard" / "records" / "stray.md").write_text(f"{MARK}\nA page that no record makes.")
    mended = vaebench("leaderboard", cwd=tmp_path)
    assert mended.stdout.split() == ["leaderboard/README.md", "leaderboard/records/stray.md"]
    assert vaebench("leaderboard", "--check", cwd=tmp_path).returncode == 0
    files = sum(path.is_file() for path in (tmp_path / "leaderboard" / "records").rglob("*"))
    shutil.rmtree(tmp_path / "leaderboard" / "records")
    (tmp_path / "leaderboard" / "stray.md").write_text(f"{MARK}\nA page that no record makes.")
    *named, more, gone = vaebench("leaderboard", cwd=tmp_path).stdout.splitlines()
    assert len(named) == 50 and more == f"and {files - 50} more" and gone == "leaderboard/stray.md"
    shutil.rmtree(tmp_path / "leaderboard" / "records")
    assert len(json.loads(vaebench("leaderboard", "--json", cwd=tmp_path).stdout)["pages"]) == files


def test_a_link_in_the_board_is_one_line_and_what_it_leads_to_is_whole(tmp_path: Path) -> None:
    """By a link in a submitter's folder, or in a pull request, files of the user's were removed."""
    victim = tmp_path / "victim"
    (victim / "records").mkdir(parents=True)
    for name in ("diary.md", "records/tax.pdf"):
        (victim / name).write_text("mine")
    root = Path(catalog.PACKAGE).parent
    record = next((root / "reference_results").glob("*/vae.mlp.digits.json"))
    for folder in (tmp_path / "run", tmp_path / "checkout" / "reference_results"):
        (folder / record.parent.name).mkdir(parents=True)
        (folder / record.parent.name / record.name).write_bytes(record.read_bytes())
    for folder in ("run", "checkout"):
        (tmp_path / folder / "leaderboard").symlink_to(victim)
    for arguments, cwd in (
        (["--preview", str(tmp_path / "run")], tmp_path),
        (["--check"], tmp_path / "checkout"),
        ([], tmp_path / "checkout"),
    ):
        done = vaebench("leaderboard", *arguments, cwd=cwd)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.search(r"^vaebench: \S*leaderboard ", done.stderr, re.MULTILINE) and "Traceback" not in done.stderr
    assert {path.name: path.read_text() for path in victim.rglob("*.*")} == {"diary.md": "mine", "tax.pdf": "mine"}


def test_a_file_of_anothers_is_named_and_left_and_the_board_is_not_fresh(tmp_path: Path) -> None:
    root = Path(catalog.PACKAGE).parent
    for name in ("reference_results", "leaderboard", "CHANGELOG.md"):
        subprocess.run(["cp", "-r", str(root / name), str(tmp_path)], check=True)
    stray = tmp_path / "leaderboard" / "fake.md"
    stray.write_text("# Leaderboard\n")
    for arguments in (["--check"], []):
        done = vaebench("leaderboard", *arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert f"fake.md {STRANGER}" in done.stderr or f"fake.md: {STRANGER}" in done.stderr
    assert stray.is_file()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "--tasks", "camuto"], ["'camuto'", "task"]),
        (["run", "--variants", "nope"], ["'nope'", "variant"]),
        (["run", "--archs", "transformer"], ["'transformer'", "conv, mlp, resnet"]),
        (["run", "--datasets", "imagenet"], ["'imagenet'"]),
        (["run", "--datasets", "sprites48", "--preset", "quick"], ["sprites, sprites16, sprites64"]),
        (["run", "--preset", "fast"], ["'fast'"]),
        (["run", "--seeds", "0"], ["seeds", "1"]),
        (["run", "--seeds", "-3"], ["seeds", "1"]),
        (["run", "--seeds", "101"], ["seeds", "100", "101"]),
        (["run", "--jobs", "0"], ["jobs", "1"]),
        (["run", "--device", "tpu"], ["auto", "cpu", "cuda"]),
        (["run", "--variants", "nowhere.py"], ["nowhere.py"]),
        (["run", "--variants", "no.such.module:V", "--preset", "quick"], ["no.such.module:V"]),
        (["run", "--tasks", ","], []),
        (["run", "--preset", "quick", "--out", "/proc/nowhere"], ["/proc/nowhere"]),
        (["run", "--preset", "quick", "--archs", "conv", "--datasets", "three_sources"], []),
        (["score", "nowhere"], ["nowhere"]),
        (["leaderboard", "--preview", "nowhere"], ["nowhere"]),
        (["leaderboard", "--preview", "runs", "--check"], ["--check", "--redraw", "--preview"]),
    ],
)
def test_a_slip_is_one_line_without_a_traceback(arguments: list[str], named: list[str], tmp_path: Path) -> None:
    out = ["--out", str(tmp_path)] if arguments[0] == "run" and "--out" not in arguments else []
    done = vaebench(*arguments, *out)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    (told,) = (line for line in done.stderr.splitlines() if line.startswith("vaebench: "))
    assert all(name in told for name in named), told


OFFLINE = """
import os
os.environ["no_proxy"] = "*"
from torchvision.datasets import MNIST
MNIST.mirrors = ["http://127.0.0.1:9/"]
"""

ON_MNIST = [*RUN, "--tasks", "nakagawa2021_posterior_isometry", "--variants", "vae", "--datasets", "mnist"]


def test_data_of_the_users_are_used_wherever_they_lie(tmp_path: Path) -> None:
    """And are not downloaded again: without a network, asking for it costs nothing."""
    real_files.mnist(tmp_path / "mine", train=64, held_out=64)
    asked = [*ON_MNIST, "--seeds", "1", "--data-root", "mine", "--download", "--json"]
    done = vaebench(*asked, cwd=tmp_path, before=OFFLINE + UNPINNED + TINY)
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)["records"]
    assert record["subject"]["dataset"]["name"] == "mnist"
    assert [cell["status"] for cell in record["cells"]] == ["ok"]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ([], ["data", "MNIST/raw/train-images-idx3-ubyte", "--download", "--data-root"]),
        (["--data-root", "elsewhere"], ["elsewhere", "MNIST/raw/train-images-idx3-ubyte"]),
        (["--data-root", "half"], ["half", "("]),
        (["--download"], ["data", "<urlopen error"]),
        (["--download", "--data-root", "half"], ["half", "("]),
    ],
)
def test_data_that_cannot_be_had_are_one_line(more: list[str], named: list[str], tmp_path: Path) -> None:
    real_files.mnist(tmp_path / "half")
    (tmp_path / "half/MNIST/raw/t10k-images-idx3-ubyte").write_bytes(b"half")
    done = vaebench(*ON_MNIST, *more, cwd=tmp_path, before=UNPINNED + (OFFLINE if "--download" in more else ""))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    (told,) = (line for line in done.stderr.splitlines() if line.startswith("vaebench: "))
    assert told.startswith("vaebench: mnist ")
    assert all(name in told for name in named), told


def test_cuda_without_a_device_is_one_line(tmp_path: Path) -> None:
    hidden = "import torch\ntorch.cuda.is_available = lambda: False"
    done = vaebench("run", "--device", "cuda", "--out", str(tmp_path), before=hidden)
    (told,) = done.stderr.strip().splitlines()
    assert done.returncode == 2
    assert told.startswith("vaebench: ") and "CUDA" in told and "--device" in told


@pytest.mark.parametrize("verb", ["run", "nightly"])
def test_an_unknown_device_is_one_line(verb: str) -> None:
    """A night began on the CPU, whatever the word."""
    done = vaebench(verb, "--device", "tpu")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == "vaebench: device is auto, cpu or cuda, not tpu"


def test_an_unknown_option_is_misuse() -> None:
    done = vaebench("run", "--nope")
    assert done.returncode == 2
    assert "--nope" in done.stderr


def test_the_module_runs_from_a_bare_checkout() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vaebench", "--version"],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(catalog.PACKAGE).parent,
    )
    assert (done.returncode, done.stdout.strip()) == (0, __version__)


def test_the_variant_of_the_readme_runs(tmp_path: Path) -> None:
    readme = (Path(catalog.PACKAGE).parent / "README.md").read_text()
    mine = tmp_path / "my_vae.py"
    mine.write_text(readme.partition("```python\n")[2].partition("```")[0])
    done = vaebench(*RUN, "--variants", str(mine), "--out", str(tmp_path / "run"), "--json", before=TINY)
    assert done.returncode == 0, done.stderr
    records = json.loads(done.stdout)["records"]
    assert {cell["status"] for record in records for cell in record["cells"]} == {"ok"}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_refused_variant_is_one_line_and_the_answer_is_no_at_every_try(tmp_path: Path, jobs: str) -> None:
    asked = ["run", "--variants", str(BROUGHT / "escape_vae.py"), "--archs", "mlp", "--preset", "quick", "--seeds", "1"]
    asked += ["--tasks", "camuto2021_input_noise", "--datasets", "digits", "--jobs", jobs, "--out", str(tmp_path)]
    for ran in (1, 0):
        done = vaebench(*asked)
        lines = done.stderr.splitlines()
        assert done.returncode == 1
        assert numbers(next(line for line in lines if "journal" in line))[:2] == [str(ran), str(1 - ran)]
        assert numbers(next(line for line in lines if line.startswith("refused") and "escape_vae" not in line)) == ["1"]
        assert "Traceback" not in done.stderr
    assert re.search(r"refused\s+seed 0\s+escape_vae: ", done.stdout)
