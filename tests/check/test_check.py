"""What a check says of the suite's own variants and of variants made to be known, and the flow from `new` to a run."""

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from check.slips import SLIPS, SOUND
from conftest import BROUGHT, TINY, environment_with
from torch import nn

from vaebench import catalog
from vaebench.catalog import Brought
from vaebench.cell import Cell, arms, trainings
from vaebench.check.applies import claims_judged
from vaebench.check.findings import Line, merged
from vaebench.check.first_step import first_steps
from vaebench.check.forecast import TIMED, forecast, seconds_of_step
from vaebench.check.objective import loss_weights, objective_lines
from vaebench.check.outputs import bounded_outputs
from vaebench.check.setting import Setting, settings
from vaebench.check.source import meta_of, source_line
from vaebench.mistakes import Mistake
from vaebench.models import Bernoulli, Gaussian, Normal, Objective, Refused, Step, Unfit, Variant, negative_elbo
from vaebench.models.autoencoder import AutoEncoder, autoencoder
from vaebench.new import new_variant
from vaebench.training.first_step.probe import Probe
from vaebench.training.fit import fit

CAMUTO, NAKAGAWA = "camuto2021_variance_frequency", "nakagawa2021_posterior_isometry"
elbo = negative_elbo()


@pytest.fixture(scope="module")
def every() -> dict[tuple[str, str], Setting]:
    return {(one.task.name, one.dataset): one for one in settings(("mlp",))}


def variant(objective: Objective = elbo, **options: object) -> Variant:
    return Variant("under_test", "tests", autoencoder, objective, **options)  # type: ignore[arg-type]


@pytest.fixture
def weighed(every: dict[tuple[str, str], Setting]) -> Callable[[Objective], object]:
    return lambda objective: loss_weights(every[CAMUTO, "digits"].probe(variant(objective)))


# What a loss weighs


def times(factor: float) -> Objective:
    return lambda step: factor * sum(elbo(step).values())  # type: ignore[arg-type, return-value]


def capacity(step: Step) -> torch.Tensor:
    return -step.likelihood.log_prob(step.x).mean() + (step.posterior.kl().mean() - 5.0).abs()


def free_bits(step: Step) -> torch.Tensor:
    return -step.likelihood.log_prob(step.x).mean() + step.posterior.kl().clamp(min=3.0).mean()


def squared(step: Step) -> torch.Tensor:
    return -step.likelihood.log_prob(step.x).mean() + step.posterior.kl().square().mean()


def sampled_kl(step: Step) -> torch.Tensor:
    """The ELBO with a KL of one draw: the same in expectation."""
    q = step.posterior
    log_q = -0.5 * ((step.z - q.mean) / q.scale).square() - q.log_scale
    return -step.likelihood.log_prob(step.x).mean() + (log_q + 0.5 * step.z.square()).sum(1).mean()


@pytest.mark.parametrize("factor", [1.0, 1 / 64, 3.0])
def test_a_multiple_of_the_elbo_is_told_as_such(weighed, factor):
    found = weighed(times(factor))
    assert found.form == ("elbo" if factor == 1 else "scaled elbo")
    assert (found.likelihood, found.kl, found.beta) == pytest.approx((factor, factor, 1.0), rel=1e-3)
    assert found.beta_per_unit == pytest.approx(8 / 64, rel=1e-3)
    assert found.is_bound == (factor == 1)


@pytest.mark.parametrize("beta", [0.25, 4.0])
def test_a_weight_other_than_one_is_measured_and_bounds_where_it_is_larger(weighed, beta):
    found = weighed(negative_elbo(beta))
    assert found.form == "weighted"
    assert found.beta == pytest.approx(beta, rel=1e-3)
    assert found.is_bound == (beta > 1)


@pytest.mark.parametrize("objective", [capacity, free_bits, squared])
def test_what_is_an_elbo_only_far_from_the_prior_is_none(weighed, objective):
    found = weighed(objective)
    assert (found.form, found.beta, found.is_bound) == ("other", None, False)
    (line,) = objective_lines(found, 1.0, 64, 8)
    assert line.word == "refuse"
    assert [each.word for each in objective_lines(found, None, 64, 8)] == ["pass"]


def test_a_sampled_kl_is_an_elbo(weighed):
    found = weighed(sampled_kl)
    assert found.form == "elbo"
    assert found.beta == pytest.approx(1.0, abs=max(0.02, found.beta_half_width))


