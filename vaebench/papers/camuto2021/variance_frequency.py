"""Does larger encoder variance lower the frequency content and the Lipschitz constants of a VAE's functions?

Camuto & Willetts (2021) say that larger encoder variance reduces high frequencies in encoder and decoder. They say that
it also puts a soft Lipschitz constraint on the decoder. This makes a VAE robust.

**What is done.** We fix the posterior's standard deviation σ at each value of a grid. At every σ a model is trained
from the same initial weights, batches and noise. Then we measure how its functions change with σ.

**Measurements**

- *Decoder frequency*, of the decoder g under z ~ N(0, I). Codes z and z′ have correlation ρ = 0.9. The high-frequency
  share is the non-constant energy that they do not share: 1 − (S(ρ) − W₀)/(S(1) − W₀). Here S(ρ) = E⟨g(z), g(z′)⟩ and
  W₀ = ‖E g‖². The mean degree is E‖J_g‖²_F / Var g. A Hermite polynomial of degree k has 1 − ρᵏ and k.
- *Encoder frequency*, over held-out data. The mean degree E‖J‖²_F / Var does not depend on the scale of the codes. It
  falls for an affine encoder too, when weak principal directions die. The whitened degree is E‖J C^½‖²_F / Var, with C
  the covariance of the data. It is 1 for every affine encoder.
- *Lipschitz constants*: exact spectral norms ‖J‖₂ at posterior samples. Their mean and maximum are lower bounds of the
  true constant. A decoder can make ‖J‖₂ small by spreading its codes. The whitened norm ‖J C^½‖₂ excludes that. Here C
  is the covariance of the posterior means.
- *Damage*: the largest change of the reconstruction that projected ascent finds in an L2 ball, in standard deviations
  of the data. Radii are 5, 10 and 20 % of the same. A collapsed decoder loses nothing. So as a control the damage is
  also divided by the standard deviation of the reconstructions.

**Conditions.** Each measurement must fall by 2 % from the first σ to the last. Its mean Kendall τ must be below −0.5:
three pairs of σ in four. Agreement is τ. We report the encoder's raw norms and do not judge them. In the linear VAE
they rise in σ before they fall; on this grid they only rise.

| claim | as published | controls |
| --- | --- | --- |
| `decoder_frequency` | share and mean degree fall | – |
| `decoder_lipschitz` | mean, maximum of ‖J‖₂ fall | the whitened norm falls; the mean by more than the linear VAE's |
| `encoder_frequency` | the mean degree falls | the whitened degree falls |
| `robustness` | damage falls at each radius | damage divided by that of the reconstructions falls |

Where reconstructions leave 95 % of the variance at the last σ, nothing is left to lose. A control that divides by what
is left then says nothing: it is uninformative, and does not fail.

**Controls.** The `analytic` arm is the linear VAE's closed form on the training data's PCA eigenvalues.

- Its decoder's Lipschitz constant falls in σ. A fall that it has too is no finding about trained networks. So the
  fall must be the larger one. The closed form itself is held against itself, and must fail.
- Its damage falls less than its reconstructions shrink, because weak directions die first. So `robustness` must fail.
- An affine map has no frequency content to lose. So `decoder_frequency` and `encoder_frequency` must fail.
- A trained `linear_vae` must land on it: gains within 5 %, the end-to-end map within 10 %. The eighth and ninth
  variances of the digits differ by 8 % only. So at large σ these directions turn slowly.

**Choices that are ours**

| theirs | ours |
| --- | --- |
| small fully-connected and larger convolutional networks | `mlp`, `conv` and `resnet`, with eight latent units |
| how the encoder's variance is raised: could not be read | σ is fixed, from 0.05 to 1 |
| noise model: could not be read | Gaussian of variance 0.05: β = 0.1 in units of summed squared errors |
| data sets and radii of attacks: could not be read | `digits`; the radii above |
| – | on MNIST and Fashion-MNIST, with `--datasets`, four values of σ: a model there takes twice as long |
"""

from vaebench.claims import Claim, OutpacesArm, RoomyTrend, Trend
from vaebench.experiment import Budget, EvaluationBudget, Interventions, Knob, TrainingConfig
from vaebench.measures.invariants import LINEAR_VAE_LANDS
from vaebench.papers import REAL_IMAGES, Task, Version

RADII = ("small", "medium", "large")
GRID = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)

TASK = Task(
    name="camuto2021_variance_frequency",
    version=2,
    versions=(Version(1, "2026-11-20"), Version(2, "2026-11-28")),
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
        "robustness.robustness",
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
                RoomyTrend("decoder_whitened_lipschitz_mean", "falls", role="control"),
                OutpacesArm("decoder_lipschitz_mean", role="control"),
            ),
            reported=("unexplained_variance",),
            analytic="fails",
        ),
        Claim(
            "encoder_frequency",
            "The encoder's frequency content falls as its variance rises.",
            (Trend("encoder_mean_degree", "falls"), Trend("encoder_whitened_degree", "falls", role="control")),
            reported=("encoder_lipschitz_mean", "encoder_lipschitz_max"),
            analytic="fails",
        ),
        Claim(
            "robustness",
            "A larger encoder variance makes the VAE more robust: an attack does less damage.",
            (
                *(Trend(f"damage_{radius}_per_data", "falls") for radius in RADII),
                *(RoomyTrend(f"damage_{radius}", "falls", role="control") for radius in RADII),
            ),
            reported=("unexplained_variance", "attack_gain"),
            analytic="fails",
        ),
    ),
    invariants=(LINEAR_VAE_LANDS,),
    budgets={
        "quick": Budget(
            seeds=3,
            latent=8,
            training=TrainingConfig(steps=600, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=1024, points=128, attacked=32, attack_steps=10, attack_restarts=2),
            knob_values=(0.05, 0.2, 1.0),
            split="by_seed",
        ),
        "standard": Budget(
            seeds=5,
            latent=8,
            training=TrainingConfig(steps=3000, learning_rate=3e-3),
            evaluation=EvaluationBudget(attack_restarts=8),
            knob_values=GRID,
            split="by_seed",
        ),
        "paper": Budget(
            seeds=10,
            latent=8,
            training=TrainingConfig(steps=40_000, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=65_536, attacked=1024, attack_steps=100, attack_restarts=16),
            knob_values=GRID,
            split="by_seed",
        ),
    },
    budgets_on={
        name: {
            "standard": Budget(
                seeds=5,
                latent=8,
                training=TrainingConfig(steps=3000, learning_rate=3e-3),
                evaluation=EvaluationBudget(attack_restarts=8),
                knob_values=(0.05, 0.2, 0.6, 1.0),
                split="by_seed",
            )
        }
        for name in REAL_IMAGES
    },
    also_on=REAL_IMAGES,
)
