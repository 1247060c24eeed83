"""What a check makes of a variant's own latents, of log odds beside a mean, and of a file's text."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from check.slips import SOUND

from vaebench.check.outputs import bounded_outputs
from vaebench.check.setting import Setting, built, settings
from vaebench.models import Gaussian, Unfit, Variant, negative_elbo
from vaebench.models.autoencoder import AutoEncoder, autoencoder
from vaebench.results.meta import declared, lacks_of_meta

TASK = "camuto2021_variance_frequency"


@pytest.fixture(scope="module")
def every() -> list[Setting]:
    return [one for one in settings(("mlp",)) if one.task.name == TASK]


def own(latent: int | Callable[[tuple[int, ...]], int]) -> Variant:
    return Variant("own", "tests", autoencoder, negative_elbo(), latent=latent, archs=("mlp",))


@pytest.mark.parametrize("latent", [5, lambda shape: 5])
def test_latents_of_its_own_are_those_that_it_is_checked_with(every, latent):
    fitting, lines = built(own(latent), every)
    assert {one.latent for one in fitting} == {5}
    assert [line.word for line in lines] == ["pass"]
    assert fitting[0].model(own(latent)).encode(fitting[0].data.train.x[:2]).mean.shape == (2, 5)


def test_data_that_its_own_latents_do_not_fit_are_left_out_and_an_error_is_refused(every):
    def no(shape):
        raise Unfit("it takes no digits")

    fitting, (line,) = built(own(no), every)
    assert fitting == []
    assert (line.word, line.says) == ("refuse", "it fits no data set: it takes no digits")
    fitting, (line,) = built(own(lambda shape: shape[7]), every)
    assert fitting == []
    assert line.word == "refuse"
    assert "latent" in line.says and "IndexError" in line.says


class Squashed(AutoEncoder):
    """A decoder that ends in a sigmoid, and says what goes into it."""

    def decode(self, z):
        raw = super().decode(z).mean
        return Gaussian(raw.sigmoid(), 0.05, raw if self.tells else None)


@pytest.mark.parametrize(("tells", "word"), [(True, "pass"), (False, "warn")])
def test_log_odds_beside_a_mean_are_what_a_task_would_read(every, tells, word):
    def build(shape, latent, arch):
        model = autoencoder(shape, latent, arch)
        model.__class__ = type("Told", (Squashed,), {"tells": tells})
        return model

    with torch.random.fork_rng():
        assert bounded_outputs(every[0].probe(Variant("squashed", "tests", build, negative_elbo())))[0] == word


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("    latent=7,\n", ("latent",)),
        ("    latent=units,\n    labels=10,\n", ("latent", "labels")),
        ('    trained=True,\n    weights="w",\n', ("trained",)),
        ("    trained=False,\n    labels=None,\n", ()),
    ],
)
def test_what_keeps_a_row_from_being_ranked_is_read_in_its_text(tmp_path, text, found):
    path = tmp_path / "mine.py"
    path.write_text(SOUND.replace("    objective=objective,\n", f"    objective=objective,\n{text}"))
    assert declared(path) == found


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ["META", "contact"]),
        ("META = {[]: 1}", ["META", "contact"]),
        ("META = {**X}", ["META", "contact"]),
        ('META = {"name": "a", "source": "TODO: x", "licence": " ", "contact": "c"}', ["source, licence"]),
        ('META = {"name": "a", "source": "b", "licence": "MIT", "contact": "c"}', []),
    ],
)
def test_what_meta_lacks_is_named(tmp_path: Path, text, named):
    (tmp_path / "mine.py").write_text(text)
    said = lacks_of_meta(tmp_path / "mine.py")
    assert bool(said) == bool(named)
    assert all(word in said for word in named)
