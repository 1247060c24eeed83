"""What goes to a worker elsewhere and comes back: cells as JSON, and files by the hash of their bytes."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import real_files
import torch
from conftest import BROUGHT
from pydantic import ValidationError
from safetensors.torch import save_file

from vaebench import catalog
from vaebench.cell import run_cell
from vaebench.engines import freight as freight_
from vaebench.engines import host as host_
from vaebench.engines import worker
from vaebench.engines.freight import pack, place
from vaebench.engines.host import Host
from vaebench.engines.shipped import DataFiles, Shipped, received, shipped
from vaebench.mistakes import Mistake
from vaebench.results.journal import Journal, line_of
from vaebench.runner import plan


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of received files of this test alone, and a path that a worker may change."""
    monkeypatch.setenv("VAEBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path / "cache"


class Here:
    """Processes of a worker, replaced by this one."""

    def ask(self, job, *arguments, seconds=None):
        return worker.JOBS[job](*arguments)

    def run(self, cells, jobs):
        for cell in cells:
            yield run_cell(Shipped.model_validate_json(cell.model_dump_json()).cell())

    def __exit__(self, *_):
        pass


def arrived(planned, shard=None, monkeypatch=None):
    """A worker that got all it has by JSON and by hash."""
    freight, blobs = pack(planned.cells, planned.brought)
    return Host(
        type(freight).model_validate_json(freight.model_dump_json()), lambda sum_: blobs[sum_].read_bytes(), shard
    )


def test_a_cell_survives_the_journey(request_of):
    for cell in plan(request_of(seconds=3.0)).cells:
        assert Shipped.model_validate_json(shipped(cell).model_dump_json()).cell() == cell
    assert shipped(replace(cell, seconds=float("inf"))).seconds is None


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.py", "a/../../up.py", "..", ".", "a\0b", ""])
def test_a_file_that_leads_out_of_its_folder_is_refused(path):
    with pytest.raises(ValidationError, match="files"):
        DataFiles(hash="0" * 16, files={path: "0" * 64})


def test_a_brought_variant_is_loaded_from_a_folder_of_its_own(tiny, request_of, tmp_path, cache, monkeypatch):
    """It imports a file beside it through the path, names another in a string, and has weights."""
    home = tmp_path / "home"
    (home / "lib").mkdir(parents=True)
    (home / "lib" / "shapes_of_mine.py").write_text("WIDTH = 64\n")
    text = (BROUGHT / "bernoulli_vae.py").read_text().replace('"bernoulli_vae"', '"mine_vae"')
    (home / "mine.py").write_text("from shapes_of_mine import WIDTH\n" + text.replace("64", "WIDTH"))
    monkeypatch.syspath_prepend(str(home / "lib"))
    planned = plan(request_of(variants=(str(home / "mine.py"),), seeds=1))
    here = run_cell(planned.cells[0])
    freight, blobs = pack(planned.cells, planned.brought)
    copies = {sum_: path.read_bytes() for sum_, path in blobs.items()}
    home.rename(tmp_path / "gone")
    sys.path.remove(str(home / "lib"))
    sys.modules.pop("shapes_of_mine")
    monkeypatch.setattr(host_, "Workers", Here)
    answer = Host(freight, copies.__getitem__, None).run(shipped(planned.cells[0]))
    there = received(answer.line.encode(), planned.cells[0])
    assert (there.status, there.reason) == ("ok", "")
    assert there.measurements == here.measurements
    assert Path(sys.modules["shapes_of_mine"].__file__).is_relative_to(cache)


def test_weights_travel_with_their_variant(tiny, request_of, tmp_path, monkeypatch):
    from vaebench.training.fit import build

    text = (BROUGHT / "bernoulli_vae.py").read_text().replace('"bernoulli_vae"', '"kept_vae"')
    text = text.replace('archs=("mlp",),', 'archs=("mlp",), weights="kept.safetensors", latent=3, trained=True,')
    path = tmp_path / "home" / "kept.py"
    path.parent.mkdir()
    path.write_text((BROUGHT / "bernoulli_vae.py").read_text())
    model = build(catalog.variant(str(path)).variant, (16,), 3, "mlp", 0)
    save_file(
        {name: value.contiguous() for name, value in model.state_dict().items()}, path.with_name("kept.safetensors")
    )
    path.write_text(text)
    planned = plan(request_of(variants=(str(path),), seeds=1))
    freight, _ = pack(planned.cells, planned.brought)
    assert set(freight.sources) == {"kept.py", "kept.safetensors"}


def test_data_come_by_hash_and_not_by_a_path_that_may_differ(unpinned, tiny, request_of, tmp_path, cache, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    real_files.mnist(here, train=64, held_out=64)
    planned = plan(request_of(datasets=("mnist",), data_root=here, seeds=1))
    freight, blobs = pack(planned.cells, {})
    assert list(freight.data) == ["mnist"] and len(freight.data["mnist"].files) == 4
    copies = {sum_: path.read_bytes() for sum_, path in blobs.items()}
    monkeypatch.setattr(host_, "Workers", Here)
    # The sender's folder is there and has other bytes: it is not taken.
    for path in here.rglob("*images*"):
        path.write_bytes(path.read_bytes()[:16] + bytes(255 - byte for byte in path.read_bytes()[16:]))
    outcome = received(
        Host(freight, copies.__getitem__, None).run(shipped(planned.cells[0])).line.encode(), planned.cells[0]
    )
    assert (outcome.status, outcome.reason) == ("ok", "")
    # A folder of the worker's own with the same bytes spares the journey.
    real_files.mnist(there, train=64, held_out=64)
    monkeypatch.setenv("VAEBENCH_DATA", str(there))
    assert Host(freight, {}.__getitem__, None)._roots == {"mnist": str(there)}


def test_files_of_a_data_set_come_with_where_each_lies(unpinned, tmp_path):
    real_files.mnist(tmp_path, train=64, held_out=64)
    data, blobs = freight_._data("mnist", tmp_path, "0" * 16)
    assert all(blobs[sum_].read_bytes() == (tmp_path / below).read_bytes() for below, sum_ in data.files.items())
    assert len(data.files) == 4
    assert set(data.files.values()) == blobs.keys()


def test_data_that_are_too_large_have_to_be_there(unpinned, request_of, tmp_path, monkeypatch):
    real_files.mnist(tmp_path / "here", train=64, held_out=64)
    monkeypatch.setattr(freight_, "MOST_BYTES", 1000)
    planned = plan(request_of(datasets=("mnist",), data_root=tmp_path / "here", seeds=1))
    freight, blobs = pack(planned.cells, {})
    assert blobs == {}
    (tmp_path / "here").rename(tmp_path / "gone")
    with pytest.raises(Mistake, match=r"^mnist .*VAEBENCH_DATA$"):
        Host(freight, {}.__getitem__, None)


def test_received_bytes_are_held_against_their_hash(tmp_path):
    content = b"x = 1\n"
    files = {"a/b.py": "e9b2d4d32e7e2ef0d9b1e44ad8a8a7d3ee1bb4bd5d5bd8e1f6dc8a4b8bd0f8c1"}
    with pytest.raises(Mistake, match=r"^a/b\.py was received"):
        place(files, lambda _: content, tmp_path)
    assert not list(tmp_path.rglob("*.py"))


def test_a_copy_that_was_damaged_is_replaced(tmp_path):
    import hashlib

    content = b"x = 1\n"
    files = {"a/b.py": hashlib.sha256(content).hexdigest()}
    folder = place(files, lambda _: content, tmp_path)
    (folder / "a/b.py").write_bytes(b"x = 2\n")
    assert (place(files, lambda _: content, tmp_path) / "a/b.py").read_bytes() == content
    assert place(files, {}.__getitem__, tmp_path) == folder, "what is whole is not fetched again"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"torch": "1.0"}, "has torch .*, and the run 1.0"),
        ({"code": {"kernels": "0" * 16}}, "has another version of the suite's kernels"),
        *([] if torch.cuda.is_available() else [({"cuda": True}, "has no CUDA device")]),
    ],
)
def test_a_machine_that_would_compute_other_cells_is_one_line(change, said, request_of, monkeypatch):
    monkeypatch.setattr(host_, "Workers", Here)
    freight, _ = pack(plan(request_of(seeds=1)).cells, {})
    with pytest.raises(Mistake, match=f"^worker .* {said}"):
        Host(freight.model_copy(update=change), {}.__getitem__, None)


def test_an_outcome_is_data_and_is_held_against_what_was_asked(tiny, request_of):
    one, other = plan(request_of(seeds=2)).cells
    line = line_of(run_cell(one))
    assert received(line, one).id == one.id
    for bad, said in (
        (line, "another cell"),
        (line[:-20], "cut short"),
        (line.replace(b'"seed":0', b'"seed":1'), "checksum"),
        (b"\xff\n", "cut short"),
    ):
        with pytest.raises(ValueError, match=said):
            received(bad, other)


def test_what_no_disk_of_a_worker_takes_is_still_told(tiny, request_of, tmp_path, monkeypatch):
    monkeypatch.setattr(host_, "Workers", Here)
    planned = plan(request_of(seeds=1))
    shard = Journal(tmp_path, "one")
    answer = arrived(planned, shard).run(shipped(planned.cells[0]))
    assert answer.kept and shard.path.read_text() == answer.line
    monkeypatch.setattr(Journal, "append_line", lambda *_: (_ for _ in ()).throw(Mistake("full")))
    answer = arrived(planned, shard).run(shipped(planned.cells[0]))
    assert not answer.kept and json.loads(answer.line)["cell"]["id"] == planned.cells[0].id
