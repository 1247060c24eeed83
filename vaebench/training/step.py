"""The training step as a function of (parameters, batch, noise).

`TrainingStep` is a module so that `torch.func.functional_call` can give it any parameters. Called plainly, it uses its
own. Under ``vmap`` with stacked ones it runs a whole sweep. Variants need not know this.
"""

from functools import partial

import torch
from torch import Tensor, nn

from vaebench.models.objectives import Objective, Step, total
from vaebench.training.intervened import Intervened


class TrainingStep(nn.Module):
    """Encode, sample, decode, and call the objectives.

    Args:
        model: The variant's model with the suite's interventions.
        objectives: The variant's objective, then those of its adversaries.
        steps: Number of steps of the whole training.
        examples: Number of examples trained on.
    """

    def __init__(self, model: Intervened, objectives: tuple[Objective, ...], steps: int, examples: int) -> None:
        super().__init__()
        self.model = model
        self.objectives = objectives
        self.steps = steps
        self.examples = examples

    def forward(
        self,
        x: Tensor,
        code_noise: Tensor,
        input_noise: Tensor | None,
        step: int | Tensor,
        rng: torch.Generator,
        labels: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Losses of one step.

        Args:
            x: The batch, shape (batch, *shape).
            code_noise: Standard normal draws, shape (batch, latent).
            input_noise: Standard normal draws, shape (batch, *shape), scaled here by the intervention; None for no
                noise.
            step: Number of the step, from 0; a tensor without axes where the step is captured on a GPU.
            rng: Source of the objective's own randomness.
            labels: Classes of the batch, shape (batch,), for a conditional model.

        Returns:
            A scalar for each objective, in nats per example.
        """
        model = self.model
        seen = x if input_noise is None else x + model.input_noise * input_noise
        encode, decode = model.encode, model.decode
        if labels is not None:
            encode, decode = partial(model.encode, labels=labels), partial(model.decode, labels=labels)
        posterior = encode(seen)
        z = posterior.sample(code_noise)
        target = seen if model.interventions.target == "noisy" else x
        taken = Step(
            x=target,
            posterior=posterior,
            z=z,
            likelihood=decode(z),
            step=step,
            rng=rng,
            steps=self.steps,
            examples=self.examples,
            seen=seen,
            encode=encode,
            decode=decode,
            model=model.model,
            noise=code_noise,
            labels=labels,
        )
        return tuple(total(objective(taken)) for objective in self.objectives)
