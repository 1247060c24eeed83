"""One training step, forward, backward and Adam, of the plain VAE on digits-sized images."""

import torch

from benchmarks.kernels.networks import DOUBLE, SINGLE, draw, generator, relative_error
from vaebench.experiment import Interventions
from vaebench.models import AutoEncoder, architecture
from vaebench.models.networks import FEATURES
from vaebench.training.intervened import Intervened
from vaebench.training.step import TrainingStep
from vaebench.variants.vae import VARIANT

LATENT, BATCH, SHAPE = 8, 128, (1, 8, 8)


class Step:
    params = ("mlp", "conv", "resnet")
    param_names = ("architecture",)
    unit = "relative"

    def setup(self, arch: str) -> None:
        generator()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            family = architecture(arch)
            model = AutoEncoder(family.encoder(SHAPE), family.decoder(LATENT, SHAPE), FEATURES, LATENT)
        self.step = TrainingStep(Intervened(model, Interventions()), (VARIANT.objective,), 1, BATCH)
        self.adam = torch.optim.Adam(self.step.parameters(), lr=1e-3, fused=True)

    def loss(self, dtype: torch.dtype = SINGLE) -> torch.Tensor:
        x, noise = draw(BATCH, *SHAPE, dtype=dtype), draw(BATCH, LATENT, seed=2, dtype=dtype)
        return self.step.to(dtype)(x, noise, None, 0, torch.Generator())[0]

    def time_step(self, _arch: str) -> None:
        self.adam.zero_grad()
        self.loss().backward()
        self.adam.step()

    def peakmem_step(self, arch: str) -> None:
        self.time_step(arch)

    def track_loss_error(self, _arch: str) -> float:
        return relative_error(self.loss().detach(), self.loss(DOUBLE).detach())
