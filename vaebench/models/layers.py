"""Layers of a model whose representations are compared: their names and their outputs.

`hidden_layers` finds them by default. A model can name them itself in ``encoder_layers`` or ``decoder_layers``. The
names are in order of depth and as in ``model.named_modules()``.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

import torch
from torch import Tensor, nn

from vaebench.kernels.estimate import Undefined

HEADS = ("mean", "log_scale")
"""Submodules that make a posterior from the encoder's output."""

Named = tuple[tuple[str, nn.Module], ...]


def hidden_layers(network: nn.Module) -> Named:
    """Find the modules whose outputs are a network's hidden layers, in order of depth.

    They are its blocks (modules with ``is_layer = True``) and torch's activations. An activation right after a block
    belongs to the next layer and does not count. A network may have neither: it is linear, or calls its activations as
    functions. Then they are the modules with weights.

    Args:
        network: Any module that registers its parts in calling order, like ``nn.Sequential``.

    Returns:
        Qualified names, as in ``network.named_modules()``, and modules.

    Examples:
        >>> hidden_layers(nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)))
        (('2', Tanh()),)
    """
    parts = _parts(network, "")
    found: list[tuple[str, nn.Module]] = []
    opens = False
    for name, module in parts:
        if _is_block(module) or (_is_activation(module) and not opens):
            found.append((name, module))
        opens = _is_block(module)
    return tuple(found) or tuple(part for part in parts if _has_weights(part[1]))


def encoder_layers(model: nn.Module) -> tuple[str, ...]:
    """Name the layers of a model's encoder, from the data to the posterior.

    Args:
        model: With ``encoder_layers``, or with a submodule ``encoder``. Its heads ``mean`` and ``log_scale``, if any,
            come last.

    Returns:
        Names, as in ``model.named_modules()``.

    Raises:
        Undefined: No layer can be found.
        ValueError: The model names a module that it does not have.
    """  # noqa: DOC502 - raised by what it calls
    return _own_names(model, "encoder_layers") or _found(model, "encoder", HEADS)


def decoder_layers(model: nn.Module) -> tuple[str, ...]:
    """Name the layers of a model's decoder, from the code to the data; the last is the output.

    Args:
        model: With ``decoder_layers``, or with a submodule ``decoder``.

    Returns:
        Names, as in ``model.named_modules()``.

    Raises:
        Undefined: No layer can be found.
        ValueError: The model names a module that it does not have.
    """  # noqa: DOC502 - raised by what it calls
    return _own_names(model, "decoder_layers") or _found(model, "decoder")


def activations(model: nn.Module, call: Callable[[], object], names: Sequence[str]) -> dict[str, Tensor]:
    """Record the outputs of some modules of a model during one call.

    Args:
        model: The model.
        call: Calls it once, for example ``lambda: model.encode(x)``.
        names: Of modules, as in ``model.named_modules()``.

    Returns:
        Output of each, shape (n, features), without gradients, in the order of `names`. Complex numbers count as two
        real ones.

    Raises:
        ValueError: There is no module of such a name.
        Undefined: A module was not called exactly once, or its output is not a batch of numbers.
    """  # noqa: DOC502 - raised by what it calls
    modules = _modules(model, names)
    outputs: dict[str, list[object]] = {name: [] for name in modules}
    with ExitStack() as hooks:
        for name, module in modules.items():
            hooks.callback(module.register_forward_hook(partial(_record, outputs[name])).remove)
        call()
    return {name: _rows(name, given) for name, given in outputs.items()}


def _record(outputs: list[object], _module: nn.Module, _inputs: object, output: object) -> None:
    # Copied now, because the next module may work in place.
    outputs.append(output.detach().clone() if isinstance(output, Tensor) else output)


def _rows(name: str, outputs: list[object]) -> Tensor:
    if len(outputs) != 1:
        raise Undefined(f"the module {name} was called {len(outputs)} times in one call: it is no layer to compare")
    output = outputs[0]
    if not isinstance(output, Tensor) or output.ndim == 0:
        raise Undefined(f"the module {name} gave a {type(output).__name__}, not a batch of numbers")
    real = torch.view_as_real(output) if output.is_complex() else output
    return real.reshape(len(real), -1)


def _own_names(model: nn.Module, attribute: str) -> tuple[str, ...]:
    return tuple(_modules(model, getattr(model, attribute, ())))


def _found(model: nn.Module, side: str, heads: Sequence[str] = ()) -> tuple[str, ...]:
    network = getattr(model, side, None)
    if isinstance(network, nn.Module):
        inside = (f"{side}.{name}" if name else side for name, _ in _with_output(network))
        beside = (head for head in heads if isinstance(getattr(model, head, None), nn.Module))
        if names := (*inside, *beside):
            return names
    raise Undefined(f"no layers are found in a submodule {side!r}: the model can name them in {side}_layers")


def _with_output(network: nn.Module) -> Named:
    """Hidden layers, and the module with weights after them, if there is one."""
    hidden = hidden_layers(network)
    listed = {name for name, _ in hidden}
    relevant = [part for part in _parts(network, "") if part[0] in listed or _has_weights(part[1])]
    return hidden if not relevant or relevant[-1][0] in listed else (*hidden, relevant[-1])


def _parts(network: nn.Module, prefix: str) -> Named:
    """Blocks and modules without submodules, in the order of registration."""
    if _is_block(network) or not list(network.children()):
        return ((prefix, network),)
    named = ((f"{prefix}.{name}" if prefix else name, child) for name, child in network.named_children())
    return tuple(part for name, child in named for part in _parts(child, name))


def _modules(model: nn.Module, names: Sequence[str]) -> dict[str, nn.Module]:
    there = dict(model.named_modules(remove_duplicate=False))
    for name in names:
        if name not in there:
            raise ValueError(f"{type(model).__name__} has no module {name!r}; see its named_modules()")
    return {name: there[name] for name in names}


def _is_block(module: nn.Module) -> bool:
    return getattr(module, "is_layer", False) is True


def _is_activation(module: nn.Module) -> bool:
    return any(kind.__module__ == "torch.nn.modules.activation" for kind in type(module).__mro__)


def _has_weights(module: nn.Module) -> bool:
    # Gains and biases alone, as in a normalisation, are not a layer.
    return any(parameter.ndim > 1 for parameter in module.parameters())
