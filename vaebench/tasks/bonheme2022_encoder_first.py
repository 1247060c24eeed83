"""x"""

from vaebench.claims import Beyond, Claim, Near
from vaebench.measures import Effort
from vaebench.tasks import Arm, Knob, Protocol, Task
from vaebench.training import Interventions, Recipe

QUICK = (0, 10, 20, 40, 70, 100)
STANDARD = (0, 10, 20, 30, 45, 70, 100, 150, 225, 340, 500, 750, 1100, 1600, 2200, 3000)

TASK = Task(
    name="bonheme2022_encoder_first",
    version=1,
    title="Bonheme & Grzes 2022, How do Variational Autoencoders Learn? Insights from Representational Similarity",
    source="arXiv:2205.08399",
    asks="Are encoders' representations learned before decoders', and alike whatever the setting?",
    datasets=("digits", "sprites16"),
    interventions=Interventions(likelihood="bernoulli"),
    knob=Knob("strength", "s"),
    known=None,
    arms=(
        Arm("redrawn", redrawn=True, knob="middle", read=False),
        Arm("other_objective", variant="vae", redrawn=True, knob="off", read=False),
    ),
    instruments=("robustness.unexplained_variance",),
    comparisons=("convergence.encoder_first", "shared_layers.shared_encoders"),
    claims=(
        Claim(
            "encoder_first",
            "Encoders' representations are learned before decoders'.",
            (
                Beyond("lead_raw", 0, ideal=1, null=0),
                Beyond("lead_corrected", 0, ideal=1, null=0),
                Beyond("lead_fed_final", 0, ideal=1, null=0),
                Beyond("lead_depth_matched", 0, ideal=1, null=0),
            ),
            beside=(
                "lead_biased",
                "lead_procrustes",
                "settling_step_encoder",
                "settling_step_decoder",
                "settling_step_mean",
                "settling_step_log_scale",
                "still_layers",
                "unexplained_variance",
            ),
        ),
        Claim(
            "independent",
            "They are so whatever the strength.",
            (Beyond("encoder_first_share", 0.9, ideal=1, null=0.5),),
        ),
        Claim(
            "shared_encoders",
            "Encoders' hidden layers are as alike across strengths and objectives as across seeds.",
            (
                Near("shared_hidden", 0, 0.1, null=-1),
                Near("shared_last_hidden", 0, 0.1, null=-1),
                Near("shared_hidden_other_objective", 0, 0.1, null=-1),
                Near("shared_last_hidden_other_objective", 0, 0.1, null=-1),
            ),
            beside=(
                "alike_across_seeds_hidden",
                "alike_across_seeds_last_hidden",
                "alike_untrained_hidden",
                "alike_untrained_last_hidden",
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
            ),
            beside=("alike_across_seeds_mean", "alike_across_seeds_log_scale"),
        ),
    ),
    invariants=(),
    protocols={
        "quick": Protocol(
            seeds=3,
            latent=10,
            recipe=Recipe(steps=100, batch=64, learning_rate=1e-3, schedule="constant", snapshots=QUICK),
            effort=Effort(points=128),
        ),
        "standard": Protocol(
            seeds=5,
            latent=10,
            recipe=Recipe(steps=3000, batch=64, learning_rate=1e-3, schedule="constant", snapshots=STANDARD),
            effort=Effort(points=512),
        ),
        "paper": Protocol(
            seeds=5,
            latent=10,
            recipe=Recipe(steps=3000, batch=64, learning_rate=1e-3, schedule="constant", snapshots=STANDARD),
            effort=Effort(points=512),
        ),
    },
)
