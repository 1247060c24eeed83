"""Conditional models: trained with the labels of all examples, read at one class, on the examples of that class."""

import pytest
import torch
from brought.zoo import Conditional, variant
from measures.known import by_name, generator, trained
from torch import nn

from vaebench.cell import of_class
from vaebench.data import Dataset, Split
from vaebench.experiment import EvaluationBudget, Interventions, TrainingConfig
from vaebench.measures.probe import Probe
from vaebench.models import Unfit, negative_elbo
from vaebench.models.conditional import conditioned, most_frequent
from vaebench.models.exact import linear_vae_on_principal_axes
from vaebench.papers.nakagawa2021.isometry import stationarity
from vaebench.training.fit import fit

CLASSES, SHAPE, LATENT = 3, (8,), 3
LABELS = torch.tensor([0] * 80 + [1] * 150 + [2] * 70)
SPREAD = (0.5, 1.0, 2.0)


def made():
    """Three classes with covariances of their own."""
    rng = generator(3)
    x = torch.randn(len(LABELS), *SHAPE, generator=rng) * torch.linspace(0.3, 2, 8)
    x = x * torch.tensor(SPREAD)[LABELS].unsqueeze(1) + LABELS.unsqueeze(1)
    held = torch.arange(len(LABELS)) % 3 == 0
    return Dataset("classes", 1, Split(x[~held], LABELS[~held]), Split(x[held], LABELS[held]))


DATA = made()


def fitted(model=None, data=DATA, objective=None, **options):
    kind = model or (lambda shape, latent: Conditional(shape, latent, CLASSES))
    one = variant("conditional", kind, labels=options.pop("labels", CLASSES))
    if objective:
        from dataclasses import replace

        one = replace(one, objective=objective, kl_weight=None)
    return fit(
        one,
        data,
        arch="mlp",
        latent=LATENT,
        training=TrainingConfig(steps=10, batch=32),
        interventions=Interventions(likelihood_variance=0.05),
        seed=0,
    )


def test_each_example_is_trained_with_its_own_label():
    seen = []

    def objective(step):
        seen.append((step.x[:, 0].detach(), step.labels))
        return negative_elbo()(step)

    found = fitted(objective=objective)
    assert found.label == 1 == most_frequent(LABELS)
    at_training = [pair for pair in seen if pair[1] is not None]
    assert len(at_training) == 10
    of_value = {float(x): int(label) for x, label in zip(DATA.train.x[:, 0], DATA.train.labels, strict=True)}
    for values, labels in at_training:
        assert [of_value[float(value)] for value in values] == labels.tolist()


def test_further_passes_of_an_objective_have_the_labels_too():
    def objective(step):
        torch.testing.assert_close(step.encode(step.seen).mean, step.posterior.mean)
        torch.testing.assert_close(step.decode(step.z).mean, step.likelihood.mean)
        return negative_elbo()(step)

    fitted(objective=objective)


def test_its_weights_keep_their_names():
    names = [name for name, _ in Conditional(SHAPE, LATENT, CLASSES).named_parameters()]
    model = conditioned(Conditional(SHAPE, LATENT, CLASSES), 2)
    assert [name for name, _ in model.named_parameters()] == names and list(model.state_dict()) == names
    x, two = torch.zeros(4, *SHAPE), torch.full((4,), 2)
    assert torch.equal(model.encode(x).mean, model.encode(x, two).mean)
    assert not torch.equal(model.encode(x).mean, model.encode(x, 0 * two).mean)


@pytest.mark.parametrize(
    ("labels", "classes", "says"),
    [(None, 3, "and classes has no classes"), (LABELS, 2, "takes labels of 2 classes, and classes has 3 classes")],
)
def test_data_without_its_classes_do_not_fit(labels, classes, says):
    splits = (Split(part.x, None if labels is None else part.labels) for part in (DATA.train, DATA.held_out))
    with pytest.raises(Unfit, match=says):
        fitted(data=Dataset("classes", 1, *splits), labels=classes)


class Exact(nn.Module):
    """The closed form of the linear VAE for each class."""

    def __init__(self):
        super().__init__()
        self.of = nn.ModuleList(linear_vae_on_principal_axes(of_class(DATA, c), LATENT, None, 0.1) for c in range(3))

    def encode(self, x, labels):
        return self.of[int(labels[0])].encode(x)

    def decode(self, z, labels):
        return self.of[int(labels[0])].decode(z)


@pytest.mark.parametrize("label", range(CLASSES))
def test_read_at_a_class_it_is_the_closed_form_of_that_class(label):
    data, budget = of_class(DATA, label), EvaluationBudget(points=50)
    found = by_name(stationarity(Probe(trained(conditioned(Exact(), label), LATENT), data, budget, generator())))
    assert found["t2_worst_deviation"].value < 1e-4
    alone = Exact().of[label]
    known = by_name(stationarity(Probe(trained(alone, LATENT), data, budget, generator())))
    assert {name: one.value for name, one in found.items()} == {name: one.value for name, one in known.items()}


def test_read_on_the_data_of_another_class_it_would_not_explain_them():
    from vaebench.measures.reconstruction import unexplained_variance

    budget, model = EvaluationBudget(points=50), trained(conditioned(Exact(), 0), LATENT)
    right, wrong = (
        unexplained_variance(Probe(model, of_class(DATA, label), budget, generator()))[0].value for label in (0, 2)
    )
    assert right < 0.5 * wrong


def test_the_data_of_a_class_are_its_examples_alone():
    found = of_class(DATA, 2)
    assert set(found.train.labels.tolist()) == set(found.held_out.labels.tolist()) == {2}
    assert len(found.train.x) + len(found.held_out.x) == 70
    assert of_class(DATA, None) is DATA
