"""Checkpoints: loaded whole or refused in one line, never trained, and read where nothing acts in training."""

import pickle
import struct
from dataclasses import replace

import pytest
import torch
from brought.zoo import Plain, variant
from safetensors.torch import save_file

from vaebench import catalog
from vaebench.data import Dataset, Split
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.measures.model_view import kl_weight_in_squares
from vaebench.models import Refused, Unfit, Variant, autoencoder, negative_elbo
from vaebench.training.checkpoint import load_weights
from vaebench.training.fit import fit

SHAPE, LATENT = (1, 4, 4), 3
X = torch.rand(200, *SHAPE, generator=torch.Generator().manual_seed(0))
DATA = Dataset("made", 1, Split(X[:150]), Split(X[150:]))


def saved(path, model=None, **changes):
    weights = (model or Plain(SHAPE, LATENT)).state_dict() | changes
    save_file({name: value.contiguous() for name, value in weights.items() if value is not None}, path)
    return path


def frozen(path, **options):
    return variant("frozen", Plain, trained=True, weights=path, **options)


def fitted(path, interventions=None, **options):
    by = interventions or Interventions(likelihood_variance=0.005)
    return fit(
        frozen(path, **options),
        DATA,
        arch="mlp",
        latent=LATENT,
        training=TrainingConfig(steps=5),
        interventions=by,
        seed=0,
    )


def test_its_weights_are_those_of_the_file_and_nothing_is_trained(tmp_path):
    model = Plain(SHAPE, LATENT)
    found = fitted(saved(tmp_path / "w.safetensors", model))
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in found.model.model.state_dict().items())
    assert (found.history, found.snapshots, found.objective, found.seconds) == ((), (), None, 0.0)
    assert not any(weight.requires_grad for weight in found.model.parameters()) and not found.model.training
    assert any("kl_weight is its author's word" in note for note in found.notes)


def test_its_likelihood_keeps_its_own_variance_and_beta_is_of_that(tmp_path):
    found = fitted(saved(tmp_path / "w.safetensors"))
    assert found.model.decode(torch.zeros(1, LATENT)).variance == 0.05
    assert kl_weight_in_squares(found, X) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "by",
    [
        Interventions(posterior_scale=0.2, likelihood_variance=0.05),
        Interventions(input_noise=0.1, likelihood_variance=0.05),
        Interventions(likelihood="bernoulli"),
    ],
)
def test_what_acts_in_training_is_not_for_it(tmp_path, by):
    with pytest.raises(Unfit, match="frozen: its weights are a checkpoint, and what this task varies acts in training"):
        fitted(saved(tmp_path / "w.safetensors"), by)


BROKEN = {
    "empty": b"",
    "text": b"no weights",
    "huge header": struct.pack("<Q", 2**62) + b"{}",
    "header that is no JSON": struct.pack("<Q", 4) + b"{{{{",
    "a pickle": pickle.dumps({"a": 1}),
}


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_is_one_line_that_names_it(tmp_path, content):
    (tmp_path / "w.safetensors").write_bytes(BROKEN[content])
    with pytest.raises(Refused, match=r"^frozen: w\.safetensors is no safetensors file") as raised:
        fitted(tmp_path / "w.safetensors")
    assert "\n" not in str(raised.value)


def test_a_truncated_file_is_too(tmp_path):
    whole = saved(tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Refused, match=r"w\.safetensors is no safetensors file"):
        fitted(tmp_path / "w.safetensors")


def test_a_file_that_is_not_there_or_is_a_folder_is_told(tmp_path):
    for name in ("w.safetensors", "."):
        with pytest.raises(Refused, match=r"^frozen: there is no file of weights"):
            fitted(tmp_path / name)


def test_a_file_of_another_model_is_told_by_what_it_lacks_and_has(tmp_path):
    path = saved(tmp_path / "w.safetensors", None, **{"encoder.0.weight": None, "made_up": torch.zeros(1)})
    with pytest.raises(Unfit, match=r"without encoder\.0\.weight; with made_up$"):
        fitted(path)


@pytest.mark.parametrize(
    ("value", "says", "error"),
    [
        (torch.zeros(2), r"encoder\.0\.bias has shape \(2,\), and the model's has \(64,\)", Unfit),
        (torch.zeros(64).double(), r"encoder\.0\.bias is torch\.float64, and the model's is torch\.float32", Unfit),
        (torch.full((64,), torch.nan), r"encoder\.0\.bias has a value that is not finite", Refused),
    ],
)
def test_a_weight_that_does_not_fit_is_named(tmp_path, value, says, error):
    with pytest.raises(error, match=says):
        fitted(saved(tmp_path / "w.safetensors", None, **{"encoder.0.bias": value}))


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    path = saved(tmp_path / "w.safetensors")
    monkeypatch.setattr("vaebench.training.checkpoint.LARGEST", 100)
    with pytest.raises(Refused, match=r"w\.safetensors is larger than"):
        load_weights(Plain(SHAPE, LATENT), path)


def test_a_trained_variant_names_its_file_and_no_other_does():
    plain = Variant("mine", "here", autoencoder, negative_elbo())
    for options in ({"trained": True}, {"weights": "w.safetensors"}):
        with pytest.raises(ValueError, match="a trained variant names the file of its weights, and no other one does"):
            replace(plain, **options)


PAGE = """
from vaebench.models import Variant, autoencoder, negative_elbo
VARIANT = Variant("mine", "here", autoencoder, negative_elbo(), trained=True, weights="w.safetensors")
"""


def test_the_file_lies_beside_the_variants_own_and_its_bytes_count(tmp_path):
    (tmp_path / "mine.py").write_text(PAGE)
    with pytest.raises(catalog.BadVariant, match=r"mine: there is no file of weights .*w\.safetensors"):
        catalog.variant(str(tmp_path / "mine.py"))
    hashes = []
    for value in (0.0, 0.0, 1.0):
        save_file({"a": torch.full((2,), value)}, tmp_path / "w.safetensors")
        found = catalog.variant(str(tmp_path / "mine.py"))
        assert found.variant.weights == tmp_path / "w.safetensors"
        hashes.append(found.code_hash)
    assert hashes[0] == hashes[1] != hashes[2]
