"""Laws of layers: which modules they are in any network, and what is recorded of them in one call."""

import re

import pytest
import torch
from brought.bernoulli_vae import BernoulliVAE
from torch import nn
from torch.nn import functional

from vaebench import catalog
from vaebench.kernels.estimate import Undefined
from vaebench.models import AutoEncoder, autoencoder
from vaebench.models.layers import activations, decoder_layers, encoder_layers, hidden_layers

SHAPE = (1, 16, 16)


def model_of(arch):
    torch.manual_seed(0)
    return autoencoder(SHAPE, 3, arch)


def names(network):
    return tuple(name for name, _ in hidden_layers(network))


class Functional(nn.Module):
    """A network that calls its activations as functions."""

    def __init__(self, *widths):
        super().__init__()
        self.first, self.norm, self.second = nn.Linear(*widths[:2]), nn.LayerNorm(widths[1]), nn.Linear(*widths[1:])

    def forward(self, x):
        return self.second(functional.relu_(self.norm(self.first(x))))


class Named(nn.Module):
    """A model in one piece, with a complex code, that names its layers."""

    encoder_layers = ("act", "code")
    decoder_layers = ("out",)

    def __init__(self):
        super().__init__()
        self.dense, self.act, self.code, self.out = nn.Linear(4, 6), nn.Tanh(), Complex(), nn.Linear(3, 4)

    def forward(self, x):
        return self.out(self.code(self.act(self.dense(x))).real)


class Complex(nn.Module):
    def forward(self, x):
        return torch.complex(x[:, :3], x[:, 3:])


EXPECTED = {
    "mlp": (["encoder.2", "encoder.4"], ["decoder.1", "decoder.3", "decoder.4"]),
    "conv": (
        ["encoder.1", "encoder.3", "encoder.5", "encoder.8"],
        ["decoder.1", "decoder.3", "decoder.6", "decoder.8", "decoder.9"],
    ),
    "resnet": (
        ["encoder.1", "encoder.2", "encoder.6"],
        ["decoder.1", "decoder.4", "decoder.5", "decoder.7"],
    ),
}


@pytest.mark.parametrize("arch", catalog.arch_names())
def test_layers_of_our_architectures(arch):
    model = model_of(arch)
    encoder, decoder = EXPECTED[arch]
    assert encoder_layers(model) == (*encoder, "mean", "log_scale")
    assert decoder_layers(model) == tuple(decoder)


@pytest.mark.parametrize("arch", catalog.arch_names())
def test_what_is_recorded_runs_from_the_data_to_the_heads_and_from_the_code_to_the_output(arch):
    model, x = model_of(arch), torch.rand(5, *SHAPE)
    seen = activations(model, lambda: model.encode(x), encoder_layers(model))
    assert tuple(seen) == encoder_layers(model)
    assert all(rows.ndim == 2 and len(rows) == 5 and not rows.requires_grad for rows in seen.values())
    posterior = model.encode(x)
    assert torch.equal(seen["mean"], posterior.mean)
    assert torch.equal(seen["log_scale"], posterior.log_scale)
    torch.testing.assert_close(model.mean(list(seen.values())[-3]), posterior.mean)
    decoded = activations(model, lambda: model.decode(posterior.mean), decoder_layers(model))
    torch.testing.assert_close(list(decoded.values())[-1], model.decode(posterior.mean).mean.flatten(1))


def test_a_layer_is_an_activation_wherever_it_hides_and_never_a_change_of_shape():
    inner = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    net = nn.Sequential(inner, nn.Flatten(), nn.Dropout(), nn.Sequential(nn.Linear(8, 4), nn.PReLU()), nn.Linear(4, 2))
    assert names(net) == ("0.2", "3.1")


class Own(nn.ReLU):
    pass


def test_an_activation_of_ones_own_counts():
    assert names(nn.Sequential(nn.Linear(2, 2), Own())) == ("1",)


def test_a_block_is_one_layer_and_the_activation_after_it_belongs_to_the_next():
    block = nn.Sequential(nn.SiLU(), nn.Linear(3, 3), nn.SiLU())
    net = nn.Sequential(nn.Linear(3, 3), block, nn.SiLU(), nn.Linear(3, 3), nn.SiLU())
    assert names(net) == ("1.0", "1.2", "2", "4")
    block.is_layer = True
    assert names(net) == ("1", "4")
    assert names(block) == ("",)


def test_without_activations_modules_with_weights_are_the_layers():
    assert names(Functional(4, 3, 2)) == ("first", "second")
    assert names(nn.Sequential(nn.Linear(4, 3), nn.Unflatten(1, (1, 3)))) == ("0",)
    assert names(nn.Linear(2, 2)) == ("",)
    assert names(nn.Flatten()) == ()


