"""The training step as a function of (parameters, batch, noise).

`TrainingStep` is a module only so that `torch.func.functional_call` can give it any parameters: called plainly it
uses its own, called under ``vmap`` with stacked ones it runs a whole sweep at once. A variant knows nothing of it.
"""

import torch
from torch import Tensor, nn

from vaebench.models.objectives import Objective, Step, total
from vaebench.training.intervened import Intervened


class TrainingStep(nn.Module):
    """Encode, sample, decode, and hand the objective what came of it.

    Args:
        model: The variant's model with the suite's interventions.
        objective: The variant's objective.
    """

    def __init__(self, model: Intervened, objective: Objective) -> None:
        super().__init__()
        self.model = model
        self.objective = objective

    def forward(
        self, x: Tensor, code_noise: Tensor, input_noise: Tensor | None, step: int, rng: torch.Generator
    ) -> Tensor:
        """Loss of one step.

        Args:
            x: The batch, shape (batch, *shape).
            code_noise: Standard normal draws, shape (batch, latent).
            input_noise: Standard normal draws, shape (batch, *shape), scaled here by the intervention; None for none.
            step: Number of the step, from 0.
            rng: For the objective's own randomness.

        Returns:
            A scalar, in nats an example.
        """
        seen = x if input_noise is None else x + self.model.input_noise * input_noise
        posterior = self.model.encode(seen)
        z = posterior.sample(code_noise)
        return total(self.objective(Step(x, posterior, z, self.model.decode(z), step, rng)))
