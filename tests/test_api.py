"""The Python face: light to import, each name where it is said to be, mistakes in one line, examples that run."""

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from conftest import BROUGHT, environment_with
from results.stored import whole_record

import vaebench
from vaebench.api import compare, load_records, run
from vaebench.mistakes import Mistake
from vaebench.results.store import write_record

EXAMPLES = Path(__file__).parents[1] / "examples"


def python(code, folder):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment_with(), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "code",
    [
        "import vaebench; dir(vaebench)",
        "import vaebench; vaebench.run; vaebench.load_records; vaebench.compare",
        "import vaebench; hasattr(vaebench, 'nothing')",
        "from vaebench import catalog, claims",
    ],
)
def test_asking_for_names_loads_no_torch(code, tmp_path):
    done = python(f"{code}\nimport sys; sys.exit('torch' in sys.modules)", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_kernels_are_there_by_name():
    from vaebench.kernels.cka import debiased_cka
    from vaebench.kernels.mean_degree import latent_mean_degree

    assert vaebench.latent_mean_degree is latent_mean_degree
    assert vaebench.debiased_cka is debiased_cka
    assert {"run", "load_records", "compare", "latent_mean_degree", "debiased_cka"} <= set(dir(vaebench))


def test_every_kernel_has_a_name_of_its_own_that_no_room_has():
    pages = [page.read_text("utf-8") for page in Path(vaebench.__file__).parent.glob("kernels/[!_]*.py")]
    names = [
        line.split("(")[0].removeprefix("def ") for page in pages for line in page.splitlines() if line[:4] == "def "
    ]
    public = [name for name in names if not name.startswith("_")]
    assert len(public) == len(set(public)) > 50
    rooms = {path.stem for path in Path(vaebench.__file__).parent.iterdir()}
    assert not rooms & set(public)


@pytest.mark.parametrize("name", ["nothing", "_hidden", "mean_degrees"])
def test_what_is_not_there_is_an_attribute_error(name):
    with pytest.raises(AttributeError, match=name):
        getattr(vaebench, name)


def test_records_are_loaded_from_a_folder_and_from_a_file(tmp_path):
    record = whole_record()
    path = write_record(tmp_path, record)
    assert load_records(tmp_path) == load_records(str(path)) == (record,)


def test_what_is_no_record_is_a_warning_and_nothing_at_all_a_mistake(tmp_path):
    write_record(tmp_path, whole_record())
    (tmp_path / "some_task" / "x.mlp.digits.json").write_text("{}")
    with pytest.warns(UserWarning, match=r"x\.mlp\.digits\.json"):
        assert len(load_records(tmp_path)) == 1
    with pytest.raises(Mistake, match="there is no"):
        load_records(tmp_path / "nowhere")


def test_a_run_compared_with_itself_is_reproduced(tmp_path):
    record = whole_record()
    write_record(tmp_path, record)
    assert [one.status for one in compare(tmp_path, [record])] == ["reproduced"]
    assert [one.status for one in compare([record], str(tmp_path))] == ["reproduced"]


def test_without_a_reference_the_suites_own_are_taken():
    (one,) = compare([whole_record()])
    assert one.status == "missing"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"variants": "vaee"}, "unknown variant 'vaee'"),
        ({"tasks": "isometry"}, "unknown task 'isometry'"),
        ({"tasks": ["nakagawa2021_posterior_isometry", "x"]}, "unknown task 'x'"),
        ({"networks": "transformer"}, "unknown architecture 'transformer'"),
        ({"preset": "long"}, "unknown preset 'long'"),
        ({"seeds": 0}, "seeds is 1 or more"),
        ({"jobs": 0}, "jobs is 1 or more"),
        ({"variants": object()}, "not an object of type object"),
        ({"variants": [object()]}, "not an object of type object"),
    ],
)
def test_a_mistake_is_told_in_one_line_before_anything_runs(tmp_path, changes, says):
    asked = {"variants": "vae", "tasks": "nakagawa2021_posterior_isometry", "out": tmp_path / "run"} | changes
    with pytest.raises(Mistake, match=says) as caught:
        run(**asked)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_run_gives_its_records_tells_its_progress_and_goes_on(tmp_path, tiny):
    asked = {
        "tasks": "nakagawa2021_posterior_isometry",
        "datasets": "linear_gaussian_sources",
        "seeds": 1,
        "jobs": 1,
        "out": tmp_path,
    }
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (record,) = run(BROUGHT / "bernoulli_vae.py", progress=lambda *told: seen.append(told[:2]), **asked)
    assert seen == [(0, 1), (1, 1)]
    assert load_records(tmp_path) == (record,)
    seen.clear()
    assert run(BROUGHT / "bernoulli_vae.py", progress=lambda *told: seen.append(told[:2]), **asked) == (record,)
    assert seen == [(1, 1)]


def test_what_does_not_fit_is_a_warning_and_nothing_left_a_mistake(tmp_path):
    with pytest.warns(UserWarning, match="left out"), pytest.raises(Mistake, match="nothing fits"):
        run("vae", tasks="nakagawa2021_posterior_isometry", datasets="sinc", networks="conv", out=tmp_path)


@pytest.mark.parametrize("name", ["own_variant", "kernel_on_own_model"])
def test_an_example_runs(tmp_path, name):
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    done = subprocess.run(
        [sys.executable, f"examples/{name}.py"],
        cwd=tmp_path,
        env=environment_with(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    if name == "own_variant":
        assert "robustness: " in done.stdout
    else:
        said = [line.split(": ")[1].split(" ± ") for line in done.stdout.splitlines()]
        degrees = [float(degree) for degree, _ in said]
        assert abs(degrees[0] - 1) < 0.005 + 3 * float(said[0][1])
        assert degrees == sorted(degrees)
