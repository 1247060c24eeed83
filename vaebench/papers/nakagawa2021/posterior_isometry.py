"""Is the posterior scale the yardstick of an isometric embedding, and does it give the data's density?

Nakagawa, Kato & Suzuki (2021) say that a VAE maps data to an implicit isometric embedding. The posterior gives its
scale. So prior, loss and posterior give the probability of data in input space. A unit's importance is like a PCA
eigenvalue.

**What is done.** VAEs are trained on data of known density. The loss is L = D + β·KL, with D the sum of squared errors.
Four relations are measured on active units. These have a mean σ² below ½; the others have collapsed to the prior.

**Measurements**, with J_j = ∂x̂/∂μ_j

- *Isometry*: T2_j = (2/β)·σ_j²·‖J_j‖² + σ_j² is 1 at a stationary point. The paper's T1_j = (2/β)·σ_j²·‖J_j‖² = 1 is
  its limit for small σ.
- *Orthogonality*: the mean absolute cosine between columns of J. The same model with its latent space turned at random
  is its control, over twelve rotations.
- *Density* on an m-dimensional manifold, without a free constant: (2/β)^{m/2} p(μ) ∏ σ_j. Or from the loss: (πβ)^{−m/2}
  exp(−(L − D₀)/β), with D₀ the error at μ. Both measure one relation. Where the decoder is affine over a posterior,
  their logarithms differ by ½ Σ_j (1 − T2_j).
- *Importance*: (β/2)·E σ_j⁻², the variance of source j. Images have unknown sources, so there it is not judged.

**Conditions.** As published, the mean T2 is within 0.1 of 1; as a control, that of the worst unit is within 0.05. The
cosine is below 0.1 *and* below that of the model turned at random. Both estimates of the log density explain more than
p(μ) alone. As controls, their slope is within 0.1 of 1, and their bias within 0.1 nats of 0. On normal sources p(μ)
alone has the right order, so there only slope and bias count. The worst importance is within 10 %. Even the exact
linear VAE has a slope of 1 − σ_j² along source j. At β = 0.01 the tolerance leaves room for it; at `beta_vae`'s 0.04
hardly.

Measurements that should be 0 are judged by their geometric mean over seeds. Then one far seed weighs less. Agreement is
0 at T2 = 0, importance 0, slope 0 and a bias of one nat. For cosines it is 0 at 0.46. That is the cosine of the exact
solution turned at random.

**Controls.** The `analytic` arm is the exact linear VAE, on normal sources and images. The `bernoulli` arm trains on
images with a Bernoulli likelihood. Its metric is diag(1/(2x̂(1 − x̂))), and its β is in nats. Data are controls too:

| data | what they are for |
| --- | --- |
| `three_sources` | three sources with variances 1/6, 2/3, 8/3 on orthonormal vectors of R¹⁶, of three laws |
| `linear_gaussian_sources` | all normal: the closed form is exact |
| `bimodal_sources` | expected to break the relations: a smooth encoder cannot follow the fold between two modes |
| `sinc` | a curved surface with orthogonal coordinates |
| `projective_plane` | no orthogonal coordinates: orthogonality must fail for a decoder that charts it |
| `digits` | images: no known density |

**Choices that are ours**

| theirs | ours |
| --- | --- |
| T1 = 1, for small σ | T2 = 1, exact |
| noise variance: could not be read | 0.005: β = 0.01 for an unweighted KL |
| shapes of the sources: could not be read | those above; three latent units, four on `projective_plane` |
| batch: could not be read | 512; 128 on MNIST and Fashion-MNIST, with `--datasets` |
| what counts as equal: could not be read | the tolerances above |
"""

from vaebench.claims import Beyond, Claim, Exceeds, Near
from vaebench.experiment import Arm, Budget, EvaluationBudget, Interventions, TrainingConfig
from vaebench.papers import REAL_IMAGES, Task, Version

TASK = Task(
    name="nakagawa2021_posterior_isometry",
    version=2,
    versions=(Version(1, "2026-11-20"), Version(2, "2026-11-28")),
    title=(
        "Nakagawa, Kato & Suzuki 2021, Quantitative Understanding of VAE as a Non-linearly Scaled Isometric Embedding"
    ),
    source="arXiv:2007.15190",
    asks="Is the posterior scale the yardstick of an isometric embedding, and does it give the data's density?",
    datasets=("three_sources", "linear_gaussian_sources", "bimodal_sources", "sinc", "projective_plane", "digits"),
    interventions=Interventions(likelihood_variance=0.005),
    knob=None,
    analytic="linear_vae_with_learned_scale",
    arms=(Arm("bernoulli", Interventions(likelihood="bernoulli")),),
    instruments=(
        "isometry.stationarity",
        "isometry.orthogonality",
        "isometry.rotated_orthogonality",
        "density.density",
        "importance.source_importance",
    ),
    claims=(
        Claim(
            "isometry",
            "The posterior scale is the decoder's local scale: T2 = 1 on every active unit.",
            (
                Near("t2_mean", 1, 0.1, null=0),
                Beyond("t2_worst_deviation", 0.05, ideal=0, null=1, scale="log", role="control"),
            ),
            reported=("t2_worst_unit", "t2_sd", "t1_mean", "active_units"),
            analytic="holds",
        ),
        Claim(
            "orthogonality",
            "The columns of the decoder's Jacobian are orthogonal.",
            (
                Beyond("mean_absolute_cosine", 0.1, ideal=0, null=0.46, scale="log"),
                Exceeds("mean_absolute_cosine", "mean_absolute_cosine_rotated", ideal=0, side="below"),
            ),
            analytic="holds",
        ),
        Claim(
            "density",
            "Prior, posterior scale and loss give the probability density of the data.",
            (
                Exceeds("density_r2", "density_r2_prior_alone", ideal=1),
                Near("density_slope", 1, 0.1, null=0, role="control"),
                Near("density_bias", 0, 0.1, null=1, role="control"),
                Exceeds("loss_density_r2", "density_r2_prior_alone", ideal=1),
                Near("loss_density_slope", 1, 0.1, null=0, role="control"),
                Near("loss_density_bias", 0, 0.1, null=1, role="control"),
            ),
            analytic="holds",
        ),
        Claim(
            "importance",
            "A latent unit's importance, (β/2)·E σ⁻², is the variance of the source it codes.",
            (Beyond("importance_worst_error", 0.1, ideal=0, null=1, scale="log"),),
            reported=("importance_1", "importance_2", "importance_3"),
            analytic="holds",
        ),
    ),
    invariants=(),
    budgets={
        "quick": Budget(
            seeds=3,
            latent=3,
            training=TrainingConfig(steps=1000, batch=256, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=16, points=512, posterior_nodes=5),
            split="by_seed",
        ),
        "standard": Budget(
            seeds=5,
            latent=3,
            training=TrainingConfig(steps=6000, batch=512, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=256, points=5000, posterior_nodes=5),
            split="by_seed",
        ),
        "paper": Budget(
            seeds=10,
            latent=3,
            training=TrainingConfig(steps=60_000, batch=512, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=1024, points=5000, posterior_nodes=7),
            split="by_seed",
        ),
    },
    budgets_on={
        name: {
            "standard": Budget(
                seeds=5,
                latent=3,
                training=TrainingConfig(steps=6000, batch=128, learning_rate=3e-3),
                evaluation=EvaluationBudget(samples=256, points=5000, posterior_nodes=5),
                split="by_seed",
            )
        }
        for name in REAL_IMAGES
    },
    also_on=REAL_IMAGES,
)
