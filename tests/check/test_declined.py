"""What a run declines is a warning of a check, and no refusal, unless a run would decline everything."""

from collections.abc import Callable, Iterator

import pytest
import torch
from conftest import BROUGHT
from safetensors.torch import save_file

import vaebench.check as checked
from vaebench import catalog
from vaebench.catalog import Brought
from vaebench.check.applies import Judged, claims_judged
from vaebench.check.findings import Line
from vaebench.check.first_step import first_steps
from vaebench.check.forecast import forecast
from vaebench.check.setting import Setting, built, settings
from vaebench.check.trial import trial
from vaebench.kernels.normal import normal_log_density
from vaebench.models import Normal, Unfit, Variant, negative_elbo
from vaebench.models.autoencoder import autoencoder

GRACYK, NAKAGAWA = "gracyk2025_kahler_sampling", "nakagawa2021_posterior_isometry"
BONHEME, NOISE, SCALES = "bonheme2022_encoder_first", "camuto2021_input_noise", "camuto2021_variance_frequency"

FIXED = "its posterior is moved by a flow: it has no scale that the task could fix"
NO_CLASSES = "zoo_conditional takes labels of 10 classes, and three_sources has no classes"


@pytest.fixture(scope="module")
def every() -> dict[tuple[str, str], Setting]:
    return {(one.task.name, one.dataset): one for one in settings(("mlp",))}


