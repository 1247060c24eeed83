"""Are encoders' representations learned before decoders', and alike whatever the setting?

Bonheme & Grzes (2022) follow the layers of VAEs through training by centred kernel alignment (CKA) and Procrustes
similarity, and say that encoders' representations are learned long before decoders', whatever the hyperparameters,
objectives and data; and that encoders' representations are similar across hyperparameters and objectives in all but the
mean and variance layers. Here each variant is trained at every strength of its own knob, and its weights are kept at
log-spaced steps from step 0 on: the authors' first snapshot, 2 to 4 % into training, comes after most of what happens.

**Measurements.** A hidden layer *settles* at the step after which its CKA with itself at the end is at least 0.9 for
good, on held-out examples and the model's own mean codes. Of record is debiased CKA: biased CKA and Procrustes
similarity find wide layers alike for free (`null …`, drawn by shuffling examples), and stand beside all that is read by
it. The *lead* is the mean of log₁₀(1 + step) over the decoder's hidden layers minus that over the encoder's, in
decades. Heads and output are no part of it. Each strength is judged by itself.

**Four leads**, each of which has to be positive:
- *raw*: as above. First layers of an encoder resemble their end at step 0, and a decoder's layers move because their
  input moves: at one pace for all weights this lead is positive (a test shows it).
- *corrected*: settling is counted on the share of the way since step 0, (CKA_t − CKA_0)/(1 − CKA_0), and a layer counts
  by the way it had to go. A frozen encoder has no such lead.
- *fed final*: the decoder is given the final mean codes at every snapshot. It leans against the claim: a code is ten
  numbers, and the layer of the decoder that reads it is nearly its end at step 0.
- *depth matched*: the least lead of an encoder's layer over the decoder's at the same distance from the data or the
  code. Networks here mirror each other, so the mean over pairs is the raw lead; a pair that runs the other way shows.

A claim that holds whatever the setting holds at nearly every one: `encoder first share` is the share of strengths at
which all four are positive. Seeds are its sample, for the strengths of one seed share their first weights and batches,
and nothing is assumed of its distribution. Five seeds that all read 1 show a mean above .478 and no more: they can fail
`independent` and cannot meet it, which would take 36. **Likeness of encoders** is the CKA of two settings minus that of
two seeds of one setting, layer by layer, at the end. Every pair differs in its seed, or common initial weights would do
it: models at each strength are held against the `redrawn` one at the middle strength; the one at the middle strength
against a plain VAE, `other objective`. Differences of hidden layers, in the mean and of the last, count as none below
0.1. The heads are an exception if theirs are below 0, and below that of the last hidden layer, which is their
neighbour. Hidden layers of untrained encoders are alike too (`alike untrained`), and two settings must be more alike
than that.

A model whose latent units have all collapsed has learned no representation; its measurements are declined, and the
claim is not met.

**Seen** in the reference results on digits with `conv`: as the authors measure it the claim is plain. Encoders lead by
a decade (`beta_vae` at its three strengths 1.01 to 1.05, `beta_tcvae` 1.03 to 1.04, `dip_vae_ii` 1.06 to 1.11,
`annealed_vae` 1.09 to 1.14), by biased CKA and Procrustes alike. Given the final codes, decoders trail by .05 to .2 of
a decade, and at equal depth by about as much; with `annealed_vae` that lead is gone. Corrected for where layers start,
the lead is *behind* 0 for every objective at every strength, by .02 to .18, if not told from it for `annealed_vae`: an
encoder's early layers are nearly their end before training begins, and counted by the way it has to go it is no faster
than the decoder. So `encoder_first` fails on that condition alone for three of the four, and at no strength are all
four positive; `annealed_vae`, of which one seed of five collapses whole at the least capacity, is undecided.
`shared_encoders` holds for those three: hidden layers of two settings differ as two seeds do, to two hundredths, and
are .96 alike, against .89 before training. The seeds of `annealed_vae` differ widely, its last hidden layers are *less*
alike than untrained ones (.69 against .84 across objectives), and the claim fails. The `exception` is undecided
throughout. Against the plain VAE the log-variance head is less alike than two seeds' for `beta_vae`, `beta_tcvae` and
`dip_vae_ii` (by .17, .15 and .10), and at the least strength for the first two; at the greatest strength it is for
none. The mean head is as much alike across settings as across seeds, but for `dip_vae_ii` at its greatest strength
(.085 [.029, .141]) and `annealed_vae`, of which it cannot be told.

With `conv` on 16×16 sprites encoders lead by 1.2 to 1.7 decades whatever the objective, and by .5 to 1.2 fed the final
codes, but for `annealed_vae`, of which that can be told at the least capacity alone (.6). The corrected lead lies about
0, on either side, and so does the one at equal depth but for `dip_vae_ii` (.46 at its middle strength, −.09 at the
greatest) and `beta_vae` at its greatest (.09), and `encoder_first` is undecided for all four objectives. All four leads
are positive at most strengths of most seeds for `beta_vae` and `dip_vae_ii` (shares .67 and .60), rarely for
`beta_tcvae` (.20) and never for `annealed_vae`: more of the claim survives than on digits. It is not `independent` of
the strength for `beta_tcvae` and `annealed_vae`, and undecided for the other two. Here alone layers settle after the
start and before step 10, first ones of single seeds. `shared_encoders` holds for `beta_vae` and `beta_tcvae` and is
undecided for `dip_vae_ii`, whose encoders at the greatest strength are hardly more alike than untrained ones (.017
[−.002, .036]), and for `annealed_vae`, of which it failed on another processor: its training magnifies rounding, so
that the same seeds are other draws there.

With `mlp` the raw lead shrinks to about a quarter of a decade (`vae` .25 on digits, .23 on sprites; at greater
strengths of `beta_vae` single seeds reach 1.4 on digits) and stays above 0 at equal depth for `vae`, while the
corrected one of `vae` is behind 0 again (−.28 and −.27) and the one fed the final codes by .7 to 1.25 decades
(undecided for `beta_vae` on digits at greater strengths): two layers that read ten numbers are soon what they will be.
`decomposed_vae` reads as `vae` does, to .11 in every lead; `sigma_vae` is `vae`, number for number, for a Bernoulli
likelihood leaves no variance to learn, and has no record. By Procrustes `vae` leads by 1.35 decades on digits and by
half a decade on sprites, where `beta_vae` leads by less at greater strengths. How far an encoder leads depends on the
network and on the index more than on the objective. On sprites encoders of `mlp` are no more alike when trained (.91)
than untrained (.93), and it is undecided whether they share anything that they learned.

**The first steps** lead away from the end. From step 0 to step 20 hidden layers grow less like what they will be, at
the middle strengths in the mean from .36 to .55 down to .04 to .24 for decoders and from .80 to .92 down to .43 to .79
for encoders, and only then come nearer: what a layer shares with its end before training is no start on the way. The
authors' first snapshot comes after that dip.

**By other indices** biased CKA says in everything read what debiased CKA says, leads to .006 of a decade and
differences in likeness to .003: 512 examples are many beside the few directions that these layers use, and chance gives
biased CKA .04 at most. Procrustes tells no lead the other way round, and weighs it otherwise: fed the final codes,
decoders of `conv` on digits trail by half as much (.08 of a decade at the least strengths), and those of `mlp` are
ahead by .08 in place of 1.1; the corrected leads of `mlp` on sprites, and there of `dip_vae_ii` and `beta_tcvae` at
greater strengths, behind 0 by CKA, cannot be told from it. On digits with `conv` the corrected lead of the three
objectives of which `encoder_first` fails is behind 0 by each index.

`other objective` is the plain VAE, which is what `beta_vae` and `beta_tcvae` are at strength 1: of these two it says
what their strengths say. The seeds that two settings are held against are of the middle strength alone.

For the score, agreement with a lead is 1 at one decade and 0 at none, with `encoder first share` 0 at one half; with
likeness it is 0 at a difference of −1, and with an exception 1 there.

Choices that are ours: the level 0.9, the weights of the corrected lead, the tolerance 0.1, mean codes in place of drawn
ones, the networks (SiLU and 4×4 kernels throughout, for their ReLU and 2×2 kernels in the last two layers), the images
(the authors': Cars3D, dSprites, SmallNORB at 64×64), 512 examples (theirs: 10,000), and training: Adam at 1e-3 for
3,000 steps in place of 1e-4 for 300,000, at a constant rate as theirs. Kept are the authors' likelihood, Bernoulli, of
which the decoder's output is read as the log odds, their 10 latent units and batches of 64. Strengths are those of the
variants' own pages (β of 1, 4 and 8; λ of 1, 5 and 20 for DIP-VAE-II; for the annealed VAE capacities of 5, 25 and 75
nats, of which the *least* constrains most), and mean what they mean to the authors: the likelihood counts every image
as if it were shown at their 64×64 pixels. Were it summed over the 64 pixels of a digit alone, a β of 4 would weigh as
much against it as 256 does on their images; the one model looked at had collapsed there. The authors' published
β-TC-VAE instantiates a β-VAE; ours has a total correlation.
"""