@pytest.mark.parametrize(
    ("name", "form"),
    [("vae", "elbo"), ("beta_vae", "weighted"), ("dip_vae_ii", "other"), ("iwae", "other")],
)
def test_the_suites_own_objectives_are_what_they_are(every, name, form):
    own = catalog.variant(name).variant
    found = loss_weights(every[CAMUTO, "digits"].probe(own))
    assert found.form == form
    if own.kl_weight is not None:
        assert found.beta == pytest.approx(own.kl_weight, rel=0.01)
        lines = objective_lines(found, own.kl_weight, 64, 8)
        assert [line.word for line in lines] == ["pass"]


# What bounds a decoder's outputs


class Ending(AutoEncoder):
    """The suite's VAE with another end of its decoder."""

    end: Callable[[torch.Tensor], torch.Tensor] = staticmethod(lambda raw: raw)
    reads: Callable[[torch.Tensor], object] = staticmethod(lambda mean: Gaussian(mean, 0.05))

    def decode(self, z):
        return self.reads(self.end(super().decode(z).mean))


ENDS = {
    "raw": (lambda raw: raw, "pass"),
    "rectified": (torch.relu, "pass"),
    "softplus": (torch.nn.functional.softplus, "pass"),
    "small": (lambda raw: 1e-3 * raw, "pass"),
    "sigmoid": (torch.sigmoid, "bounded"),
    "tanh": (torch.tanh, "bounded"),
    "clamped": (lambda raw: raw.clamp(0, 1), "bounded"),
}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_bounded_outputs_are_found_and_others_are_not(every, name, likelihood):
    end, expected = ENDS[name]

    def build(shape, latent, arch):
        model = autoencoder(shape, latent, arch)
        model.__class__ = type(
            "Ended",
            (Ending,),
            {"end": staticmethod(end)} | ({} if likelihood == "gaussian" else {"reads": staticmethod(Bernoulli)}),
        )
        return model

    probe: Probe = every[CAMUTO, "digits"].probe(Variant("ended", "tests", build, elbo))
    word, _ = bounded_outputs(probe)
    assert word == ("pass" if expected == "pass" else "warn" if likelihood == "gaussian" else "refuse")


# Which claims apply, and how long a run takes


def test_claims_without_a_declared_weight_are_said_not_to_apply(every):
    setting = [every[NAKAGAWA, "linear_gaussian_sources"]]
    said = {}
    for weight in (None, 1.0):
        brought = Brought(variant(kl_weight=weight), "1" * 16)
        found = claims_judged(brought, "under_test", setting, lambda _: None)
        assert found.lines == ()
        said[weight] = {one.claim: (one.is_judged, one.why) for one in found.claims}
    assert {name: judged for name, (judged, _) in said[1.0].items()} == dict.fromkeys(said[1.0], True)
    assert {name for name, (judged, _) in said[None].items() if not judged} == {"isometry", "density", "importance"}
    assert "kl_weight" in said[None]["isometry"][1]


def test_a_cell_that_ends_early_is_a_line(every):
    def crashes(step: Step) -> torch.Tensor:
        if step.step == 3:
            raise KeyError("no such term")
        return sum(elbo(step).values())  # type: ignore[return-value]

    setting = [every[NAKAGAWA, "linear_gaussian_sources"]]
    found = claims_judged(Brought(variant(crashes), "1" * 16), "under_test", setting, lambda _: None)
    (line,) = found.lines
    assert found.claims == ()
    assert (line.word, line.where) == ("refuse", f"mlp; {NAKAGAWA}")
    assert "KeyError" in line.says and "test_check.py" in line.says


@pytest.mark.parametrize("name", ["vae", "beta_vae", "decomposed_vae"])
def test_trainings_are_counted_as_cells_run_them(every, monkeypatch, name):
    own = catalog.variant(name).variant
    for setting in every.values():
        if setting.dataset != "digits":
            continue
        trained: list[int] = []

        def counted(variants, *_, to=trained, **__):
            to.extend([1] * len(variants))
            return [None] * len(variants)

        monkeypatch.setattr("vaebench.cell.fit_along", counted)
        monkeypatch.setattr("vaebench.cell.analytic_model", lambda *_: None)  # there is no model to stand beside
        cell = Cell("0" * 16, None, name, "digits", 0)  # type: ignore[arg-type]
        object.__setattr__(cell, "subject", type("Of", (), {"arch": "mlp", "device": "cpu"}))
        places = [place for place, _ in arms(setting.task, setting.budget, own, setting.data, cell)]
        assert trainings(setting.task, setting.budget, own) == len(trained) <= len(places)


