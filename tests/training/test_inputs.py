"""What a step reads is drawn from the seed alone; and nothing of Python's is frozen in it when it is replayed."""

from dataclasses import replace

import pytest
import torch
from torch.func import functional_call
from torch.fx.experimental.proxy_tensor import make_fx

from vaebench import catalog
from vaebench.experiment import Interventions
from vaebench.seeds import seed_for
from vaebench.training.inputs import Inputs
from vaebench.training.intervened import Intervened
from vaebench.training.once import Once
from vaebench.training.start import build
from vaebench.training.step import TrainingStep

X = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(20)
DRAW = {"denoising_vae", "factor_vae", "iwae", "kahler_vae"}
"""Variants whose objectives draw: a trace on a CPU cannot hold a generator."""


def inputs(seed=3, batch=8, noisy=True):
    return Inputs(X, LABELS, 4, batch, noisy, seed)


def test_draws_are_those_of_generators_of_their_own():
    """As `torch.randn` gives them, whatever else is drawn."""
    plain, noisy = inputs(noisy=False), inputs()
    noise, more = (torch.Generator().manual_seed(seed_for(3, purpose)) for purpose in ("noise", "input noise"))
    for step in range(5):
        plain.fill(step)
        noisy.fill(step)
        assert torch.equal(plain.x, noisy.x) and torch.equal(plain.x, X[plain.labels])
        assert torch.equal(plain.code_noise, torch.randn(8, 4, generator=noise))
        assert torch.equal(plain.code_noise, noisy.code_noise)
        assert torch.equal(noisy.input_noise, torch.randn(8, 1, 8, 8, generator=more))
        assert plain.input_noise is None and plain.step == step


def test_what_was_given_stays():
    one = inputs()
    one.fill(0)
    kept, copied = (one.x, one.code_noise, one.labels), (one.x.clone(), one.code_noise.clone(), one.labels.clone())
    one.fill(1)
    assert all(torch.equal(*pair) for pair in zip(kept, copied, strict=True))
    assert not torch.equal(one.x, kept[0])


def test_a_batch_is_no_larger_than_the_data():
    one = inputs(batch=64)
    one.fill(0)
    assert sorted(one.labels.tolist()) == list(range(20))


def replayed(variant, arch="mlp"):
    """Losses and gradients of steps, as they are and as a trace of the first one gives them."""
    model = Intervened(build(variant, (1, 8, 8), 4, arch, 0), Interventions(likelihood_variance=0.05, input_noise=0.1))
    objectives = (variant.objective, *(adversary.objective for adversary in variant.adversaries))
    step_of = TrainingStep(model, objectives, 100, 20)
    weights = {name: weight.detach() for name, weight in step_of.named_parameters() if weight.requires_grad}

    def once(weights, x, code_noise, input_noise, step):
        own = {name: weight.requires_grad_() for name, weight in weights.items()}
        losses = functional_call(step_of, own, (x, code_noise, input_noise, step, torch.Generator()))
        return losses, torch.autograd.grad(losses[0], list(own.values()), allow_unused=True)

    one = inputs()
    one.fill(0)

    def given(step):
        return weights, one.x, one.code_noise, one.input_noise, torch.tensor(float(step), dtype=torch.float64)

    trace = make_fx(once)(*given(0))
    for step in (0, 1, 20, 50, 99):
        one.fill(step)
        eager = functional_call(step_of, weights, (one.x, one.code_noise, one.input_noise, step, torch.Generator()))
        yield eager, once(*given(step)), trace(*given(step))


@pytest.mark.parametrize("name", sorted(set(catalog.variant_names()) - DRAW))
def test_a_replayed_step_gives_the_bits_of_the_step_itself(name):
    """A number of Python's would be that of the first step for ever. So would a schedule that reads one."""
    for eager, (losses, gradients), (again, traced) in replayed(catalog.variant(name).variant):
        assert all(torch.equal(one, other) for one, other in zip(eager, losses, strict=True))
        assert all(torch.equal(one, other) for one, other in zip(losses, again, strict=True))
        for one, other in zip(gradients, traced, strict=True):
            assert (one is None and other is None) or torch.equal(one, other)


def test_a_schedule_by_pythons_numbers_is_frozen_and_is_seen():
    """The plant: this is what the test above is for."""

    def frozen(step):
        return {"kl": min(1.0, float(step.step) / 50) * step.kl().mean()}

    variant = replace(catalog.variant("vae").variant, objective=frozen)
    with pytest.raises(RuntimeError):  # a trace refuses to ask for a number, as a capture does
        list(replayed(variant))


def test_on_a_cpu_a_step_runs_as_it_is():
    calls = []
    once = Once(lambda: calls.append(1) or torch.zeros(()), (), captures=False)
    for _ in range(5):
        assert float(once()) == 0
    assert len(calls) == 5 and not once.captured and not once.note


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA")
@pytest.mark.parametrize("arch", ["mlp", "conv"])
@pytest.mark.parametrize("name", catalog.variant_names())
def test_a_captured_training_gives_the_bits_of_an_eager_one(name, arch, monkeypatch):
    from vaebench.data.digits import load
    from vaebench.experiment import TrainingConfig
    from vaebench.models import Unfit
    from vaebench.training import loop
    from vaebench.training.fit import fit

    found, once = [], []
    for captures in (True, False):

        def made(step, rngs, captures, wanted=captures):
            once.append(Once(step, rngs, captures=wanted))
            return once[-1]

        monkeypatch.setattr(loop, "Once", made)
        try:
            found.append(
                fit(
                    catalog.variant(name).variant,
                    load(),
                    arch=arch,
                    latent=4,
                    training=TrainingConfig(steps=100, batch=64),
                    interventions=Interventions(likelihood_variance=0.05),
                    seed=0,
                    device="cuda",
                )
            )
        except Unfit:
            pytest.skip(f"{name} is not built with {arch}")
    assert once[0].captured and not once[0].note and not once[1].captured
    weights = [one.model.state_dict() for one in found]
    assert all(torch.equal(weight, weights[1][key]) for key, weight in weights[0].items())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA")
def test_a_step_that_asks_for_a_number_is_not_captured_and_says_so():
    once = Once(lambda: torch.ones((), device="cuda") * float(torch.ones((), device="cuda")), (), captures=True)
    assert [float(once()) for _ in range(6)] == [1.0] * 6
    assert not once.captured and once.note.startswith("trained without a CUDA graph: ")
