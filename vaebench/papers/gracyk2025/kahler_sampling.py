"""Does sampling by the decoder's complex volume give fewer outliers, and does a cheap potential stand for its metric?

Gracyk (2025) says that complex VAEs reveal, to some level, Kähler structure of the decoder. A potential of complex
Gaussian mixtures is called a rough proxy of the Fisher metric, plurisubharmonic and cheap. Sampling by a weighted
complex volume is said to give fewer semantic outliers, "at the exchange of sample variation".

**What is done.** Samples weighted by the decoder's volume are compared with samples from the prior. The metric of a
potential is compared with the decoder's. The paper's own definitions could not be read: **these definitions are ours**.

**Measurements**

- *Metric*: Fisher's, g_{ij̄} = v⁻¹ Σ_a ∂_i f_a conj(∂_j f_a), with decoder mean f and noise variance v. It is taken at
  complex codes ζ ~ CN(0, I), along active units. These have a mean posterior variance below ½. The volume density is
  det g. A real model is read as complex by pairing its units. A pair with one collapsed half is left out.
- *Weighted samples* follow CN(ζ; 0, I)·(det g)^α with α = −1; other powers are reported. Candidates from the prior are
  resampled by weight. Where fewer than a tenth are effective, Langevin chains go on from there. A sample is the
  likelihood's mean at a code.
- *Outlier*: a sample with a class confidence below that of 5 % of held-out real examples. Or one that is farther from
  its fifth nearest training example than 95 % of them. Both detectors are fixed on real data first.
- *Potential*: F = log Σ_k exp((ζ − m_k)ᴴ P_k (ζ − m_k)). CN(m_k, P_k⁻¹) are the posteriors of 512 training examples. By
  the law of total covariance its metric is E_w[P] + Cov_w(P(ζ − m)). Each exponent is the divergence between posteriors
  of that shape at ζ and at m_k. It grows away from m_k, so the weights w favour components far from ζ. Centres at −m_k
  and constants −2 m_kᴴ P_k m_k would favour near ones; one trial of that followed a little better.
- *Precision nearby*: the posteriors' mean precision at ζ, weighted by responsibility. It is no potential's Hessian.
- *Smoothness*: bending of decoded straight paths between held-out codes, and the variance of log det g.

**Conditions.** `fewer_outliers` needs both rates below the prior's, `variation_cost` the same of class entropy,
pairwise distance and coverage. The rank correlation of log det of both metrics must be above 0.5. The potential must be
plurisubharmonic at above 99.9 % of codes, and the mixture's log density at below 99 %. Fewer outliers could simply mean
less diversity. We therefore compare with the prior scaled by T. T is chosen to match diversity, up to two standard
errors. If no T up to 1.5 matches, the claim is undecided. That the potential is plurisubharmonic is a theorem, which
only a mistake of ours can break. So its sample is the codes, 2,048 in each of five models, with an exact interval.
Agreement is 0 at the control. It is 1 at no outliers, no variation, no roughness, a rank correlation of 1, and a
tenfold speed.

**Controls.** The `analytic` arm is the linear VAE. Its metric is constant, so weights are equal and nothing may be
gained. The log density of the posterior mixture must be found not plurisubharmonic. The `twin` arm is a variant without
its decoder geometry. A circular complex VAE is a real VAE with variances tied in pairs. So `pair_tied_vae` must measure
like `complex_vae`.

**Choices that are ours**

| theirs | ours |
| --- | --- |
| data sets and networks: could not be read | `digits`; eight real or four complex units; noise variance 0.05 |
| sign of the volume's weight: could not be read | α = −1, chosen after a look at digits; both signs are reported |
| semantic outlier: could not be read | the two detectors |
| exact potential: could not be read | F, without added constants |
| regulariser: could not be read | that of `kahler_vae`; its weight was chosen with one seed's smoothness in view |
"""

from vaebench.claims import Beyond, Claim, Exceeds, Role, Tradeoff
from vaebench.experiment import Arm, Budget, EvaluationBudget, Interventions, TrainingConfig
from vaebench.measures.invariants import LINEAR_VAE_LANDS
from vaebench.papers import Task, Version

OUTLIERS = ("classifier_outliers", "neighbour_outliers")
VARIATIONS = ("class_entropy", "pairwise_distance", "coverage")
TRUNCATED = ("truncated_at_0_4", "truncated_at_0_6", "truncated_at_0_8")


def _fewer(measurement: str, control: str, role: Role = "published") -> Exceeds:
    return Exceeds(measurement, control, ideal=0, side="below", role=role)


