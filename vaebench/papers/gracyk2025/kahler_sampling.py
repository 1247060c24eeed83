"""Does sampling by the decoder's complex volume give fewer outliers, and does a cheap potential stand for its metric?

Gracyk (2025) says that complex VAEs reveal, to some level, Kähler structure of the decoder; that a potential made of
complex Gaussian mixtures is a rough proxy of the decoder's Fisher metric, plurisubharmonic and cheap; and that sampling
in accordance with a weighted complex volume element gives, at the exchange of sample variation, smoother
representations and fewer semantic outliers.

**These definitions are ours**, fixed before anything was sampled, because the paper's data sets, networks, exact
potential, regulariser, the sign of the volume weight and its notion of a semantic outlier could not be read:

* *Metric*: g_{ij̄} = v⁻¹ Σ_a ∂_i f_a conj(∂_j f_a), Fisher's, of the decoder's mean f with noise variance v, at complex
  codes ζ ~ CN(0, I), along units whose mean posterior variance is below ½. A real model with an even number of units is
  read as complex by pairing them; a pair counts as one unit, and with one half collapsed it is left out. The volume
  density is det g, not its root.
* *Weighted samples* follow CN(ζ; 0, I)·(det g)^α with **α = −1 of record**; other powers stand beside. Candidates from
  the prior are resampled by weight; where fewer than a tenth of them are effective, Langevin chains go on from there.
* *Outlier*: a sample whose class confidence is below that of 5 % of held-out real examples, or whose distance to its
  fifth nearest training example is above that of 95 % of them. Both detectors are fixed on real data first; the
  classifier's held-out accuracy is an invariant. A sample is the likelihood's mean at a code.
* *Potential*: F = log Σ_k exp((ζ − m_k)ᴴ P_k (ζ − m_k)) over the posteriors CN(m_k, P_k⁻¹) of 512 training examples.
  Each exponent is the divergence between posteriors of that shape at ζ and at m_k; no constants are added to them.
  By the law of total covariance its metric is E_w[P] + Cov_w(P(ζ − m)) in closed form.
* *Smoothness*: bending of decoded straight paths between held-out codes, and the variance of log det g.

**Controls.** A sampler can buy fewer outliers with less variation, so weighted samples are held against the *scaled
prior*, T·ζ, at the same mean pairwise distance and at the same class entropy, up to two standard errors: truncated
where weighting lost variation, widened where it gained some. Where no factor up to 1.5 brings it there, the claim is
undecided. `variation_cost` stands beside. The `analytic` arm is the linear VAE's closed form: its metric is constant,
weights are equal, and nothing may be gained. The log density of the posterior mixture is *not* plurisubharmonic and
must be found so. A variant that adds decoder geometry is trained beside its `twin` without it, from the same weights
and noise. And with ordinary networks a circular complex VAE *is* a real VAE whose variances are tied in pairs:
`pair_tied_vae` must read like `complex_vae`.

That the potential is plurisubharmonic is a theorem: its share of codes can only be below 1 by a mistake of ours, and
the claim rests on the negative control beside it. Training cannot change it, so that its sample is the codes and not
the seeds: 2,048 codes in each of five models, all together, judged by their exact interval. It speaks of the models at
hand. One model's codes alone would show a share above .998 and not .999; of models to come five seeds show a mean share
above .478 and no more. How often the mixture's density is plurisubharmonic does depend on the model; there seeds are
the sample. Why this potential may fail to follow: each exponent grows away from its component, so that its weights
favour the components far from ζ. Others could be chosen. With centres at −m_k and constants −2 m_kᴴ P_k m_k the weights
favour what is near, and the potential is plurisubharmonic as well: it follows a little better, and not well (rank
correlations .19, .23, .17 in one model each of `complex_vae`, `vae`, `sigma_vae`). The mean precision of the posteriors
near ζ, by responsibility, is shown beside as `precision spearman`; it is no potential's Hessian.

**Seen** in the reference results on digits with `mlp`: the two detectors disagree. Weighted samples are less ambiguous
to the classifier (`vae` .23 → .16, `iwae` .23 → .11; of the networks whose samples are not all outliers, least with
`kahler_vae`, .26 → .24). But they are *not* nearer to the data: the share beyond the neighbour's distance, a few in a
thousand for most models where real data have 50, does not change, or rises where a change can be told (`dip_vae_ii`
.0064 → .0075, `kahler_vae` .017 → .021; all but told, `sigma_vae` .055 → .066). So `fewer_outliers` holds for none of
the fourteen variants.

The trade-offs below say the same in pictures. By the classifier weighted samples of ten variants lie far below the
curve of the truncated prior, which has as few outliers only where it is shrunk to half or less and class entropy is
halved; of `sigma_vae`, `kahler_vae` and `annealed_vae` less far (shrunk to .7 or .8 it has as few), and of the linear
VAE on it. By the neighbour most lie on it or above it: at equal entropy the prior has fewer far samples, which can be
told of `complex_vae`, `pair_tied_vae`, `dip_vae_ii` and `iwae`, and `beats_truncation` fails for them, as for the
linear VAE. At equal distance it is met by most, for there the prior is *widened*: weighted samples are mostly farther
apart than the prior's. `sigma_vae`, of which the claim holds, is compared with a widened prior both times. The mean
pairwise distance rises for nine of fourteen variants and falls for `annealed_vae` alone; class entropy falls for
`dip_vae_ii`, `factor_vae` and `iwae` and rises for `kahler_vae` and `sigma_vae`; so `variation_cost` holds for none.

`complex_vae` and `pair_tied_vae` agree in every verdict, and in nearly every measurement to the last digit that is
printed: what holds, holds for a real VAE read in pairs, and nothing of it is the complex codes'. The potential is cheap
(five to fourteen times as fast, but for the linear VAE, whose decoder costs nothing) and plurisubharmonic, and no
proxy: its rank correlation with the volume of the Fisher metric lies between −.16 and .07. That of the posteriors' mean
precision nearby, .48 to .75, is what a potential would have to reach (but for `annealed_vae`, whose codes are held so
far out that samples of the prior are all outliers). `kahler_vae` bends less than its twin and its volume is more even,
as it was made to be; its metric is no nearer to Kähler (defect .33 against .29). The weight of its regulariser was
chosen with such measurements of one seed in view. The linear VAE, trained or exact, gains exactly nothing, and the
trained one lands on its closed form.

With `conv` and `resnet` the picture is the same: `complex_vae` .19 → .08 and .20 → .10 by the classifier, nothing that
can be told by the neighbour, and for `kahler_vae` more far samples (.015 → .024, .018 → .027); with `resnet` it is
undecided whether it is smoother, one seed of five having no volume to compare. `beats_truncation` fails for `vae` and
`complex_vae` with either network and for `sigma_vae` with `conv`, at equal entropy and by the neighbour each time. From
`beta_vae` next to nothing is beyond the neighbour's distance under any sampler, which decides nothing. The potential is
20 to 66 times as fast. The precision nearby is no better a guide there (.09 for `beta_vae` with `conv`, .79 for
`complex_vae` with `resnet`). One seed of five of `beta_vae` collapses whole, with `mlp` and `conv`: what its other
seeds meet is undecided.

For the score, agreement is 0 at the measurement that a condition is held against and 1 at no outliers (no variation, no
roughness), at a rank correlation of 1, and at a tenfold speed.

Choices that are ours beyond the definitions: noise variance 0.05, eight real or four complex latent units, digits.
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
                _fewer("neighbour_outliers_weighted", "neighbour_outliers_prior"),
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
                _fewer("neighbour_outliers_weighted", "neighbour_outliers_truncated_to_distance"),
                _fewer("classifier_outliers_weighted", "classifier_outliers_truncated_to_entropy"),
                _fewer("neighbour_outliers_weighted", "neighbour_outliers_truncated_to_entropy"),
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