def test_an_output_counts_once_whatever_gives_it():
    def layers(decoder):
        return decoder_layers(AutoEncoder(nn.Flatten(), decoder, 4, 2))

    hidden, last = (nn.Linear(2, 3), nn.Tanh()), nn.Linear(3, 4)
    assert layers(nn.Sequential(*hidden, last)) == ("decoder.1", "decoder.2")
    assert layers(nn.Sequential(*hidden, last, nn.Unflatten(1, (2, 2)))) == ("decoder.1", "decoder.2")
    assert layers(nn.Sequential(*hidden, last, nn.Sigmoid())) == ("decoder.1", "decoder.3")
    assert layers(Functional(2, 3, 4)) == ("decoder.first", "decoder.second")
    assert layers(nn.Linear(2, 4)) == ("decoder",)


def test_the_linear_vae_names_its_one_head_and_has_an_output():
    model = catalog.variant("linear_vae").variant.build((4,), 2, "mlp")
    assert encoder_layers(model) == ("mean",)
    assert decoder_layers(model) == ("decoder.0",)


def test_an_encoder_without_heads_ends_in_its_own_output():
    model = BernoulliVAE((4,), 2)
    assert encoder_layers(model) == ("encoder.2", "encoder.3")
    assert decoder_layers(model) == ("decoder.1", "decoder.2")


def test_a_models_own_names_come_first():
    model = Named()
    assert (encoder_layers(model), decoder_layers(model)) == (("act", "code"), ("out",))
    seen = activations(model, lambda: model(torch.rand(7, 4)), encoder_layers(model))
    assert torch.equal(seen["code"][:, ::2], seen["act"][:, :3])  # a complex number is two numbers
    assert torch.equal(seen["code"][:, 1::2], seen["act"][:, 3:])
    plain = model_of("mlp")
    plain.decoder_layers = ["decoder.3"]
    assert decoder_layers(plain) == ("decoder.3",)
    assert encoder_layers(plain)[-1] == "log_scale"


@pytest.mark.parametrize(("layers", "side"), [(encoder_layers, "encoder"), (decoder_layers, "decoder")])
def test_a_model_without_such_parts_is_told_how_to_name_its_layers(layers, side):
    model = nn.Linear(2, 2)
    says = f"^no layers are found in a submodule '{side}': the model can name them in {side}_layers$"
    with pytest.raises(Undefined, match=says):
        layers(model)
    setattr(model, side, nn.Flatten())
    with pytest.raises(Undefined, match=says):
        layers(model)


def test_a_name_of_nothing_is_refused():
    says = r"^Named has no module 'dense.0'; see its named_modules\(\)$"
    model = Named()
    model.encoder_layers = ("act", "dense.0")
    with pytest.raises(ValueError, match=says):
        encoder_layers(model)
    with pytest.raises(ValueError, match=says):
        activations(model, lambda: pytest.fail("called for nothing"), ["dense.0"])


def test_what_is_recorded_is_what_was_given_then():
    """The next layer may write into it."""
    net, x = nn.Sequential(nn.Linear(3, 3), nn.ReLU(inplace=True)), torch.randn(50, 3)
    seen = activations(net, lambda: net(x), ["0", "1"])
    assert torch.equal(seen["0"], net[0](x))
    assert float(seen["0"].min()) < 0
    assert torch.equal(seen["1"], seen["0"].relu())


def test_a_module_called_again_or_never_is_no_layer():
    act = nn.Tanh()
    net, x = nn.Sequential(nn.Linear(2, 2), act, nn.Linear(2, 2), act), torch.rand(3, 2)
    with pytest.raises(Undefined, match=r"^the module 1 was called 2 times in one call: it is no layer to compare$"):
        activations(net, lambda: net(x), ["1"])
    with pytest.raises(Undefined, match=r"^the module 2 was called 0 times in one call"):
        activations(net, lambda: net[:2](x), ["0", "2"])


@pytest.mark.parametrize(("gives", "kind"), [((1, 2), "tuple"), (torch.tensor(1.0), "Tensor"), (None, "NoneType")])
def test_a_module_that_gives_no_batch_is_no_layer(gives, kind):
    class Odd(nn.Module):
        def forward(self, _x):
            return gives

    net = nn.Sequential(Odd())
    with pytest.raises(Undefined, match=re.escape(f"the module 0 gave a {kind}, not a batch of numbers")):
        activations(net, lambda: net(torch.rand(2, 2)), ["0"])


def test_hooks_are_gone_afterwards_even_when_the_call_fails():
    model, x = model_of("mlp"), torch.rand(2, *SHAPE)
    names_of_all = encoder_layers(model)
    activations(model, lambda: model.encode(x), names_of_all)
    with pytest.raises(RuntimeError, match="shape"):
        activations(model, lambda: model.encode(x[:, :, :3]), names_of_all)
    with pytest.raises(Undefined):
        activations(model, lambda: None, names_of_all)
    assert not any(module._forward_hooks for module in model.modules())