from vaebench.claims import Beyond, Claim, Exceeds, Near
from vaebench.experiment import Arm, Budget, EvaluationBudget, Interventions, Knob, TrainingConfig
from vaebench.papers import Task, Version

QUICK = (0, 1, 3, 6, 10, 20, 40, 70, 100)
STANDARD = (0, 1, 2, 4, 7, 10, 20, 30, 45, 70, 100, 150, 225, 340, 500, 750, 1100, 1600, 2200, 3000)
PAPER = (
    *(0, 1, 3, 7, 15, 30, 60, 100, 200, 500, 1000, 1500, 2200, 3400, 5000, 7500),
    *(11_000, 17_000, 25_000, 40_000, 90_000, 300_000),
)


def by_other_indices(*measurements: str) -> tuple[str, ...]:
    """Name measurements as they are taken by biased alignment and by Procrustes similarity."""
    return tuple(f"{measurement}_{index}" for index in ("biased", "procrustes") for measurement in measurements)


TASK = Task(
    name="bonheme2022_encoder_first",
    version=2,
    versions=(Version(1, "2026-11-20"), Version(2, "2026-11-21")),
    title="Bonheme & Grzes 2022, How do Variational Autoencoders Learn? Insights from Representational Similarity",
    source="arXiv:2205.08399",
    asks="Are encoders' representations learned before decoders', and alike whatever the setting?",
    datasets=("digits", "sprites16"),
    interventions=Interventions(likelihood="bernoulli", pixels=64 * 64),
    knob=Knob("strength", "s"),
    analytic=None,
    arms=(
        Arm("redrawn", redrawn=True, knob="middle", read=False),
        Arm("other_objective", variant="vae", redrawn=True, knob="off", read=False),
    ),
    instruments=("reconstruction.unexplained_variance",),
    comparisons=("convergence.encoder_first", "shared_layers.shared_encoders"),
    claims=(
        Claim(
            "encoder_first",
            "Encoders' representations are learned before decoders'.",
            (
                Beyond("lead_raw", 0, ideal=1, null=0),
                Beyond("lead_corrected", 0, ideal=1, null=0, role="control"),
                Beyond("lead_fed_final", 0, ideal=1, null=0, role="control"),
                Beyond("lead_depth_matched", 0, ideal=1, null=0, role="control"),
            ),
            reported=(
                *by_other_indices("lead_raw", "lead_corrected", "lead_fed_final", "lead_depth_matched"),
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
            (Beyond("encoder_first_share", 0.9, ideal=1, null=0.5, scale="share"),),
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
            evaluation=EvaluationBudget(points=128),
        ),
        "standard": Budget(
            seeds=5,
            latent=10,
            training=TrainingConfig(steps=3000, batch=64, learning_rate=1e-3, schedule="constant", snapshots=STANDARD),
            evaluation=EvaluationBudget(points=512),
        ),
        "paper": Budget(
            seeds=5,
            latent=10,
            training=TrainingConfig(steps=300_000, batch=64, learning_rate=1e-4, schedule="constant", snapshots=PAPER),
            evaluation=EvaluationBudget(points=2048),
        ),
    },
)
