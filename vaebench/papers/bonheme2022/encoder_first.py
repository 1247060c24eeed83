"""Are encoders' representations learned before decoders', and alike whatever the setting?

Bonheme & Grzes (2022) follow VAEs' layers through training. They use centred kernel alignment (CKA) and Procrustes
similarity. They say that encoders are learned long before decoders, whatever the setting. They also say that encoders
are similar across hyperparameters and objectives. Mean and variance layers are excepted.

**What is done.** Each variant is trained at every strength of its own knob. Its weights are kept at log-spaced steps
from step 0. Layers are compared on held-out examples, the decoder's on the model's own mean codes.

**Measurements**

- *Settling*: the step after which a hidden layer's likeness to its end is at least 0.9 for good. It says how little a
  layer still moves, **not when it has learned**. The paper's indices are biased CKA and Procrustes similarity. Both are
  inflated for wide layers (chance level: `null …`), so debiased CKA is a control.
- *Settling lead*: the mean of log₁₀(1 + step) over the decoder's hidden layers minus that over the encoder's, in
  decades. There are four:

| lead | definition | why |
| --- | --- | --- |
| raw | as above | biased towards the claim: positive if all weights learn at one rate (tested) |
| corrected | of (CKA_t − CKA_0)/(1 − CKA_0), layers weighted by 1 − CKA_0 | early layers start near their end |
| fed final | the decoder gets the final codes at every snapshot | its input moves; biased against the claim |
| depth matched | the least over pairs of equal depth | one pair may run the other way |

- *Functional lead*: by how much the encoder is *useful* before the decoder. At every snapshot one side is frozen and a
  fresh other side is trained beside it. Its held-out loss L is put on the way from L₀ to L*, the least loss found:
  A(t) = (L₀ − L(t))/(L₀ − L*). The lead is ∫(A_enc − A_dec) d log₁₀(1 + t), in decades. L₀ is the loss of the best
  output that ignores the code: **printing the mean image is not learning a representation**. With the untrained side as
  zero instead, learning the mean image counts, and the decoder is first by about a decade. Both are printed.
- *Likeness of encoders*, layer by layer at the end: the CKA of two settings minus that of two seeds of one setting.
  Every pair differs in its seed, because common initial weights make encoders alike.

**Conditions**

| claim | as published | controls |
| --- | --- | --- |
| `encoder_first` | the raw lead by biased CKA and by Procrustes is above 0 | debiased ones; functional lead above 0.1 |
| `independent` | they are at more than 0.9 of the strengths | the functional lead is above 0.1, at the middle one |
| `shared_encoders` | hidden layers, mean and last, differ by less than 0.1 | they are more alike than untrained |
| `exception` | differences of the heads are below 0 | and below the last hidden layer's |

Agreement of a lead is 0 at no lead and 1 at a decade. Less than 0.1 decade is *together*, a tolerance of ours: more
than seeds and budgets of retraining make. Seeds are the sample, because the strengths of one seed share initial weights
and batches. The share's interval assumes no distribution. Five seeds at 1 show a mean above .478 only: they can fail
`independent` and cannot meet it. That takes 36 seeds. A seed whose functional lead could not be read has none of its
share. A model with all units collapsed has learned no representation: its claims are not met.

**Can the measures tell?** Three arms repeat the judged model with one side, or both, at a thirtieth or a tenth of the
learning rate. With a slow encoder a lead must fall by 0.05, with a slow decoder rise by 0.1, with both stay within 0.1.
A lead that does not find all three, and a share of such leads, decides nothing under controls on that record.

**Controls.** `redrawn` is another seed at the middle strength, for the others to be compared with. `other objective`
is a plain VAE, for the model at the middle strength. For `beta_vae` and `beta_tcvae` it equals strength 1: nothing new.

**Choices that are ours**

| theirs | ours |
| --- | --- |
| biased CKA; Procrustes on Cars3D | the same; debiased CKA and the functional lead as controls |
| what counts as learned and as alike: could not be read | level 0.9; tolerances 0.1, chosen on plain, slowed models |
| five evenly spaced snapshots, the first 2 to 4 % into training | 20 log-spaced ones, from step 0 |
| Cars3D, dSprites, SmallNORB at 64×64; 10,000 examples | digits, sprites at 16×16; 512 examples |
| Adam at 1e-4, 300,000 steps, batch 64 | 1e-3, 3,000 steps, batch 64; both at a constant rate |
| ReLU, 2×2 kernels in the last two layers | SiLU, 4×4 kernels; 10 latent units as theirs |
| Bernoulli likelihood, summed over 64×64 pixels | the same, weighted as if summed over 64×64, for equal strengths |
| β 1 to 8, λ 1 to 20, capacity 5 to 75 nats, five each | β 1, 4, 8; λ 1, 5, 20; 5, 25, 75 nats (5 constrains most) |
| a β-TC-VAE whose published configuration is a β-VAE | a β-TC-VAE with a total correlation |
| drawn codes | mean codes |
"""

