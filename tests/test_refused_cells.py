"""What the look at the first step comes to in a cell and in its record."""

from collections.abc import Callable

import pytest
from conftest import BROUGHT

from vaebench import catalog
from vaebench.cell import run_cell
from vaebench.results.assemble import assemble
from vaebench.results.record import CellOutcome
from vaebench.runner import Request, plan

TASKS = ("camuto2021_input_noise", "camuto2021_variance_frequency", "nakagawa2021_posterior_isometry")


@pytest.fixture
def outcome(tiny: object, request_of: Callable[..., Request]) -> Callable[[str, str], CellOutcome]:
    def run(task: str, variant: str) -> CellOutcome:
        asked = request_of(tasks=(task,), variants=(variant,), datasets=("digits",), seeds=1)
        return run_cell(plan(asked).cells[0])

    return run


@pytest.mark.parametrize("task", TASKS)
def test_a_variant_that_escapes_interventions_is_refused_in_every_task_and_read_in_none(outcome, task: str) -> None:
    found = outcome(task, str(BROUGHT / "escape_vae.py"))
    assert found.status == "refused"
    assert found.reason.startswith("escape_vae: the loss stays the same when the posterior's scale changes")
    assert found.measurements == ()


IDLE = """
from torch import nn
from vaebench.models import AutoEncoder, Variant, autoencoder, negative_elbo

def build(shape, latent, arch):
    model = autoencoder(shape, latent, arch)
    model.spare = nn.Linear(2, 2)
    return model

VARIANT = Variant("idle_vae", "tests", build, negative_elbo(), kl_weight=1.0)
"""


def test_weights_that_no_gradient_reaches_are_named_in_the_record(outcome, tmp_path) -> None:
    (tmp_path / "idle_vae.py").write_text(IDLE)
    found = outcome(TASKS[1], str(tmp_path / "idle_vae.py"))
    note = "no gradient reaches 2 of 16 weight tensors: spare.weight, spare.bias"
    assert (found.status, found.notes) == ("ok", (note,))
    assert assemble([found], (), ()).cells[0].notes == (note,)


@pytest.mark.parametrize("declared", [4.0, 0.5])
def test_a_false_kl_weight_is_refused_with_the_factor_seen(outcome, tmp_path, declared: float) -> None:
    text = IDLE.replace("kl_weight=1.0", f"kl_weight={declared}").replace("idle_vae", "boasting_vae")
    (tmp_path / "boasting_vae.py").write_text(text)
    found = outcome(TASKS[2], str(tmp_path / "boasting_vae.py"))
    assert found.status == "refused"
    assert f"kl_weight is declared {declared:g}, but the loss has 1 ± " in found.reason


@pytest.mark.parametrize("task", catalog.task_names())
def test_attention_in_a_decoder_is_measured_in_every_task(outcome, task: str) -> None:
    """Its fused kernel has no forward derivatives."""
    found = outcome(task, str(BROUGHT / "attention_vae.py"))
    assert (found.status, found.reason) == ("ok", "")
    absences = [absence for column in found.measurements for absence in column.absent]
    assert not [absence for absence in absences if "forward AD" in absence.reason]


def test_an_error_names_the_users_line_and_layer_and_not_torchs_file(outcome, tmp_path) -> None:
    text = (
        (BROUGHT / "attention_vae.py")
        .read_text()
        .replace("tokens, tokens, tokens)", "tokens, tokens, tokens[:, :, :5])")
    )
    (tmp_path / "wrong_vae.py").write_text(text.replace("attention_vae", "wrong_vae"))
    found = outcome(TASKS[0], str(tmp_path / "wrong_vae.py"))
    assert found.status == "broken"
    assert "(wrong_vae.py, line 24, in MultiheadAttention)" in found.reason