def test_a_slow_step_is_measured_and_cores_share_the_work(every):
    def slow(step: Step) -> torch.Tensor:
        time.sleep(0.03)
        return sum(elbo(step).values())  # type: ignore[return-value]

    setting = every[CAMUTO, "digits"]
    assert seconds_of_step(variant(slow), setting) > 0.03
    one, two = (forecast(variant(slow), [setting], jobs) for jobs in (1, 2))
    assert (one.cells, one.trainings) == (setting.budget.seeds, 7 * setting.budget.seeds)
    assert one.processor_hours > one.trainings * setting.budget.training.steps * 0.03 / 3600
    assert one.hours == one.processor_hours
    assert two.hours == two.processor_hours / 2


def test_timing_evaluates_the_steps_alone(every):
    taken: list[int] = []

    def counted(step: Step) -> torch.Tensor:
        taken.append(int(step.step))
        return sum(elbo(step).values())  # type: ignore[return-value]

    seconds_of_step(variant(counted), every[CAMUTO, "digits"])
    assert taken == list(range(TIMED + 2))


# The file


def test_what_a_check_refuses_a_run_refuses_in_the_same_words(every, tmp_path):
    from vaebench.check.first_step import first_steps

    setting = every[CAMUTO, "digits"]
    for name in ("own forward pass", "encoder without gradient", "full covariance as a subclass", "kl_weight believed"):
        path = tmp_path / "slip.py"
        path.write_text(SLIPS[name].text)
        own = catalog.variant(str(path)).variant
        said = [line.says for line in first_steps(own, [setting]).lines if line.word == "refuse"]
        with pytest.raises((Refused, Unfit)) as refusal:
            fit(
                own,
                setting.data,
                arch="mlp",
                latent=setting.latent,
                training=replace(setting.budget.training, steps=2),
                interventions=setting.task.interventions,
                seed=0,
            )
        seen = str(refusal.value).removeprefix("slip: ")
        assert seen.partition(" has ")[0] == said[0].partition(" has ")[0]


def test_a_file_beside_it_is_hashed_where_an_import_names_it(tmp_path, monkeypatch):
    (tmp_path / "beside_slip.py").write_text("WEIGHT = 1.0\n")
    path = tmp_path / "slip.py"
    path.write_text(SOUND.replace("import math\n", "import math\n\nfrom beside_slip import WEIGHT\n"))
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    catalog.variant(str(path))
    line = source_line(path, "", before)
    assert line.word == "pass"
    assert "beside_slip.py" in line.says and "slip.py" in line.says


def test_meta_is_read_without_running_the_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text('raise SystemExit(3)\nMETA = {"name": "mine", "licence": "MIT", "year": 2026}\n')
    assert meta_of(path) == {"name": "mine", "licence": "MIT"}
    path.write_text("META = dict(name='mine')\n")
    assert meta_of(path) is None


def test_findings_that_differ_in_numbers_alone_are_one_line():
    found = [
        ("mlp", "a", "refuse", "47 % of 8 are negative"),
        ("mlp", "b", "refuse", "3.5 % of 10 are negative"),
        ("conv", "a", "pass", ""),
        ("conv", "b", "warn", "other"),
    ]
    assert merged("scale", found) == [
        Line("scale", "refuse", "47 % of 8 are negative", "mlp; a, b"),
        Line("scale", "warn", "other", "conv; b"),
    ]
    assert merged("scale", [("mlp", "a", "pass", "fine")]) == [Line("scale", "pass", "fine")]
    assert merged("scale", []) == []


@pytest.mark.parametrize(
    ("made", "says"), [(None, "nothing says that it is not N(0, I)"), ("VAMP", "its own; its draws have the density")]
)
def test_whose_prior_it_is_is_said(every, monkeypatch, made, says):
    """Of a VampPrior model, whose density is checked, it said that nothing says that it is not N(0, I)."""
    monkeypatch.syspath_prepend(str(BROUGHT))
    import zoo

    checked = getattr(zoo, made) if made else variant()
    lines = {line.check: line for line in first_steps(checked, [every[CAMUTO, "digits"]]).lines}
    assert lines["prior"].word == "pass" and lines["prior"].says.startswith(says)