from dataclasses import replace

from vaebench.claims import Beyond, Claim, Exceeds, Near, Plant
from vaebench.experiment import Arm, Budget, EvaluationBudget, Interventions, Knob, TrainingConfig
from vaebench.papers import REAL_IMAGES, Task, Version

QUICK = (0, 1, 3, 6, 10, 20, 40, 70, 100)
STANDARD = (0, 1, 2, 4, 7, 10, 20, 30, 45, 70, 100, 150, 225, 340, 500, 750, 1100, 1600, 2200, 3000)
PAPER = (
    *(0, 1, 3, 7, 15, 30, 60, 100, 200, 500, 1000, 1500, 2200, 3400, 5000, 7500),
    *(11_000, 17_000, 25_000, 40_000, 90_000, 300_000),
)


def by_other_indices(*measurements: str) -> tuple[str, ...]:
    """Name measurements as they are taken by biased alignment and by Procrustes similarity."""
    return tuple(f"{measurement}_{index}" for index in ("biased", "procrustes") for measurement in measurements)


PUBLISHED = ("lead_raw_biased", "lead_raw_procrustes")
"""Settling leads by the authors' own indices."""

CONTROLS = ("lead_raw", "lead_corrected", "lead_fed_final", "lead_depth_matched")
"""Settling leads by debiased alignment."""

OWN = Interventions(likelihood="bernoulli", pixels=64 * 64)


def _slowed(encoder_rate: float = 1.0, decoder_rate: float = 1.0) -> Interventions:
    return replace(OWN, encoder_rate=encoder_rate, decoder_rate=decoder_rate)


def _slowed_sides(judged: str, lead: str = "") -> tuple[Plant, ...]:
    """How a lead has to move if one side is slowed, and that it must not if both are."""
    return (
        Plant("slow_encoder", judged, "below", 0.05, reads=lead),
        Plant("slow_decoder", judged, "above", 0.1, reads=lead),
        Plant("slow_both", judged, "beside", 0.1, reads=lead),
    )


