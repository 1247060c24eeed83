"""Our training step against Pythae's, the library people would use instead: same networks, batch, optimiser and data.

Run it by hand, in an environment that has both (Pythae is no dependency of ours)::

    python benchmarks/against_pythae.py

Both train the plain VAE on digits in one process, in alternating blocks of the same number of steps; quoted are the
median milliseconds a step and the median of the ratios of neighbouring blocks. Pythae's time is that of its trainer's
own training step over its own data loader; ours that of `training.fit`, model building included.
"""

import statistics
import sys
import tempfile
import time

import torch
from torch import nn

from vaebench.data import digits
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models.networks import mlp
from vaebench.training.fit import fit
from vaebench.variants.vae import VARIANT

LATENT, BATCH, EPOCHS, BLOCKS = 8, 128, 50, 9


def pythae_trainer(x: torch.Tensor) -> object:
    """A Pythae trainer around our networks, its training prepared and its console quiet."""
    from pythae.data.datasets import BaseDataset, DatasetOutput
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.body = mlp.encoder(tuple(x.shape[1:]))
            self.mean, self.log_covariance = nn.Linear(256, LATENT), nn.Linear(256, LATENT)

        def forward(self, batch: torch.Tensor) -> ModelOutput:
            features = self.body(batch)
            return ModelOutput(embedding=self.mean(features), log_covariance=self.log_covariance(features))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.body = mlp.decoder(LATENT, tuple(x.shape[1:]))

        def forward(self, z: torch.Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.body(z))

    class Data(BaseDataset):
        def __getitem__(self, row: int) -> DatasetOutput:
            return DatasetOutput(data=self.data[row], labels=self.labels[row])

    model = VAE(VAEConfig(input_dim=tuple(x.shape[1:]), latent_dim=LATENT), encoder=Encoder(), decoder=Decoder())
    config = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(), num_epochs=1, per_device_train_batch_size=BATCH, learning_rate=1e-3, no_cuda=True
    )
    trainer = BaseTrainer(model, Data(x, torch.zeros(len(x))), training_config=config)
    trainer.prepare_training()
    trainer.callback_handler.callbacks.clear()
    return trainer


def main() -> None:
    """Time both in turn and print what came of it."""
    data = digits.load()
    x = data.train.x
    trainer = pythae_trainer(x)
    for threads in (1, 2):
        torch.set_num_threads(threads)
        ours, theirs = [], []
        for block in range(BLOCKS):
            start = time.perf_counter()
            for epoch in range(EPOCHS):
                trainer.train_step(epoch)
            steps = EPOCHS * len(trainer.train_loader)
            theirs.append((time.perf_counter() - start) / steps * 1e3)
            start = time.perf_counter()
            training = TrainingConfig(steps=steps, batch=BATCH)
            fit(VARIANT, data, arch="mlp", latent=LATENT, training=training, interventions=Interventions(), seed=block)
            ours.append((time.perf_counter() - start) / steps * 1e3)
        ratio = statistics.median(their / our for their, our in zip(theirs, ours, strict=True))
        sys.stdout.write(
            f"{threads} threads: ours {statistics.median(ours):.2f} ms a step, "
            f"Pythae {statistics.median(theirs):.2f} ms, ratio {ratio:.2f}\n"
        )


if __name__ == "__main__":
    main()
