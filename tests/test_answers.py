"""Answers that promise nothing which is refused: empty values, empty folders, runs that never began."""

import json
import math
import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from conftest import TINY
from test_cli import CURRENT, ISOMETRY, RUN, a_run, vaebench
from typer.main import get_command
from typer.testing import CliRunner, Result

from vaebench import catalog
from vaebench.cli import VERBS, app
from vaebench.cli.console import names
from vaebench.engines import slurm
from vaebench.engines.execute import Site
from vaebench.engines.local import Workers
from vaebench.mistakes import Mistake
from vaebench.report.cache import cache_file
from vaebench.report.figures.draw_grid import scale_height
from vaebench.report.figures.spec import Curve
from vaebench.results.journal import JOURNAL, SHARDS
from vaebench.results.kept_sources import SOURCES
from vaebench.runner import folder_of_run, plan

ONE = [*RUN, "--tasks", ISOMETRY, "--variants", "vae", "--datasets", "digits"]


def asked(*arguments: str) -> Result:
    """Run a verb in this process."""
    return CliRunner().invoke(app, list(arguments))


def refused(*arguments: str) -> str:
    """The one line with which a verb refuses what it was given."""
    found = asked(*arguments).exception
    assert isinstance(found, Mistake), found
    assert "\n" not in str(found)
    return str(found)


def below(folder: Path) -> list[str]:
    """What is below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def paths_of(verb: str) -> list[tuple[str, list[str]]]:
    """Each argument of a verb and each option that is a path, as it is named, with how it is given empty."""
    (info,) = (one for one in app.registered_commands if one.name == verb)
    kinds = get_type_hints(info.callback)
    found = []
    for param in get_command(app).commands[verb].params:
        if param.param_type_name == "argument":
            found.append(((param.metavar or param.name.upper()).strip("[]."), [""]))
            break
    for param in get_command(app).commands[verb].params:
        kind = kinds[param.name]
        if param.param_type_name == "option" and Path in (kind, *get_args(kind)):
            found += [(param.opts[0], [param.opts[0], ""]), (param.opts[0], [f"{param.opts[0]}="])]
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_an_empty_argument_or_path_is_one_line_and_nothing_is_written(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for the current folder: a board was written there, or every record below it migrated."""
    monkeypatch.chdir(tmp_path)
    for name, given in paths_of(verb):
        assert refused(verb, *given).startswith(f"{name} is empty; "), (verb, given)
    assert below(tmp_path) == []


def test_the_verbs_that_read_or_write_a_folder_are_among_them() -> None:
    there = {(verb, name) for verb in VERBS for name, _ in paths_of(verb)}
    assert {("score", "DIR"), ("verify", "DIR"), ("migrate", "DIR"), ("leaderboard", "--preview")} <= there
    assert {("run", "--out"), ("export", "--out"), ("compare", "A"), ("check", "FILE"), ("submit", "DIR")} <= there


