"""Synthetic records with the shape of real ones: a task with a knob, and one without on three data sets."""

import io
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from vaebench import __version__
from vaebench.claims import Beyond, Claim, Exceeds, Measurement, Near, Trend, column, declined
from vaebench.experiment import Arm, Budget, Interventions, Knob, TrainingConfig
from vaebench.papers import Task
from vaebench.report.every_file import pages
from vaebench.report.rows.selection import select
from vaebench.report.suite import DataVersion, Suite
from vaebench.results.assemble import assemble
from vaebench.results.record import CellOutcome, DatasetInfo, Environment, Subject, VariantInfo, Versioned
from vaebench.seeds import seed_for

INVARIANTS = (Claim("energy_sums", "Hermite energies sum to the variance.", (Near("energy", 1.0, 0.01, 0.0),)),)

CLAIMS = {
    "camuto2021_variance_frequency": (
        Claim(
            "decoder_frequency",
            "The decoder's high-frequency content falls as the posterior's scale rises.",
            (Trend("decoder_high_frequency_share", "falls"), Trend("decoder_mean_degree", "falls")),
        ),
        Claim(
            "decoder_lipschitz",
            "The decoder's Lipschitz constant falls as the posterior's scale rises.",
            (Trend("decoder_lipschitz_mean", "falls"), Trend("decoder_lipschitz_max", "falls")),
        ),
        Claim(
            "encoder_frequency",
            "The encoder's frequency content falls as the posterior's scale rises.",
            (Trend("encoder_mean_degree", "falls"),),
            reported=("encoder_lipschitz_mean",),
        ),
        Claim(
            "robustness",
            "A larger posterior scale makes an attack do less damage.",
            (Trend("attack_damage", "falls"),),
            reported=("reconstruction_error",),
        ),
    ),
    "nakagawa2021_posterior_isometry": (
        Claim(
            "isometry",
            "The scaled Jacobian and the posterior's variance sum to one on active units.",
            (Near("isometry_mean", 1.0, 0.05, 0.0), Beyond("isometry_sd", 0.1, 0.0, 0.5)),
        ),
        Claim("orthogonality", "Jacobian columns are orthogonal.", (Beyond("jacobian_mean_cosine", 0.1, 0.0, 0.4),)),
        Claim(
            "density",
            "The estimate orders and sizes the density.",
            (
                Exceeds("density_r_squared", "prior_r_squared", 1.0),
                Near("density_slope", 1.0, 0.1, 0.0),
                Near("density_bias", 0.0, 0.2, 2.0),
                Exceeds("loss_density_r_squared", "prior_r_squared", 1.0),
                Near("loss_density_slope", 1.0, 0.1, 0.0),
            ),
        ),
        Claim(
            "importance",
            "The posterior gives each source's variance.",
            (Near("importance_error", 0.0, 0.1, 1.0),),
            reported=("importance_1", "importance_2"),
        ),
    ),
}

SIGMAS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


class ToyTask(Task):
    """A task whose measurements no instrument declares."""

    @property
    def given(self):
        return self.named


BUDGETS = {
    preset: Budget(seeds=1, latent=2, training=TrainingConfig(steps))
    for preset, steps in (("quick", 1), ("standard", 2), ("paper", 3))
}

TASKS = (
    ToyTask(
        name="camuto2021_variance_frequency",
        version=1,
        title="Posterior variance and frequency",
        source="Camuto & Willetts 2021, arXiv:2105.14866",
        asks="Does a larger posterior scale make encoder and decoder smoother functions?",
        datasets=("digits",),
        interventions=Interventions(),
        knob=Knob("strength", "σ"),
        analytic=None,
        instruments=(),
        claims=CLAIMS["camuto2021_variance_frequency"],
        invariants=INVARIANTS,
        budgets=BUDGETS,
        arms=(Arm("noisy_target"), Arm("redrawn")),
    ),
    ToyTask(
        name="nakagawa2021_posterior_isometry",
        version=1,
        title="Isometry of the posterior",
        source="Nakagawa, Kato & Suzuki 2021, arXiv:2007.15190",
        asks="Is a trained VAE an isometry up to the scale that its posterior gives?",
        datasets=("bimodal_sources", "linear_gaussian_sources", "three_sources"),
        interventions=Interventions(),
        knob=None,
        analytic=None,
        instruments=(),
        claims=CLAIMS["nakagawa2021_posterior_isometry"],
        invariants=INVARIANTS,
        budgets=BUDGETS,
    ),
)

