"""The patches are the photographs' pixels, each once, and parts are regions of a photograph."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_sample_image

from vaebench import catalog
from vaebench.cell import dataset_of_seed, run_cell
from vaebench.data import Dataset, photo_patches
from vaebench.data._repeated import repeated
from vaebench.runner import Request, plan


@pytest.fixture(scope="module")
def data() -> Dataset:
    return photo_patches.load()


def test_a_patch_is_a_square_of_its_photograph(data: Dataset) -> None:
    """The first training patches of each photograph are the columns 0 to 3 of its upper row, then 6 to 13."""
    for label, name in enumerate(photo_patches.PHOTOGRAPHS):
        pixels = torch.tensor(load_sample_image(name)).permute(2, 0, 1).float() / 255
        mine = data.train.x[data.train.labels == label]
        assert torch.equal(mine[0], pixels[:, :32, :32])
        assert torch.equal(mine[3], pixels[:, :32, 96:128])
        assert torch.equal(mine[4], pixels[:, :32, 192:224])
        assert torch.equal(mine[16], pixels[:, 32:64, :32])
        assert torch.equal(data.held_out.x[data.held_out.labels == label][0], pixels[:, :32, 128:160])


def test_parts_hold_every_patch_once(data: Dataset) -> None:
    assert (len(data.train.x), len(data.held_out.x), data.shape) == (416, 104, (3, 32, 32))
    photographs = [torch.tensor(load_sample_image(name))[:416] for name in photo_patches.PHOTOGRAPHS]
    whole = sum(float(pixels.double().sum()) for pixels in photographs) / 255
    assert float(data.train.x.double().sum() + data.held_out.x.double().sum()) == pytest.approx(whole, rel=1e-6)
    assert not repeated(data).any()
    assert (data.train.x.min(), data.train.x.max()) == (0, 1)


def test_the_split_is_by_region_and_the_same_for_every_seed(data: Dataset) -> None:
    """Held-out strips: 26 patches in two columns each, from the upper to the lower edge."""
    for label in (0, 1):
        assert int((data.held_out.labels == label).sum()) == 52
    assert data.train.labels.tolist()[:4] == [0, 1, 0, 1]  # the first few of either part are of both
    found, divided = dataset_of_seed("photo_patches", Path("nowhere"), 3)
    assert divided == "fixed"
    assert found.contents == data.contents


CELLS = [
    *((task, "mlp") for task in catalog.task_names()),
    *(("nakagawa2021_posterior_isometry", arch) for arch in ("conv", "resnet")),
]
"""Every task and every network once: all pairs of them take minutes."""


@pytest.mark.parametrize(("task", "arch"), CELLS)
def test_every_task_and_network_runs_on_patches_and_says_what_cannot_be_read(
    task: str, arch: str, tiny: object, request_of: Callable[..., Request]
) -> None:
    asked = request_of(tasks=(task,), archs=(arch,), datasets=("photo_patches",), seeds=1)
    found = run_cell(plan(asked).cells[0])
    assert (found.status, found.reason) == ("ok", "")
    values = [value for column in found.measurements for value in column.values]
    assert values and all(map(math.isfinite, values))
    assert all(absence.reason for column in found.measurements for absence in column.absent)
    if task.startswith("nakagawa"):  # nobody knows the density or the sources of photographs
        assert {one.name for one in found.measurements if one.absent} >= {"density_r2", "importance_worst_error"}
