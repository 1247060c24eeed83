"""What the tests of training share: a small data set, and a variant that writes down what it is handed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor, nn

from vaebench.data import Dataset, Split
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import AutoEncoder, Step, Variant, negative_elbo
from vaebench.training.fit import Trained, fit

SHAPE, LATENT = (2, 3), 2


class Listening(nn.Flatten):
    """Flattens, and keeps what the encoder was shown."""

    def __init__(self, heard: list[Tensor]) -> None:
        super().__init__()
        self.heard = heard

    def forward(self, x: Tensor) -> Tensor:
        self.heard.append(x.detach().clone())
        return super().forward(x)


@dataclass
class Spy:
    """A linear VAE, every step of whose training can be looked at afterwards."""

    steps: list[Step] = field(default_factory=list)
    heard: list[Tensor] = field(default_factory=list)
    built: list[dict[str, Tensor]] = field(default_factory=list)

    def build(self, shape: tuple[int, ...], latent: int, arch: str) -> AutoEncoder:
        decoder = nn.Sequential(nn.Linear(latent, 6), nn.Unflatten(1, shape))
        model = AutoEncoder(Listening(self.heard), decoder, 6, latent)
        self.built.append({name: weight.clone() for name, weight in model.state_dict().items()})
        return model

    def objective(self, step: Step) -> dict[str, Tensor]:
        self.steps.append(step)
        return dict(negative_elbo()(step))

    @property
    def variant(self) -> Variant:
        return Variant("spy", "tests", self.build, self.objective, kl_weight=1.0)

    @property
    def seen(self) -> list[Tensor]:
        """What the encoder was shown in training: all but the look at shapes before it."""
        return self.heard[1:]

    @property
    def noise(self) -> list[Tensor]:
        return [((s.z - s.posterior.mean) / s.posterior.scale).detach() for s in self.steps]


@pytest.fixture
def data() -> Dataset:
    x = torch.randn(50, *SHAPE, generator=torch.Generator().manual_seed(0))
    return Dataset("small", 1, Split(x[:40]), Split(x[40:]))


@pytest.fixture
def train(data: Dataset) -> Callable[..., Trained]:
    """Train a spy, or another variant, for a few steps."""

    def run(variant: Variant, training: TrainingConfig | None = None, **options: object) -> Trained:
        settings = {"arch": "mlp", "latent": LATENT, "interventions": Interventions(), "seed": 3} | options
        return fit(
            variant, settings.pop("data", data), training=training or TrainingConfig(steps=4, batch=8), **settings
        )

    return run


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
def spies() -> Callable[[], Spy]:
    return Spy


@pytest.fixture
def objecting(spy: Spy) -> Callable[[Callable[[Step], Tensor]], Variant]:
    """The spy's model with another objective, of no declared form."""
    return lambda objective: replace(spy.variant, objective=objective, kl_weight=None)