DATA = ("bimodal_sources", "digits", "digits16", "linear_gaussian_sources", "my_data", "sprites", "three_sources")

SUITE = Suite(
    tasks=TASKS,
    release=__version__,
    datasets=dict.fromkeys(DATA, DataVersion(1, "d" * 16)),
    archs=frozenset({"conv", "mlp"}),
    variants={},
)
"""The two tasks, with the claims of the records above; no variant's name is taken."""

FALLS = {
    "decoder_high_frequency_share": (0.175, -0.075),
    "decoder_mean_degree": (2.4, -0.12),
    "decoder_lipschitz_mean": (2.73, -0.31),
    "decoder_lipschitz_max": (4.9, -0.27),
    "encoder_mean_degree": (17.0, -0.36),
    "encoder_lipschitz_mean": (1.9, 0.19),
    "attack_damage": (0.62, -0.06),
    "reconstruction_error": (3.1, 0.35),
}


def curves(rng, variant, arch):
    """Power laws over σ with a level of the variant's own and noise by seed."""
    slope = {"vae": 1.0, "beta_vae": 1.15, "linear_vae": 0.55}.get(variant, 1.0)
    level = {"vae": 1.0, "beta_vae": 0.8, "linear_vae": 0.6}.get(variant, 1.0) * (0.85 if arch == "conv" else 1.0)
    seen = [column("trained", None, 0, Measurement("energy", 1 + rng.normal(0, 0.002), 0.001, 512))]
    for name, (base, power) in FALLS.items():
        flat = 0.02 if (name, arch) == ("attack_damage", "conv") else 1.0
        shared = rng.normal(0, 0.05)
        for sigma in SIGMAS:
            noise = shared + rng.normal(0, 0.03)
            value = base * level * (sigma / 0.05) ** (power * slope * flat) * math.exp(noise)
            seen.append(column("trained", sigma, 0, Measurement(name, value, 0.01 * value, 512)))
            if name.startswith("decoder"):
                exact = base * 0.55 * (sigma / 0.05) ** (1.2 * power)
                seen.append(column("analytic", sigma, 0, Measurement(name, exact, 0.0, 1)))
    return seen


def densities(rng, variant, arch, dataset):
    """The isometry task: sound on two sets, broken on the bimodal one, without density for one variant."""
    off = 0.22 if dataset == "bimodal_sources" else 0.0
    values = {
        "isometry_mean": 1.0 - off + rng.normal(0, 0.012),
        "isometry_sd": 0.05 + off / 2 + abs(rng.normal(0, 0.01)),
        "jacobian_mean_cosine": 0.03 + off / 3 + abs(rng.normal(0, 0.03 if arch == "conv" else 0.01)),
        "density_r_squared": 0.83 - off + rng.normal(0, 0.03),
        "prior_r_squared": 0.55 + rng.normal(0, 0.05),
        "density_slope": 0.95 - off + rng.normal(0, 0.04),
        "density_bias": -0.05 - 2 * off + rng.normal(0, 0.08),
        "loss_density_r_squared": 0.8 - off + rng.normal(0, 0.03),
        "loss_density_slope": 0.99 - off + rng.normal(0, 0.03),
        "importance_error": 0.02 + off + rng.normal(0, 0.02),
        "importance_1": 2.67 + off + rng.normal(0, 0.05),
        "importance_2": 0.67 + rng.normal(0, 0.02),
    }
    exact = {"isometry_mean": 1.0, "isometry_sd": 0.0, "jacobian_mean_cosine": 0.0, "density_r_squared": 1.0}
    exact |= {"prior_r_squared": 0.62, "density_slope": 1.0, "density_bias": 0.0, "importance_error": 0.0}
    exact |= {"loss_density_r_squared": 1.0, "loss_density_slope": 1.0, "importance_1": 2.667, "importance_2": 0.667}
    seen = [column("trained", None, 0, Measurement("energy", 1 + rng.normal(0, 0.002), 0.001, 512))]
    for name, value in values.items():
        unit = "nat" if name == "density_bias" else "1"
        lacks = variant == "linear_vae" and "density" in name
        measurement = (
            declined(name, "no kl_weight is declared") if lacks else Measurement(name, value, 0.004, 2000, unit)
        )
        seen.append(column("trained", None, 0, measurement))
        known = (
            Measurement(name, exact[name], 0.0, 1, unit)
            if dataset == "linear_gaussian_sources"
            else declined(name, "the sources are not normal")
        )
        seen.append(column("analytic", None, 0, known))
    return seen