def test_a_new_file_overwrites_nothing_and_bears_a_possible_name(tmp_path):
    path = new_variant("mine", tmp_path)
    assert sum(bool(line.strip()) for line in path.read_text().splitlines()) <= 30
    path.write_text("precious")
    for name, says in (("mine", "mine.py"), ("vae", "taken"), ("My VAE", "underscores"), ("../up", "underscores")):
        with pytest.raises(Mistake, match=says):
            new_variant(name, tmp_path)
    assert path.read_text() == "precious"
    assert [each.name for each in tmp_path.iterdir()] == ["mine.py"]
    with pytest.raises(Mistake, match=r"none.*cannot be written"):
        new_variant("other", tmp_path / "none")


# As a user meets it


def vaebench_(*arguments: str, cwd: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vaebench", *arguments]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=cwd, timeout=300, env=environment_with(before)
    )


def test_from_new_through_check_to_a_run_and_a_comparison(tmp_path):
    assert vaebench_("new", "mine", cwd=tmp_path).returncode == 0
    done = vaebench_("check", "mine.py", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["variant"], said["refused"]) == ("mine", False)
    assert {line["check"] for line in said["lines"] if line["word"] != "pass"} == {"meta"}
    assert said["weights"]["form"] == "elbo"
    tasks = {claim["task"]: 0 for claim in said["claims"]}
    assert set(tasks) == set(catalog.task_names())
    assert said["forecast"]["hours"] > 0
    assert said["forecast"]["jobs"] == len(os.sched_getaffinity(0))
    run = ("run", "mine.py", "--preset", "quick", "--seeds", "2", "--jobs", "1", "--tasks", CAMUTO, "--json")
    done = vaebench_(*run, "--out", "run", cwd=tmp_path, before=TINY)
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(done.stdout)["records"]
    assert record["subject"]["variant"]["name"] == "mine"
    assert {cell["status"] for cell in record["cells"]} == {"ok"}
    done = vaebench_("compare", "run", "run", "--json", "--figure", "both.svg", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["compared"] == 4
    assert (tmp_path / "both.svg").is_file()
    done = vaebench_("compare", "run", "vae.mlp", "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["compared"]) == (1, 0)
    done = vaebench_("run", "mine.py", "--variants", "vae", cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "mine.py" in done.stderr and "vae" in done.stderr


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import os\nprint('hello')\nos._exit(3)\n", ("bad.py", "exit status 3")),
    ],
)
def test_a_file_that_ends_its_process_is_one_line_and_the_answer_is_json(tmp_path, text, names):
    (tmp_path / "bad.py").write_text(text)
    done = vaebench_("check", "bad.py", "--json", cwd=tmp_path)
    assert done.returncode == 1
    (line,) = json.loads(done.stdout)["lines"]
    assert (line["check"], line["word"]) == ("loads", "refuse")
    assert [name for name in names if name not in line["says"]] == []
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("none.py",), "none.py"),
        (("no_such_variant",), "no_such_variant"),
        (("vae", "--archs", "transformer"), "transformer"),
    ],
)
def test_a_check_of_nothing_is_a_mistake(tmp_path, arguments, names):
    done = vaebench_("check", *arguments, cwd=tmp_path)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1), done.stderr
    assert names in done.stderr


def test_a_module_that_is_not_found_says_what_to_give(tmp_path):
    (tmp_path / "mine.py").write_text(SOUND)
    for reference, hint in (("mine:VARIANT", "PYTHONPATH"), ("mine.py:OTHER", "give mine.py")):
        with pytest.raises(catalog.BadVariant, match=hint):
            catalog.variant(reference)


class EightByEight(nn.Module):
    """The commonest slip: a layer for images of one size."""

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(64, 2 * latent), nn.Linear(latent, math.prod(shape))
        self.shape = shape

    def encode(self, x: torch.Tensor) -> Normal:
        mean, log_scale = self.encoder(x.flatten(1)).chunk(2, dim=1)
        return Normal(mean, log_scale=log_scale)

    def decode(self, z: torch.Tensor) -> Bernoulli:
        return Bernoulli(self.decoder(z).unflatten(1, self.shape))


def test_a_layer_for_images_of_one_size_is_told_wherever_it_does_not_fit(
    every: dict[tuple[str, str], Setting],
) -> None:
    """Digits passed, so that larger images were not tried: the forecast was the first to train on them, and ended."""
    slip = Variant("slip", "tests", lambda shape, latent, arch: EightByEight(shape, latent), elbo)
    bonheme = [every["bonheme2022_encoder_first", data] for data in ("digits", "sprites16")]
    refused = [
        [one for one in first_steps(slip, part).lines if one.word == "refuse"] for part in (bonheme[:1], bonheme)
    ]
    assert refused[0] == [] and any("mat1 and mat2 shapes cannot be multiplied" in one.says for one in refused[1])
