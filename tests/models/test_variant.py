"""Laws of a variant's definition, and of the suite's own."""

from dataclasses import replace

import pytest
import torch
from models.steps import taken

from vaebench import catalog
from vaebench.models import Adversary, Bernoulli, Gaussian, Player, Variant, autoencoder, negative_elbo
from vaebench.models.autoencoder import GAUSSIAN_VARIANCE
from vaebench.models.objectives import total


def variant(**changes):
    return Variant(**{"name": "mine", "source": "here", "build": autoencoder, "objective": negative_elbo(), **changes})


@pytest.mark.parametrize("name", ["", "VAE", "my vae", "my-vae", "1vae", "_vae", "vae/..", "vae\n", "v" * 65, "väe"])
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(ValueError, match="a variant's name is lower-case letters, digits and underscores, not "):
        variant(name=name)


@pytest.mark.parametrize("name", ["v", "vae_2", "v" * 64])
def test_other_names_are_taken(name):
    assert variant(name=name).name == name


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_a_weight_that_weighs_nothing_is_refused(weight):
    with pytest.raises(ValueError, match=f"kl_weight is above 0 or None, not {weight}"):
        variant(kl_weight=weight)


FIRST, SECOND = Adversary("first", negative_elbo()), Adversary("second", negative_elbo())


def test_former_names_of_adversaries_still_work():
    former = variant(players=(Player("first", negative_elbo()), SECOND))
    assert isinstance(former.adversaries[0], Adversary)
    assert former.players == former.adversaries
    assert variant(adversaries=(FIRST,)).players == (FIRST,)
    assert variant().players == ()


@pytest.mark.parametrize("name", ["players", "adversaries"])
def test_replace_changes_adversaries_under_either_name_and_keeps_them_otherwise(name):
    one = variant(**{name: (FIRST,)})
    assert replace(one, name="other").adversaries == (FIRST,)
    assert replace(one, **{name: (SECOND,)}).adversaries == (SECOND,)
    assert replace(one, **{name: ()}).adversaries == ()


def test_the_likelihood_of_record_is_gaussian_and_another_can_be_asked_for():
    torch.manual_seed(0)
    decoded = autoencoder((4,), 2, "mlp").decode(torch.zeros(1, 2))
    assert (type(decoded), decoded.variance) == (Gaussian, GAUSSIAN_VARIANCE)
    assert isinstance(autoencoder((4,), 2, "mlp", Bernoulli).decode(torch.zeros(1, 2)), Bernoulli)


DECLARING = [name for name in catalog.variant_names() if catalog.variant(name).variant.kl_weight is not None]


@pytest.mark.parametrize("name", DECLARING)
def test_a_declared_weight_is_the_one_that_the_objective_uses(name):
    """Move the posterior by hand and hold what is decoded: the loss moves by the weight times the divergence."""
    found = catalog.variant(name).variant
    torch.manual_seed(1)
    step = taken(found.build((4,), 2, "mlp"), torch.rand(5, 4))
    held = replace(step, decode=lambda _z: step.likelihood)
    kind, mean, scale = type(step.posterior), step.posterior.mean, torch.ones_like(step.posterior.scale)
    near, far = (kind(torch.full_like(mean, at), scale) for at in (0.0, 2.0))
    with torch.no_grad():
        losses = [total(found.objective(replace(held, posterior=q))) for q in (near, far)]
    expected = found.kl_weight * float(far.kl().mean() - near.kl().mean())
    assert float(losses[1] - losses[0]) == pytest.approx(expected, rel=1e-4)