TASK = Task(
    name="bonheme2022_encoder_first",
    version=3,
    versions=(Version(1, "2026-11-20"), Version(2, "2026-11-21"), Version(3, "2026-11-28")),
    title="Bonheme & Grzes 2022, How do Variational Autoencoders Learn? Insights from Representational Similarity",
    source="arXiv:2205.08399",
    asks="Are encoders' representations learned before decoders', and alike whatever the setting?",
    datasets=("digits", "sprites16"),
    interventions=OWN,
    knob=Knob("strength", "s"),
    analytic=None,
    arms=(
        Arm("redrawn", redrawn=True, knob="middle", read=False, kept="ends"),
        Arm("other_objective", variant="vae", redrawn=True, knob="off", read=False, kept="ends"),
        Arm("slow_encoder", _slowed(encoder_rate=1 / 30), knob="middle", read=False),
        Arm("slow_decoder", _slowed(decoder_rate=1 / 30), knob="middle", read=False),
        Arm("slow_both", _slowed(encoder_rate=1 / 10, decoder_rate=1 / 10), knob="middle", read=False),
    ),
    instruments=("reconstruction.unexplained_variance",),
    comparisons=(
        "convergence.encoder_first",
        "planted.planted_leads",
        "functional.functional_lead",
        "shared_layers.shared_encoders",
    ),
    claims=(
        Claim(
            "encoder_first",
            "Encoders' representations are learned before decoders'.",
            (
                *(Beyond(lead, 0, ideal=1, null=0) for lead in PUBLISHED),
                *(Beyond(lead, 0, ideal=1, null=0, role="control") for lead in CONTROLS),
                Beyond("functional_lead", 0.1, ideal=1, null=0, role="control"),
            ),
            plants=tuple(plant for lead in (*PUBLISHED, *CONTROLS, "functional_lead") for plant in _slowed_sides(lead)),
            reported=(
                *(f"functional_{what}_lead" for what in ("t50", "t90")),
                "functional_lead_untrained_zero",
                *(f"functional_{what}_{side}" for what in ("gain", "lag", "steps") for side in ("encoder", "decoder")),
                *by_other_indices(*CONTROLS[1:]),
                "settling_step_encoder",
                "settling_step_decoder",
                "settling_step_mean",
                "settling_step_log_scale",
                "null_debiased_cka",
                "null_biased_cka",
                "null_procrustes",
                "unexplained_variance",
            ),
        ),
        Claim(
            "independent",
            "Encoders come first whatever the strength; over records, whatever the objective and data.",
            (
                Beyond("raw_first_share", 0.9, ideal=1, null=0.5, scale="share"),
                Beyond(
                    *("functional_first_share", 0.9, 1, 0.5),
                    scale="share",
                    role="control",
                    needs="functional_lead",
                ),
            ),
            plants=(
                *(plant for lead in PUBLISHED for plant in _slowed_sides("raw_first_share", lead)),
                *_slowed_sides("functional_first_share", "functional_lead"),
            ),
            reported=("encoder_first_share",),
            over_records=True,
        ),
        Claim(
            "shared_encoders",
            "Encoders' hidden layers are as alike across strengths and objectives as across seeds, by learning.",
            (
                Near("shared_hidden", 0, 0.1, null=-1),
                Near("shared_last_hidden", 0, 0.1, null=-1),
                Near("shared_hidden_other_objective", 0, 0.1, null=-1),
                Near("shared_last_hidden_other_objective", 0, 0.1, null=-1),
                Exceeds("alike_across_strengths_hidden", "alike_untrained_hidden", ideal=1, role="control"),
                Exceeds("alike_across_strengths_last_hidden", "alike_untrained_last_hidden", ideal=1, role="control"),
                Exceeds("alike_across_objectives_hidden", "alike_untrained_hidden", ideal=1, role="control"),
                Exceeds("alike_across_objectives_last_hidden", "alike_untrained_last_hidden", ideal=1, role="control"),
            ),
            reported=(
                "alike_across_seeds_hidden",
                "alike_across_seeds_last_hidden",
                *by_other_indices(
                    "shared_hidden",
                    "shared_last_hidden",
                    "shared_hidden_other_objective",
                    "shared_last_hidden_other_objective",
                ),
            ),
        ),
        Claim(
            "exception",
            "Encoders' mean and variance layers are less alike across strengths and objectives than across seeds.",
            (
                Beyond("exception_mean", 0, ideal=-1, null=0),
                Beyond("exception_log_scale", 0, ideal=-1, null=0),
                Beyond("exception_mean_other_objective", 0, ideal=-1, null=0),
                Beyond("exception_log_scale_other_objective", 0, ideal=-1, null=0),
                Exceeds("exception_mean", "shared_last_hidden", ideal=-1, side="below", role="control"),
                Exceeds("exception_log_scale", "shared_last_hidden", ideal=-1, side="below", role="control"),
                *(
                    Exceeds(head, "shared_last_hidden_other_objective", ideal=-1, side="below", role="control")
                    for head in ("exception_mean_other_objective", "exception_log_scale_other_objective")
                ),
            ),
            reported=(
                "alike_across_seeds_mean",
                "alike_across_seeds_log_scale",
                *by_other_indices(
                    "exception_mean",
                    "exception_log_scale",
                    "exception_mean_other_objective",
                    "exception_log_scale_other_objective",
                ),
            ),
        ),
    ),
    invariants=(),
    budgets={
        "quick": Budget(
            seeds=3,
            latent=10,
            training=TrainingConfig(steps=100, batch=32, learning_rate=5e-3, schedule="constant", snapshots=QUICK),
            evaluation=EvaluationBudget(points=128, retraining_steps=20),
            split="by_seed",
        ),
        "standard": Budget(
            seeds=5,
            latent=10,
            training=TrainingConfig(steps=3000, batch=64, learning_rate=1e-3, schedule="constant", snapshots=STANDARD),
            evaluation=EvaluationBudget(points=512),
            split="by_seed",
        ),
        "paper": Budget(
            seeds=5,
            latent=10,
            training=TrainingConfig(steps=300_000, batch=64, learning_rate=1e-4, schedule="constant", snapshots=PAPER),
            evaluation=EvaluationBudget(points=2048),
            split="by_seed",
        ),
    },
    also_on=REAL_IMAGES,
)
