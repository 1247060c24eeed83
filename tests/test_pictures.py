"""The pictures of what Gracyk's task rates: their rows are what they say, and the page has the numbers of its table."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from PIL import Image

from vaebench import catalog
from vaebench.experiment import Budget, EvaluationBudget, TrainingConfig
from vaebench.papers.gracyk2025.kept import facts
from vaebench.papers.gracyk2025.ratings import rated

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.pictures import __main__ as made
from benchmarks.pictures.draw import COLOURS, GAP, MARK, TILE, picture, png, tiled
from benchmarks.pictures.rows import COLUMNS, LABELS, LINES, rows, volume_halves

TOY = Budget(
    seeds=1,
    latent=8,
    training=TrainingConfig(steps=150, learning_rate=3e-3),
    evaluation=EvaluationBudget(samples=512, points=96),
    split="by_seed",
)


@pytest.fixture(scope="module")
def toy():
    """A hardly trained model of digits, its data, and the rows of its picture."""
    trained, data = made.model("digits", Path("data"), TOY)
    found, by_volume = rows(trained, data, TOY.evaluation, made.SEED)
    return data, facts(data, TOY.evaluation.points), {row.name: row for row in found}, by_volume


def drawn(row):
    """Images of a row as the picture has them, one pixel for each block of its array."""
    array, below = tiled(row), TILE + GAP // 2 + MARK + GAP
    step = TILE // row.images.shape[-1]
    for i in range(len(row.images)):
        top, left = i // COLUMNS * below, i % COLUMNS * (TILE + GAP)
        tile = array[top : top + TILE, left : left + TILE]
        assert (tile == tile[::step, ::step].repeat(step, 0).repeat(step, 1)).all()
        yield torch.from_numpy(tile[step // 2 :: step, step // 2 :: step].transpose(2, 0, 1)).float()


def seen(row):
    """The same as a batch of grey images."""
    images = torch.stack(list(drawn(row)))
    assert (images[:, :1] == images).all()
    return images[:, :1]


def test_every_row_is_there_in_order(toy):
    _, _, found, _ = toy
    assert list(found) == list(LABELS)
    sampled = {"prior", "more_volume", "less_volume"}
    for name, row in found.items():
        count = 1 if name == "mean_image" else COLUMNS * (LINES if name in sampled else 1)
        assert row.images.shape == (count, 1, 8, 8)


def test_data_are_held_out_and_each_has_its_own_reconstruction_below(toy):
    data, known, found, _ = toy
    real, rebuilt = seen(found["held_out"]), seen(found["reconstructions"])
    assert (torch.cdist(real.flatten(1), data.held_out.x.flatten(1)).amin(1) == 0).all()
    assert len({tuple(image.flatten().tolist()) for image in real}) == COLUMNS
    own = (real - rebuilt).flatten(1).norm(dim=1)
    assert own.mean() < (real - rebuilt.roll(1, 0)).flatten(1).norm(dim=1).mean()
    torch.testing.assert_close(seen(found["mean_image"])[0], data.train.x.mean(0))
    assert found["held_out"].of == len(known.real)


def test_more_volume_has_more_and_less_has_less(toy):
    _, _, found, _ = toy
    less, prior, more = (found[way].numbers["log_volume"] for way in ("less_volume", "prior", "more_volume"))
    assert less < prior < more


def test_oddness_is_that_of_the_image_that_is_drawn(toy):
    """The long way: the images of the rows are rated anew."""
    _, known, found, _ = toy
    for row in found.values():
        anew = rated(row.images, known).oddness
        for detector, relative in row.relative.items():
            ratio = anew[detector] / relative
            assert ratio.allclose(ratio[:1].expand_as(ratio), rtol=1e-4, atol=1e-6), (row.name, detector)


@pytest.mark.parametrize("detector", COLOURS)
def test_none_of_the_prior_is_odder_than_its_oddest(toy, detector):
    _, _, found, _ = toy
    oddest = found[f"oddest_{detector}"].relative[detector]
    assert (oddest.diff() <= 0).all()
    chosen = {tuple(image.flatten().tolist()) for image in found[f"oddest_{detector}"].images}
    for image, relative in zip(found["prior"].images, found["prior"].relative[detector], strict=True):
        assert tuple(image.flatten().tolist()) in chosen or relative <= oddest[-1]


def test_marks_are_below_odd_images_alone(toy):
    _, _, found, _ = toy
    for row in found.values():
        array, below = tiled(row), TILE + GAP // 2 + MARK
        for i in range(len(row.images)):
            bottom, left = i // COLUMNS * (below + GAP) + below, i % COLUMNS * (TILE + GAP)
            for half, (detector, colour) in enumerate(COLOURS.items()):
                at = left + half * TILE // 2
                mark = array[bottom - MARK : bottom, at : at + TILE // 2]
                assert (mark == (to_rgb(colour) if row.relative[detector][i] > 1 else 1)).all()


def test_planted_outliers_are_of_two_images(toy):
    data, _, found, _ = toy
    real, labels = data.held_out.x[: TOY.evaluation.points], data.held_out.labels
    for image in seen(found["halves"]):
        above, below = (((real - image).abs()[:, :, rows] == 0).all((1, 2, 3)) for rows in (slice(4), slice(4, None)))
        pairs = [(a, b) for a in above.nonzero() for b in below.nonzero() if labels[a] != labels[b]]
        assert pairs
    torch.testing.assert_close(seen(found["half_as_bright"]), found["prior"].images[:COLUMNS].clamp(0, 2) / 2)


def test_halves_of_like_brightness_hold_all_samples_once():
    volumes = torch.tensor([5.0, 1.0, 4.0, 2.0, 3.0])
    low, high = volume_halves(torch.tensor([0, 1, 2, 3]), volumes)
    assert low.tolist() == [1, 3]
    assert high.tolist() == [2, 0]
    low, high = volume_halves(torch.arange(5), volumes)
    assert len(low) == len(high) == 2
    assert not set(low.tolist()) & set(high.tolist())


def test_the_picture_shows_the_arrays_below_their_labels(toy):
    _, _, found, _ = toy
    figure = picture(list(found.values()), "a title")
    arrays = [axes.images[0].get_array() for axes in figure.axes]
    assert all((array == tiled(row)).all() for array, row in zip(arrays, found.values(), strict=True))
    said = [text.get_text() for text in figure.texts]
    assert [words for words in said if words in LABELS.values()] == list(LABELS.values())
    assert f"classifier {100 * found['prior'].numbers['classifier']:.0f} %" in said
    file = Image.open(io.BytesIO(png(figure, made.GREYS)))
    for axes, row in zip(figure.axes, found.values(), strict=True):
        box = axes.get_window_extent()
        left, top = round(box.x0), file.height - round(box.y1)
        array = tiled(row)
        assert file.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
        there = np.asarray(file.convert("RGB"))[top : top + len(array), left : left + array.shape[1]] / 255
        assert np.abs(there - array).max() < 0.05, row.name
    for words in figure.texts:
        box = words.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= file.width, words.get_text()


def test_one_picture_is_made_and_numbers_of_others_are_kept(tmp_path):
    other = ("mnist", "prior", "classifier", 0.25)
    tmp_path.joinpath(made.NUMBERS).write_text("dataset,row,measure,value\nmnist,prior,classifier,0.25\n")
    found = made.written("digits", Path("data"), tmp_path, TOY)
    made.write(tmp_path, [*made.read_numbers(tmp_path), *found])
    assert 0 < (tmp_path / made.file_of("digits")).stat().st_size < 150_000
    made.write_page(tmp_path)
    assert made.read_numbers(tmp_path)[-1] == other
    assert len(made.read_numbers(tmp_path)) == len(found) + 1
    assert not (tmp_path / "README.md").exists()  # it tells of every data set


def test_pages_and_pictures_are_there_and_fresh():
    text = (made.FOLDER / "README.md").read_text("utf-8")
    assert text == made.page(made.read_numbers(made.FOLDER))
    assert max(len(line) for line in text.splitlines() if not line.startswith(("|", "!"))) <= 120
    for dataset in made.DATASETS:
        assert f"({made.file_of(dataset)})" in text
        assert (made.FOLDER / made.file_of(dataset)).stat().st_size < 150_000
    assert "leaderboard/gracyk2025_kahler_sampling.md" in text
    assert set(catalog.task(made.TASK).counted_on) < set(made.DATASETS)


def test_what_the_page_says_is_so():
    """The relations in its words, of the numbers that it was written from."""
    found = {(dataset, row, measure): value for dataset, row, measure, value in made.read_numbers(made.FOLDER)}
    for data in ("mnist", "fashion_mnist"):
        follows = [found[one, "brightness", "volume_spearman"] for one in (data, "digits")]
        assert follows[0] > 0.6 > 0.5 > follows[1]
        less, prior, more = (found[data, way, "mean_pixel"] for way in ("less_volume", "prior", "more_volume"))
        assert less < 0.75 * prior < 0.75 * more
        assert found[data, "less_volume", "dimmer"] > 5 * found["digits", "less_volume", "dimmer"]
        assert found[data, "half_as_bright", "neighbour"] < 0.1 * found[data, "prior", "neighbour"]
        assert found[data, "half_as_bright", "classifier"] == pytest.approx(
            found[data, "prior", "classifier"], abs=0.01
        )
    gaps = {
        (data, detector, equal): found[data, f"less{equal}", detector] - found[data, f"more{equal}", detector]
        for data in ("digits", "mnist", "fashion_mnist")
        for detector in COLOURS
        for equal in ("", "_equal")
    }
    assert gaps["mnist", "neighbour", ""] < 0 < gaps["mnist", "neighbour", "_equal"]
    assert min(gaps["mnist", "classifier", ""], gaps["mnist", "classifier", "_equal"]) > 0
    assert gaps["fashion_mnist", "neighbour", ""] < gaps["fashion_mnist", "neighbour", "_equal"] < -0.1
    assert abs(gaps["fashion_mnist", "classifier", "_equal"]) < gaps["fashion_mnist", "classifier", ""]
    assert max(gap for (data, *_), gap in gaps.items() if data == "digits") < 0
    assert found["digits", "half_as_bright", "neighbour"] > 0.99
    near = [found["digits", way, "near_mean_image"] for way in ("less_volume", "prior", "more_volume")]
    assert near == sorted(near)
