"""Does larger encoder variance lower the frequency content and the Lipschitz constants of a VAE's functions?

Camuto & Willetts (2021) say that a larger encoder variance reduces the high-frequency content of the functions that
encoder and decoder compute, and puts a soft Lipschitz constraint on the decoder that makes a VAE robust. Here the
variance is not left to the encoder: the suite fixes the posterior's standard deviation σ at each value of a grid,
trains a model at every one from the same initial weights, batches and noise, and reads how the functions change.

**Frequency content** is read without a grid. For the decoder g under z ~ N(0, I) it is the share of non-constant energy
that a ρ-correlated pair of codes loses, 1 − (S(ρ) − W₀)/(S(1) − W₀) with ρ = 0.9, and the mean Hermite degree E‖J_g‖²_F
/ Var g; a degree-k polynomial has 1 − ρᵏ and k, an affine map 0.1 and 1. For the encoder's mean it is E‖J‖²_F / Var
over held-out data, which is free of the scale of the codes, and has to be: the encoder's *raw* gain is no measure of
frequency and, in the linear VAE, rises in σ before it falls (on this grid it only rises); it is shown beside. But
E‖J‖²_F / Var falls for an affine encoder too, when weak principal directions die. So it must fall *and* its whitened
twin must, E‖J C^½‖²_F / Var with C the covariance of the data, which is 1 for every affine encoder.

**Lipschitz constants** are exact spectral norms of Jacobians at posterior samples, so their mean and maximum are lower
bounds of the true constant. A decoder can fake a small one by spreading its codes; the whitened constant, ‖J C^½‖₂ with
C the covariance of the posterior means, cannot be faked so.

**Robustness** is the damage of a maximum-damage attack: the largest change of the reconstruction found by projected
ascent in an L2 ball, divided by the standard deviation of reconstructions. Radii are 5, 10 and 20 % of the standard
deviation of the data. A collapsed decoder is trivially robust: hence the division, and the share of variance that
reconstructions leave unexplained beside. The damage divided by the standard deviation of the *data* stands beside too.

**Control.** The `analytic` arm is the linear VAE's closed form on the training data's PCA eigenvalues, read by the same
instruments. Mathematics says that its decoder's Lipschitz constant falls in σ, and so does the damage of an attack, but
not relative to the reconstructions, which shrink faster as weak directions die first: where linear shrinkage is all
there is, `robustness` must come out as `fails`. An affine decoder has no frequency content to lose either:
`decoder_frequency` must not come out as `holds`. A trained `linear_vae` has to land on the closed form.

**Seen** in the reference results on digits: all four claims hold for `vae`, `beta_vae`, `factor_vae` and
`decomposed_vae` with `mlp`, and for `vae`, `beta_vae` and `kahler_vae` with `conv` and `resnet` too; `complex_vae` and
`pair_tied_vae` are `vae` where the scale is held, and read so. For `sigma_vae`, with `mlp` and `conv`, for `beta_tcvae`
and for `kahler_vae` with `mlp` the encoder's frequency is undecided, the rest holds. For `dip_vae_ii`, and for
`sigma_vae` with `resnet`, the largest of the decoder's norms takes too uneven a course (τ = −.49 and −.41):
`decoder_lipschitz` is undecided, the rest holds. `iwae` is the one objective of which `decoder_lipschitz` fails: its
raw constant falls by e^−0.85, the whitened one rises at more pairs of σ than it falls (τ = .43); nor does its encoder's
whitened degree (.022 [−.001, .044]). Two more objectives say no, and show what the claims rest on. `annealed_vae` holds
the KL at 25 nats whatever σ is, and can do so with codes that tell nothing: what it leaves unexplained rises from .3 to
all at σ = 0.8, the decoder's Lipschitz constant falls by e^−3.6 with it, and whether what is left has less frequency
content cannot be told (share −.025 [−.076, .025] in logarithms); `robustness` fails. `denoising_vae` has noise on its
encoder's input already: the encoder's whitened degree ends where it began (.008 [−.012, .027]), and a large attack does
a little more damage at larger σ, not less; its decoder is smoothed like any other.

The control says no where it must: on the exact linear VAE `decoder_frequency`, `encoder_frequency` and `robustness`
fail, and trained it does not meet them, while `decoder_lipschitz` holds there as mathematics says. That claim has no
control that could say no: the linear VAE's constant falls as far as a network's, whitened or not (`vae` by e^−1.40 and
e^−0.32, the control by e^−1.65 and e^−0.30), so that it shows shrinkage and perhaps no more. The raw gain of the
encoder of `vae` rises with σ over most of the grid, as the closed form's does, and the whitened degree of most networks
rises a little before it falls. `sigma_vae` learns its noise variance, so that β moves along σ. At σ = 0.8 one seed of
five of the trained `linear_vae` codes a part of the ninth direction in place of the eighth, and whether it lands is
undecided there.

A trend asks for a log-ratio beyond 2 % and for a mean Kendall τ beyond ±.5: three pairs of scales of four go that way.
For the score, agreement with a trend is τ.

Choices that are ours: the noise model (variance 0.05, so β = 0.1 in units of summed squared errors), eight latent
units, the radii, and σ from 0.05 to 1. The closed form's end-to-end map is met more loosely (10 %) than its gains
(5 %): at large σ the eighth and ninth principal directions of the digits, whose variances differ by 8 %, turn into
their optimal place only slowly.
"""