TASK = Task(
    name="gracyk2025_kahler_sampling",
    version=2,
    versions=(Version(1, "2026-11-20"), Version(2, "2026-11-20")),
    title="Gracyk 2025, Complex variational autoencoders admit Kähler structure",
    source="arXiv:2511.15172",
    asks="Does volume-weighted sampling give fewer outliers, and does a cheap potential stand for its metric?",
    datasets=("digits",),
    interventions=Interventions(likelihood_variance=0.05),
    knob=None,
    analytic="linear_vae_on_principal_axes",
    arms=(Arm("twin", variant="twin", read=False),),
    instruments=(
        "volume_sampling.volume_sampling",
        "kahler.potential_fidelity",
        "kahler.plurisubharmonic",
        "kahler.cost",
        "reconstruction.unexplained_variance",
        "closed_form.learned_scale_gap",
    ),
    comparisons=("smoothness.against_twin",),
    tradeoffs=tuple(
        Tradeoff(
            OUTLIERS, variation, (*TRUNCATED, "prior"), "weighted", "prior times .4, .6, .8, 1", "weighted by volume"
        )
        for variation in VARIATIONS[:2]
    ),
    claims=(
        Claim(
            "fewer_outliers",
            "Volume-weighted sampling gives fewer outliers than the prior.",
            (
                _fewer("classifier_outliers_weighted", "classifier_outliers_prior"),
                _fewer("neighbour_outliers_weighted", "neighbour_outliers_prior", "control"),
            ),
            reported=(
                "effective_share",
                "classifier_outliers_alpha_minus_2",
                "classifier_outliers_alpha_minus_half",
                "classifier_outliers_alpha_plus_half",
                "classifier_outliers_alpha_plus_1",
                "neighbour_outliers_alpha_minus_2",
                "neighbour_outliers_alpha_minus_half",
                "neighbour_outliers_alpha_plus_half",
                "neighbour_outliers_alpha_plus_1",
                *(f"{what}_{way}" for what in VARIATIONS for way in ("prior", "weighted")),
                "unexplained_variance",
            ),
            analytic="fails",
        ),
        Claim(
            "beats_truncation",
            "Volume-weighted sampling gives fewer outliers than the prior scaled to the same variation.",
            (
                _fewer("classifier_outliers_weighted", "classifier_outliers_truncated_to_distance"),
                _fewer("neighbour_outliers_weighted", "neighbour_outliers_truncated_to_distance", "control"),
                _fewer("classifier_outliers_weighted", "classifier_outliers_truncated_to_entropy"),
                _fewer("neighbour_outliers_weighted", "neighbour_outliers_truncated_to_entropy", "control"),
            ),
            reported=(
                "truncation_for_distance",
                "truncation_for_entropy",
                *(f"{what}_{way}" for way in TRUNCATED for what in (*OUTLIERS, *VARIATIONS)),
            ),
            analytic="fails",
        ),
        Claim(
            "variation_cost",
            "Volume-weighted sampling costs variation: class entropy, pairwise distance and held-out coverage fall.",
            (
                _fewer("class_entropy_weighted", "class_entropy_prior"),
                _fewer("pairwise_distance_weighted", "pairwise_distance_prior", "control"),
                _fewer("coverage_weighted", "coverage_prior", "control"),
            ),
            analytic="fails",
        ),
        Claim(
            "potential_fidelity",
            "The metric of the posterior mixture's potential is a rough proxy of the decoder's Fisher metric.",
            (Beyond("potential_spearman", 0.5, ideal=1, null=0),),
            reported=("potential_relative_error", "precision_spearman", "kahler_defect"),
        ),
        Claim(
            "plurisubharmonic",
            "The potential is plurisubharmonic, and the log density of the mixture is not.",
            (
                Beyond("potential_psh_share", 0.999, ideal=1, null=0, scale="draws"),
                Beyond("mixture_psh_share", 0.99, ideal=0, null=1, scale="share", role="control"),
            ),
            reported=("potential_smallest_eigenvalue", "mixture_smallest_eigenvalue"),
            analytic="holds",
        ),
        Claim(
            "cheaper",
            "The potential's metric costs less than the decoder's by automatic differentiation.",
            (Beyond("metric_log10_time_ratio", 0, ideal=1, null=0),),
        ),
        Claim(
            "smoother",
            "Regularising by decoder geometry makes representations smoother than the twin's without it.",
            (
                _fewer("path_roughness", "path_roughness_twin"),
                _fewer("log_volume_variance", "log_volume_variance_twin"),
            ),
        ),
    ),
    invariants=(
        Claim(
            "classifier_is_accurate",
            "The classifier that calls samples outliers is right on held-out real data.",
            (Beyond("classifier_accuracy", 0.95, ideal=1, null=0.1),),
        ),
        LINEAR_VAE_LANDS,
    ),
    budgets={
        "quick": Budget(
            seeds=3,
            latent=8,
            training=TrainingConfig(steps=400, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=1024, points=128),
        ),
        "standard": Budget(seeds=5, latent=8, training=TrainingConfig(steps=3000, learning_rate=3e-3)),
        "paper": Budget(
            seeds=10,
            latent=8,
            training=TrainingConfig(steps=40_000, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=65_536),
        ),
    },
)