def make_record(
    task="camuto2021_variance_frequency",
    variant="vae",
    arch="mlp",
    dataset="digits",
    seeds=5,
    preset="standard",
    device="cpu",
    code="c" * 16,
    task_hash="",
    dataset_hash="d" * 16,
    claims=None,
    lost=(),
    reason="loss is nan at step 812",
    source="arXiv:1312.6114",
    measurements=None,
):
    """Assemble one record; `measurements` maps (rng) to columns of seed 0 where the usual ones do not do."""
    claims = CLAIMS.get(task, ()) if claims is None else claims
    definition = task_hash or _hash(task, claims, preset)
    subject = Subject(
        task=Versioned(name=task, version=1, hash=definition),
        dataset=DatasetInfo(name=dataset, version=1, hash=dataset_hash),
        variant=VariantInfo(name=variant, source=source, code_hash=code, kl_weight=1.0),
        arch=arch,
        preset=preset,
        device=device,
    )
    environment = Environment(
        python="3.11.7",
        torch="2.11.0",
        cuda=None,
        processor="x86",
        device=device,
        precision="float32",
        deterministic=True,
        threads=2,
    )
    outcomes = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed_for(task, variant, arch, dataset, seed))
        if measurements is not None:
            seen = measurements(rng)
        elif task.startswith("camuto"):
            seen = curves(rng, variant, arch)
        else:
            seen = densities(rng, variant, arch, dataset)
        seen = [at_seed(one, seed) for one in seen]
        outcomes.append(
            CellOutcome(
                id=f"{seed_for(task, variant, arch, dataset, seed, preset):016x}",
                subject=subject,
                seed=seed,
                status="diverged" if seed in lost else "ok",
                reason=reason if seed in lost else "",
                parameters=151_000 if arch == "mlp" else 402_300,
                measurements=() if seed in lost else tuple(seen),
                seconds={"fit": 31.0 + seed, "measure": 4.0},
                environment=environment,
            )
        )
    return assemble(outcomes, claims, INVARIANTS)


def _hash(name, claims, preset):
    """Hash of a task's definition with these claims; a made-up one where there is no such task."""
    return next((replace(task, claims=claims).definition_hash(preset) for task in TASKS if task.name == name), "e" * 16)


def at_seed(one, seed):
    """Move a column of one seed to another."""
    return replace(
        one,
        seeds=(seed,) * len(one.seeds),
        absent=tuple(replace(absence, seeds=(seed,)) for absence in one.absent),
    )


def make_board(variants=("vae", "beta_vae", "linear_vae"), archs=("mlp", "conv"), **fields):
    """Records of every variant and architecture on every data set of both tasks."""
    return [
        make_record(task.name, variant, arch, dataset, **fields)
        for task in TASKS
        for dataset in task.datasets
        for variant in variants
        for arch in archs
    ]


def judging(records):
    """The suite, with the claims that the first record of each task carries in the place of the task's own."""
    carried = {record.subject.task.name: record.claims for record in reversed(records)}
    return with_tasks(*(replace(task, claims=carried.get(task.name, task.claims)) for task in TASKS))


def with_tasks(*tasks):
    """The suite with other tasks."""
    return replace(SUITE, tasks=tuple(tasks))


def measured_for(task, record):
    """A record as if it had measured what a task is now."""
    measured = Versioned(
        name=task.name,
        version=task.version,
        hash=task.definition_hash(record.subject.preset, record.subject.dataset.name),
    )
    return record.model_copy(update={"subject": record.subject.model_copy(update={"task": measured})})


def make_pages(records, suite=SUITE, preview=False, submissions=(), **how):
    """Every file of the board."""
    return pages(suite, select(suite, records, preview, submissions), preview, **how)


@pytest.fixture(scope="session")
def made():
    """What tests make records and boards with."""
    return SimpleNamespace(
        suite=SUITE,
        tasks=TASKS,
        with_tasks=with_tasks,
        judging=judging,
        claims=CLAIMS,
        record=make_record,
        board=make_board,
        measured_for=measured_for,
        pages=make_pages,
    )


@pytest.fixture(scope="session")
def records():
    """A full board."""
    return make_board()


@pytest.fixture(scope="session")
def saved():
    """What matplotlib's own ``savefig`` makes of a figure."""

    def as_svg(figure):
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
        return text.getvalue()

    return as_svg