from vaebench.claims import Claim, Trend
from vaebench.experiment import Budget, EvaluationBudget, Interventions, Knob, TrainingConfig
from vaebench.measures.invariants import LINEAR_VAE_LANDS
from vaebench.papers import Task, Version

GRID = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)

TASK = Task(
    name="camuto2021_variance_frequency",
    version=1,
    versions=(Version(1, "2026-11-20"),),
    title="Camuto & Willetts 2021, Variational Autoencoders: A Harmonic Perspective (encoder variance)",
    source="arXiv:2105.14866",
    asks="Does larger encoder variance lower the frequency content and Lipschitz constants of a VAE's functions?",
    datasets=("digits",),
    interventions=Interventions(likelihood_variance=0.05),
    knob=Knob("posterior_scale", "σ"),
    analytic="linear_vae_at_fixed_scale",
    instruments=(
        "frequency.decoder_frequency",
        "frequency.encoder_frequency",
        "lipschitz.decoder_lipschitz",
        "lipschitz.encoder_lipschitz",
        "robustness.maximum_damage",
        "closed_form.fixed_scale_gap",
    ),
    claims=(
        Claim(
            "decoder_frequency",
            "The decoder's high-frequency content falls as the encoder's variance rises.",
            (Trend("decoder_high_frequency_share", "falls"), Trend("decoder_mean_degree", "falls")),
            analytic="fails",
        ),
        Claim(
            "decoder_lipschitz",
            "The decoder's Lipschitz constant falls as the encoder's variance rises.",
            (
                Trend("decoder_lipschitz_mean", "falls"),
                Trend("decoder_lipschitz_max", "falls"),
                Trend("decoder_whitened_lipschitz_mean", "falls", role="control"),
            ),
            analytic="holds",
        ),
        Claim(
            "encoder_frequency",
            "The encoder's frequency content falls as its variance rises.",
            (Trend("encoder_whitened_degree", "falls", role="control"), Trend("encoder_mean_degree", "falls")),
            reported=("encoder_lipschitz_mean", "encoder_lipschitz_max"),
            analytic="fails",
        ),
        Claim(
            "robustness",
            "A larger encoder variance makes the VAE more robust: an attack does less damage.",
            (Trend("damage_small", "falls"), Trend("damage_medium", "falls"), Trend("damage_large", "falls")),
            reported=("damage_medium_per_data", "unexplained_variance"),
            analytic="fails",
        ),
    ),
    invariants=(LINEAR_VAE_LANDS,),
    budgets={
        "quick": Budget(
            seeds=3,
            latent=8,
            training=TrainingConfig(steps=600, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=1024, points=128, attacked=32, attack_steps=10, attack_restarts=1),
            knob_values=(0.05, 0.2, 1.0),
        ),
        "standard": Budget(
            seeds=5, latent=8, training=TrainingConfig(steps=3000, learning_rate=3e-3), knob_values=GRID
        ),
        "paper": Budget(
            seeds=10,
            latent=8,
            training=TrainingConfig(steps=40_000, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=65_536, attacked=1024, attack_steps=100, attack_restarts=5),
            knob_values=GRID,
        ),
    },
)