def test_an_empty_path_is_misuse(tmp_path: Path) -> None:
    done = vaebench("score", "", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "vaebench: DIR is empty; give a path (. is the current folder)\n"
    assert asked("score", "--help").exit_code == 0


def test_what_cannot_be_read_is_one_line_that_says_where_to_look(tmp_path: Path) -> None:
    done = vaebench("run", "--sedes", "3", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("vaebench: no such option: --sedes")
    assert done.stderr.endswith("; see vaebench run --help\n")
    assert "--seeds" in refused("run", "--seeds", "three")
    assert refused("score") == "missing argument 'DIR'; see vaebench score --help"
    assert refused("--nope") == "no such option: --nope; see vaebench --help"
    assert refused("ruin") == "there is no verb 'ruin'; the nearest: run; see vaebench --help"
    assert "Commands:" in asked().output


@pytest.mark.parametrize("value", ["", ",", " , "])
@pytest.mark.parametrize(
    ("option", "default"),
    [
        ("--tasks", "all"),
        ("--variants", "all"),
        ("--archs", "all that fit"),
        ("--datasets", "each task's own"),
    ],
)
def test_an_empty_selection_is_refused_and_no_folder_is_made(
    option: str, default: str, value: str, tmp_path: Path
) -> None:
    """Nothing was left to run, so a run of nothing counted as finished."""
    for more in ([], ["--dry-run"]):
        line = refused("run", option, value, "--out", str(tmp_path / "run"), *more)
        assert line == f"{option} is empty; leave it out for {default}"
    assert below(tmp_path) == []


def test_names_are_split_and_each_is_taken_once() -> None:
    assert names(None, ("a", "b")) == ("a", "b")
    assert names("b, a,,b", ("a",)) == ("b", "a")
    assert refused("nightly", "--tasks", ",") == "--tasks is empty; leave it out for all"


@pytest.mark.parametrize("verb", [["data", "mnist", "--check"], ["run", "--dry-run"]])
def test_the_home_of_nobody_is_one_line(verb: list[str]) -> None:
    line = refused(*verb, "--data-root", "~nouser/x")
    assert line == "--data-root: ~nouser is no home folder here; write the path in full"


def test_a_user_without_a_home_has_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_file() is not None
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_file() is None


@pytest.mark.usefixtures("tiny")
def test_a_dry_run_counts_the_records_that_are_there(tmp_path: Path) -> None:
    here = [*ONE, "--out", str(tmp_path / "run")]
    assert json.loads(asked(*here, "--dry-run", "--json").stdout)["there"] == 0
    assert below(tmp_path) == []
    assert vaebench(*here, before=TINY).returncode == 0
    for more in ([], ["--missing"]):
        done = asked(*here, *more, "--dry-run")
        assert done.stdout.splitlines() == ["records that are there: 1", "nothing is left to train"]
    (tmp_path / "run" / JOURNAL).unlink()
    done = asked(*here, "--dry-run")
    assert done.stdout.splitlines()[0] == "records that are there: 1" and "1 cells" in done.stdout
    assert "1 of them are trained again" in done.stderr and "--missing" in done.stderr
    assert asked(*here, "--missing").exit_code == 0
    assert not (tmp_path / "run" / JOURNAL).exists()


def test_a_dry_run_refuses_what_the_run_refuses(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    (tmp_path / "run" / ISOMETRY / "vae.mlp.digits.json").mkdir(parents=True)
    nothing_fits = [*RUN, "--tasks", ISOMETRY, "--variants", "vae", "--archs", "conv", "--datasets", "three_sources"]
    before = below(tmp_path)
    for more in (["--dry-run"], []):
        assert refused(*ONE, "--out", str(taken), *more) == f"{taken} is a file; give a folder"
        assert refused(*ONE, "--out", str(taken / "deep" / "er"), *more) == f"{taken} is a file; give a folder"
        assert refused(*ONE, "--out", str(tmp_path / "lost"), *more).endswith("leads nowhere; give a folder")
        assert refused(*ONE, "--out", str(tmp_path / "run"), *more).endswith("there is a folder of that name")
        assert refused(*nothing_fits, "--out", str(tmp_path / "new"), *more).startswith("nothing fits: ")
    assert below(tmp_path) == before


@pytest.mark.parametrize("given", ["=b", " =b", "a=", "a= ", "a", ""])
def test_a_parameter_of_slurm_has_a_name_and_a_value(given: str) -> None:
    pytest.importorskip("submitit")
    assert "--slurm is NAME=VALUE" in refused("run", "--engine", "slurm", "--slurm", given, "--dry-run")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--variants", "no.such.module:V"], "no.such.module:V"),
        (["--datasets", "mnist", "--data-root", "nowhere"], "mnist"),
    ],
)
def test_a_run_that_is_refused_leaves_nothing(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in refused(*ONE, *arguments, "--out", "deep/run")
    assert below(tmp_path) == []
    (tmp_path / "mine").mkdir()
    assert told in refused(*ONE, *arguments, "--out", "mine")
    assert below(tmp_path) == ["mine"]


def test_without_sbatch_a_run_and_a_dry_run_are_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("submitit")
    monkeypatch.setattr(slurm.shutil, "which", lambda _: None)
    for more in ([], ["--dry-run"]):
        line = refused(*ONE, "--engine", "slurm", "--out", str(tmp_path / "run"), *more)
        assert line.startswith("there is no sbatch here")
    assert below(tmp_path) == []


def test_slurm_that_submits_no_job_leaves_no_folder_of_jobs(request_of, tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    cells = plan(request_of(seeds=1)).cells
    for parameters in ({"cluster": "local", "nonsense": "1"}, {"cluster": "moon"}):
        with pytest.raises(Mistake, match=r"^--slurm: "):
            slurm._Driver(Site(Workers(), tmp_path / "run", slurm=parameters), cells, 1)
        assert not (tmp_path / "run" / "slurm").exists()
    driver = slurm._Driver(Site(Workers(), tmp_path / "run", slurm={"cluster": "local"}), cells, 1)
    assert (tmp_path / "run" / "slurm" / "RUN").exists()
    driver.end()
    assert not (tmp_path / "run" / "slurm").exists()


def test_the_folder_of_a_run_is_taken_back_only_where_nothing_ran(tmp_path: Path) -> None:
    def begun(folder: Path, *writes: str) -> None:
        with pytest.raises(Mistake, match="refused"), folder_of_run(folder) as journal:
            (folder / SOURCES / "mine").mkdir(parents=True, exist_ok=True)
            for name in writes:
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text("a line\n")
            assert journal.path.exists()
            raise Mistake("refused")

    begun(tmp_path / "a" / "b")
    assert below(tmp_path) == []
    begun(tmp_path / "a", JOURNAL)
    assert below(tmp_path) == ["a", f"a/{JOURNAL}", "a/sources", "a/sources/mine"]
    begun(tmp_path / "b", f"{SHARDS}/one.jsonl")
    assert {f"b/{JOURNAL}", "b/sources/mine"} <= set(below(tmp_path))
    (tmp_path / "c" / SOURCES).mkdir(parents=True)
    (tmp_path / "c" / JOURNAL).touch()
    begun(tmp_path / "c")
    assert {f"c/{JOURNAL}", "c/sources"} <= set(below(tmp_path))
    with (
        folder_of_run(tmp_path / "d"),
        pytest.raises(Mistake, match="another run"),
        folder_of_run(tmp_path / "d"),
    ):
        pass
    assert not (tmp_path / "d").exists()


def test_a_preview_without_any_record_of_the_run_is_no_and_says_why(tmp_path: Path) -> None:
    """It was a success, because all rows were the suite's own."""
    run = a_run(tmp_path / "run", "vae.mlp.digits", task=CURRENT, subject__variant__code_hash="0" * 16)
    done = vaebench("leaderboard", "--preview", str(run))
    assert done.returncode == 1, done.stderr
    assert "no places" not in done.stderr
    *_, reason, last = done.stderr.splitlines()
    assert reason.startswith("left out: ") and "its code is" in reason
    assert last.startswith("nothing of the run is on this board")


def test_a_folder_without_a_record_is_not_migrated(tmp_path: Path) -> None:
    assert refused("migrate", str(tmp_path)) == f"there is no record in {tmp_path}"


def test_without_names_data_that_are_there_are_described_and_the_others_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "dataset_names", lambda: ("celeba", "digits", "mnist", "svhn"))
    raw = tmp_path / "MNIST/raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (raw / f"{part}-{kind}-ubyte").write_bytes(b"half")
    done = asked("data", "--data-root", str(tmp_path))
    assert done.exit_code == 1
    assert "1438" in done.stdout and "train of each class" in done.stdout
    damaged, absent = done.stderr.splitlines()[-2:]
    assert "mnist" in damaged
    assert absent.startswith(f"not under {tmp_path}: celeba, svhn;")
    answered = json.loads(asked("data", "--data-root", str(tmp_path), "--json").stdout)
    assert (list(answered["datasets"]), answered["not_there"]) == (["digits"], ["celeba", "svhn"])
    monkeypatch.setattr(catalog, "dataset_names", lambda: ("digits",))
    assert asked("data", "--data-root", str(tmp_path)).exit_code == 0


def test_list_names_every_data_set_that_a_task_uses() -> None:
    used = {name for task in map(catalog.task, catalog.task_names()) for name in task.datasets}
    assert "sprites16" in used
    assert used <= set(json.loads(asked("list", "--json").stdout)["datasets"])
    words = set(re.findall(r"\w+", asked("list").stdout))
    assert used <= words


def test_a_night_of_no_reference_is_one_line_and_writes_nothing(tmp_path: Path) -> None:
    nowhere, taken = tmp_path / "nope", tmp_path / "taken"
    taken.write_text("mine")
    out = ["--out", str(tmp_path / "out")]
    for more in ([], ["--accept"]):
        assert refused("nightly", "--reference", str(nowhere), *more, *out).startswith(f"there is no {nowhere}")
    for more in ([], ["--accept"], ["--make"]):
        assert refused("nightly", "--reference", str(taken), *more, *out).startswith(f"{taken} is a file")
    assert below(tmp_path) == ["taken"]


@pytest.mark.parametrize("value", [1.0, 5e9, -3e-7])
def test_means_that_differ_in_their_last_digit_are_drawn_without_a_warning(value: float) -> None:
    from matplotlib.figure import Figure

    means = (value, math.nextafter(value, math.inf))
    ax = Figure().subplots()
    low, high = scale_height(ax, [Curve("mlp", "trained", (1.0, 2.0), means, (None, None), (None, None))], None, None)
    assert low < min(means) < max(means) < high
    assert ax.get_ylim() == (low, high)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nightly", "--budget", "inf"], "--budget is above 0 minutes and has an end, not inf"),
        (["nightly", "--against", ""], "--against is empty"),
        (["nightly", "--out", "a_file"], "a_file is a file; give a folder"),
        (["run", "--download", "--out", "new"], "--download is for the sets of --datasets"),
        (["run", "--download", "--datasets", "mnist", "--dry-run"], "--dry-run loads and runs nothing"),
        (["new", "class"], "a variant's name is at most 64"),
    ],
)
def test_what_was_passed_over_or_noticed_late_is_refused_at_once(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").touch()
    assert refused(*arguments).startswith(says)
    assert below(tmp_path) == ["a_file"]


def test_every_path_of_an_option_knows_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell leaves ``--out=~/mine`` as it is, and a folder called ~ was made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mine").touch()
    line = refused("run", "--out", "~/mine")
    assert line == f"{tmp_path / 'home' / 'mine'} is a file; give a folder"
    assert below(tmp_path) == ["home", "home/mine"]