@pytest.fixture
def zoo(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.syspath_prepend(str(BROUGHT))
    import zoo

    return zoo


def judged(variant: Variant, *every: Setting) -> Judged:
    return claims_judged(Brought(variant, "1" * 16), "under_test", every, lambda _: None)


def variant(build: Callable[..., object] = autoencoder, **options: object) -> Variant:
    return Variant("under_test", "tests", build, negative_elbo(), **options)  # type: ignore[arg-type]


# First steps


def test_a_flow_is_declined_where_a_task_fixes_its_scale_and_fits_elsewhere(every, zoo):
    fixed, free = every[NOISE, "digits"], every[GRACYK, "digits"]
    steps = first_steps(zoo.PLANAR, [fixed, free])
    assert [line for line in steps.lines if line.word != "pass"] == [
        Line("posterior", "warn", f"declined: {FIXED}", f"mlp; {NOISE}")
    ]
    assert steps.fitting == steps.sound == (free,)


def test_what_every_task_declines_is_refused(every, zoo):
    steps = first_steps(zoo.PLANAR, [every[NOISE, "digits"]])
    assert [(line.check, line.word, line.says) for line in steps.lines if line.word != "pass"] == [
        ("posterior", "refuse", FIXED)
    ]
    assert steps.fitting == steps.sound == ()


class Subclass(Normal):
    """A posterior that instruments would take for a plain normal."""


def of_images(shape, latent, arch):
    """A model of images; of other data it gives what instruments cannot read."""
    model = autoencoder(shape, latent, arch)
    if len(shape) == 1:
        plain = model.encode
        model.encode = lambda x: Subclass(plain(x).mean, plain(x).scale)
    return model


def test_where_one_shape_is_declined_the_next_is_tried(every):
    flat, images = every[NAKAGAWA, "three_sources"], every[NAKAGAWA, "digits"]
    steps = first_steps(variant(of_images), [flat, images])
    objections = [line for line in steps.lines if line.word != "pass"]
    assert [(line.check, line.word) for line in objections] == [("encode and decode", "warn")]
    assert objections[0].says.startswith("declined: encode gives a Subclass, a subclass of Normal")
    assert steps.fitting == (images,)
    (refused,) = (line for line in first_steps(variant(of_images), [flat]).lines if line.word == "refuse")
    assert refused.says.startswith("encode gives a Subclass")


# Tiny cells


def test_a_cell_that_is_declined_is_a_warning_beside_one_that_is_not(every, zoo):
    found = judged(zoo.PLANAR, every[SCALES, "digits"], every[GRACYK, "digits"])
    assert found.lines == (Line("tasks", "warn", f"declined: zoo_planar: {FIXED}", f"mlp; {SCALES}"),)
    assert {one.task for one in found.claims} == {GRACYK}
    assert found.declined == {(SCALES, "digits")}


def test_a_variant_whose_cells_are_all_declined_is_refused(every, zoo):
    found = judged(zoo.PLANAR, every[SCALES, "digits"])
    assert found.lines == (Line("tasks", "refuse", f"zoo_planar: {FIXED}", f"mlp; {SCALES}"),)
    assert found.claims == ()


def test_the_next_data_set_of_a_task_is_tried(every, zoo):
    """All of a conditional variant was refused, because the first data set of one task has no classes."""
    found = judged(zoo.CONDITIONAL, every[NAKAGAWA, "three_sources"], every[NAKAGAWA, "digits"])
    assert found.lines == (Line("tasks", "warn", f"declined on three_sources: {NO_CLASSES}", f"mlp; {NAKAGAWA}"),)
    assert {(one.task, one.dataset) for one in found.claims} == {(NAKAGAWA, "digits")}
    assert found.declined == {(NAKAGAWA, "three_sources")}


def test_an_error_after_a_declined_data_set_is_refused(every):
    def build(shape, latent, arch):
        if len(shape) == 1:
            raise Unfit("it takes images")
        raise KeyError("no such layer")

    found = judged(variant(build), every[NAKAGAWA, "three_sources"], every[NAKAGAWA, "digits"])
    warned, refused = found.lines
    assert (warned.word, warned.says) == ("warn", "declined on three_sources: it takes images")
    assert refused.word == "refuse" and refused.says.startswith("a cell raises KeyError: 'no such layer'")


# A hundred steps


@pytest.mark.parametrize("name", ["PLANAR", "FULL", "VAMP"])
def test_models_without_scales_or_with_a_prior_of_their_own_are_tried(every, zoo, name):
    """Of a flow, which has no scale, the number of active units was asked outside what catches a refusal."""
    loss, units = trial(getattr(zoo, name), every[GRACYK, "digits"])
    assert (loss.word, units.word) == ("pass", "pass")
    assert units.says.endswith(" of 8 after 100 steps")


def test_units_are_active_against_the_models_own_prior(every, zoo):
    class Wide(zoo.Plain):
        """Posteriors of scale 1 under a prior of scale 10: narrow, though not against N(0, I)."""

        def encode(self, x):
            said = super().encode(x)
            return Normal(said.mean, log_scale=0 * said.log_scale)

        def prior_sample(self, noise):
            return 10 * noise

        def prior_log_prob(self, z):
            return normal_log_density(z, torch.zeros(()), torch.tensor(10.0))

    wide = variant(lambda shape, latent, _: Wide(shape, latent), prior="own")
    _, units = trial(wide, every[GRACYK, "digits"])
    assert (units.word, units.says) == ("pass", "8 of 8 after 100 steps")


def test_a_trial_that_is_declined_is_a_warning(every, zoo):
    (line,) = trial(zoo.CONDITIONAL, every[NAKAGAWA, "three_sources"])
    assert line == Line("100 steps", "warn", f"declined: {NO_CLASSES}")


# Networks


def test_a_network_that_fits_nothing_is_declined_where_another_fits():
    def build(shape, latent, arch):
        if arch == "conv":
            raise Unfit("it is no convolution")
        return autoencoder(shape, latent, arch)

    fitting, lines = built(variant(build), [one for one in settings(("mlp", "conv")) if one.task.name == GRACYK])
    assert {one.arch for one in fitting} == {"mlp"}
    assert {line.where: (line.word, line.says) for line in lines if line.word != "pass"} == {
        "conv": ("warn", "declined: it fits no data set: it is no convolution")
    }


# Time


def test_cells_that_are_declined_take_no_time(every, zoo):
    one, both = (
        forecast(zoo.CONDITIONAL, [every[NAKAGAWA, name] for name in names], 1)
        for names in (("digits",), ("three_sources", "digits"))
    )
    assert (one.cells, one.trainings) == (both.cells, both.trainings)
    assert forecast(zoo.CONDITIONAL, [every[NAKAGAWA, "three_sources"]], 1).hours == 0


# Whole


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check two data sets of Nakagawa's task, and tasks that decline some variants."""

    def chosen(archs: tuple[str, ...]) -> tuple[Setting, ...]:
        of_tasks = [one for one in settings(archs) if one.task.name in (NOISE, SCALES, NAKAGAWA)]
        return tuple(one for one in of_tasks if one.dataset in ("three_sources", "digits"))

    monkeypatch.setattr(checked, "settings", chosen)
    yield


@pytest.mark.parametrize(
    ("name", "declined"),
    [("PLANAR", {("posterior", NOISE), ("tasks", SCALES)}), ("CONDITIONAL", {("tasks", NAKAGAWA)})],
)
def test_a_sound_variant_that_some_tasks_decline_is_not_refused(few, zoo, name, declined):
    report = checked.check(f"zoo:{name}", (), 1)
    assert not report.is_refused
    assert {(line.check, line.where.partition("; ")[2]) for line in report.lines if line.word == "warn"} == declined
    assert NAKAGAWA in {one.task for one in report.claims}
    assert report.forecast is not None and report.forecast.hours > 0


CHECKPOINT = """
from vaebench.models import Variant, autoencoder, negative_elbo

META = {"name": "mine", "source": "tests", "licence": "MIT", "contact": "tests"}
VARIANT = Variant("mine", "tests", autoencoder, negative_elbo(), 1.0, ("mlp",), trained=True, weights="w.safetensors")
"""


def test_a_checkpoint_is_not_refused_for_the_tasks_that_train(tmp_path):
    """Each was: three tasks have a knob that acts in training. And the time of its steps had no median."""
    (tmp_path / "mine.py").write_text(CHECKPOINT)
    save_file(autoencoder((1, 8, 8), 8, "mlp").state_dict(), tmp_path / "w.safetensors")
    report = checked.check(str(tmp_path / "mine.py"), (), 1)
    assert not report.is_refused, report.lines
    declined = {line.where.partition("; ")[2] for line in report.lines if line.says.startswith("declined: mine: ")}
    assert declined == set(catalog.task_names()) - {GRACYK}
    assert {one.task for one in report.claims} == {GRACYK}
    assert report.forecast is not None
    assert (report.forecast.trainings, report.forecast.hours, report.forecast.measuring) == (0, 0.0, False)
