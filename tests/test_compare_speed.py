"""The gate on kernels' speed: what it fails on, what it does not, and that it does not pass for want of times."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import compare
from benchmarks.compare import changes, objections, read, report


def times(rng, factor=1.0, noise=0.05, n=60, rounds=7, only=None):
    return {
        f"kernel_{i}": list((factor if only in {None, i} else 1.0) * np.exp(noise * rng.standard_normal(rounds)) * 1e-3)
        for i in range(n)
    }


def said(base, head):
    return objections(base, head, changes(base, head))


def test_the_same_code_on_a_noisy_machine_is_not_slower():
    rng = np.random.default_rng(0)
    assert sum(bool(said(times(rng), times(rng))) for _ in range(200)) <= 4


def test_one_kernel_slower_by_a_third_is_caught_and_one_by_a_twentieth_is_not():
    rng = np.random.default_rng(1)
    caught = [said(times(rng), times(rng, 1.33, only=3)) for _ in range(20)]
    assert sum(len(lines) == 1 and "kernel_3:" in lines[0] for lines in caught) >= 18
    assert not said(times(rng, noise=0.001), times(rng, 1.05, noise=0.001))


def test_all_kernels_faster_is_fine():
    rng = np.random.default_rng(2)
    assert not said(times(rng), times(rng, 0.5))


def test_a_machine_that_slows_down_slows_both():
    rng = np.random.default_rng(3)
    load = np.linspace(1, 3, 7)
    base, head = ({name: list(np.array(of) * load) for name, of in times(rng).items()} for _ in range(2))
    assert not said(base, head)


def test_nothing_timed_and_fewer_benchmarks_are_objections():
    assert said({}, {}) == ["nothing was timed on both sides"]
    rng = np.random.default_rng(4)
    base = times(rng, n=3)
    lines = said(base, {name: of for name, of in base.items() if name != "kernel_1"})
    assert lines == ["kernel_1: the base has it, and the head does not"]
    assert said({name: of for name, of in base.items() if name != "kernel_1"}, base) == []


def test_times_are_read_of_asvs_results_and_failures_are_none(tmp_path):
    (tmp_path / "machine").mkdir()
    stored = {
        "result_columns": ["result", "params"],
        "results": {
            "kernels.bench_x.Suite.time_it": [[0.5, None, float("nan")], [["1", "2", "3"]]],
            "kernels.bench_x.Suite.time_plain": [[0.25], []],
            "kernels.bench_x.Suite.track_error": [[0.1], []],
            "kernels.bench_x.Suite.time_broken": [None, []],
        },
    }
    (tmp_path / "machine" / "abc.json").write_text(json.dumps(stored))
    assert read(tmp_path) == {
        "kernels.bench_x.Suite.time_it(1)": 0.5,
        "kernels.bench_x.Suite.time_plain": 0.25,
    }


def asv_that(status, results):
    """`subprocess.run`, where asv writes some results and ends with a status."""

    def run(command, **_):
        if "--config" in command:
            folder = Path(json.loads(Path(command[command.index("--config") + 1]).read_text())["results_dir"])
            for name, seconds in results.items():
                (folder / "machine").mkdir(parents=True, exist_ok=True)
                stored = {"result_columns": ["result", "params"], "results": {f"k.time_{name}": [[seconds], []]}}
                (folder / "machine" / f"{name}.json").write_text(json.dumps(stored))
            return subprocess.CompletedProcess(command, status, "", "asv: it broke")
        return subprocess.CompletedProcess(command, 0, b"a" * 40, b"")

    return run


def test_times_of_an_earlier_comparison_are_not_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(compare.subprocess, "run", asv_that(0, {"old": 1.0}))
    assert compare.timed(tmp_path, tmp_path / "head0", "time_") == {"k.time_old": 1.0}
    monkeypatch.setattr(compare.subprocess, "run", asv_that(0, {"new": 2.0}))
    assert compare.timed(tmp_path, tmp_path / "head0", "time_") == {"k.time_new": 2.0}
    monkeypatch.setattr(compare.subprocess, "run", asv_that(0, {}))
    assert compare.timed(tmp_path, tmp_path / "head0", "time_") == {}
    assert "asv: it broke" in capsys.readouterr().err


@pytest.mark.parametrize("results", [{}, {"kernel": 1.0}])
def test_asv_that_fails_ends_the_comparison(tmp_path, monkeypatch, capsys, results):
    monkeypatch.setattr(compare, "checked_out", lambda name, folder: folder / "base")
    monkeypatch.setattr(sys, "argv", ["compare", "HEAD", "--out", str(tmp_path), "--rounds", "2"])
    monkeypatch.setattr(compare.subprocess, "run", asv_that(0, {"kernel": 1.0}))
    with pytest.raises(SystemExit) as end:
        compare.main()
    assert not end.value.code
    monkeypatch.setattr(compare.subprocess, "run", asv_that(2, results))
    with pytest.raises(SystemExit, match="asv ended with status 2"):
        compare.main()
    assert "asv: it broke" in capsys.readouterr().err


def test_the_report_names_the_machine_and_every_benchmark():
    rng = np.random.default_rng(5)
    base, head = times(rng, n=2), times(rng, 2.0, n=2, only=0)
    found = changes(base, head)
    text = report(found, objections(base, head, found), "some processor, torch 2, 1 threads")
    assert "some processor" in text
    assert text.index("kernel_0") < text.index("kernel_1")
    assert found[0].ratio == pytest.approx(2, rel=0.2)


def test_a_relative_folder_is_one_of_here_for_both_sides(tmp_path, monkeypatch, capsys):
    # `make bench-compare` gives one, and asv runs in the folder of each side.
    folders = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compare, "checked_out", lambda name, folder: folder / "base")
    monkeypatch.setattr(compare, "timed", lambda tree, out, bench: folders.append(out) or {"kernel": 1.0})
    monkeypatch.setattr(compare.subprocess, "run", lambda *_, **__: None)
    monkeypatch.setattr(sys, "argv", ["compare", "HEAD", "--out", ".asv/compare", "--rounds", "2"])
    with pytest.raises(SystemExit) as end:
        compare.main()
    assert not end.value.code
    assert len(folders) == 4
    assert {folder.parent for folder in folders} == {tmp_path / ".asv" / "compare"}
    assert "kernel" in capsys.readouterr().out
