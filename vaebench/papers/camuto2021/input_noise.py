"""Does noise on the input control the encoder's Lipschitz constant and frequency content?

Camuto & Willetts (2021) say that Gaussian noise on a VAE's *input* gives finer control of the encoder's frequency
content and Lipschitz constant than the encoder's variance does. Here the suite adds noise of standard deviation s to
what the encoder sees in training, at each value of a grid, from the same initial weights, batches and noise. Models are
read on clean data. The posterior's scale is held at σ = 0.2 meanwhile, so that the encoder cannot answer the noise
with its variance and only s differs along the grid.

**Measurements** are those of `camuto2021_variance_frequency`. The encoder's Lipschitz constant is the mean and the
maximum of spectral norms of its Jacobian over held-out data, a lower bound; its frequency content is E‖J‖²_F / Var,
free of the scale of the codes, and the whitened twin, which is 1 for every affine encoder. **Finer control** compares
how far s moves the encoder and the decoder: from the first s to the last the encoder must fall by a larger factor than
the decoder changes anywhere on the way, in Lipschitz constant and in frequency content.

**Target.** Whether the decoder had to explain the clean or the noisy input could not be read. The target of record is
clean (denoising); the `noisy target` arm trains every model a second time against the noisy one.

**Control.** The `analytic` arm is the linear VAE's closed form under input noise, and `analytic noisy target` its twin.
With a clean target each encoder gain falls strictly in s, α² = σλ√(2/β)·a^(−3/2) − σ²/a with a = λ + s²; with a noisy
one every λ turns into a, dead directions come alive, and the decoder's gains rise; the encoder's largest gain need not
fall then, but does on this grid. An affine encoder has no frequency content to lose: its whitened degree is 1 at every
s, so that `noise_frequency` must not hold on either analytic arm.

**Seen** in the reference results on digits: with the clean target all three claims hold for `vae`, `beta_vae`,
`beta_tcvae`, `sigma_vae`, `kahler_vae`, `factor_vae`, `iwae`, `decomposed_vae` and `dip_vae_ii` with `mlp`, and for
`vae`, `beta_vae`, `sigma_vae` and `kahler_vae` with `conv` and `resnet` (`vae` with `mlp`: Lipschitz constant by a
factor of e^−1.35, whitened degree e^−0.60, and the decoder's changes are smaller by e^1.05 and e^0.48). With their
scale held, `complex_vae` and `pair_tied_vae` are `vae`, and read so. Part of the first step is no control of a
function: without noise, nothing holds the encoder's weights in directions in which digits never vary, they stay as they
were drawn, and the least noise takes them away; the trained linear VAE falls by e^−0.94 where the exact one falls by
e^−0.82. From s = 0.05 on all that held still does but for `finer_control` of `dip_vae_ii`, whose encoder then falls by
less than its decoder moves (by e^0.09), and of `beta_tcvae`, undecided, and for `noise_lipschitz` of `beta_vae` with
`resnet`, undecided. Degrees mostly take no even course: in most networks the encoder's whitened one turns up again from
s = 0.4 to 0.8, and the decoder's rises before it falls.

They do not hold whatever the objective. `denoising_vae` adds noise of its own, of 0.2, and starts where `vae` is at s =
0.2 (whitened degree .53 both): noise of the suite changes little beneath that, its constant falls by e^−0.36, its
degree ends where it began, and `finer_control` fails. The encoder of `annealed_vae`, whose KL is held at 25 nats, has a
whitened degree of 1.0 at every s, there is nothing to lose, and its raw degree rises (by e^0.42): it fails in frequency
and control. Its Lipschitz constant ends below where it began and rises on the way (τ = −.28), so that `noise_lipschitz`
is undecided.

With the noisy target the Lipschitz constant of most falls too (not that of `denoising_vae`; of `annealed_vae` and
`iwae` it cannot be told), but the decoder's frequency content falls more than the encoder's, and `finer_control` fails
for all but `factor_vae`, of which it holds, and `iwae`, undecided: what the paper's third claim says rests on the
target. The controls say no where they must: on the exact linear VAE `noise_frequency` and `finer_control` fail, and on
the trained one too. `noise_lipschitz` has no control that could say no: mathematics has the linear VAE's constant fall
as well, so that it shows shrinkage and perhaps no more. `sigma_vae` learns its noise variance, so that β moves along s,
and the closed form beside it, of the β that is held for others, is not its own.

A trend asks for a mean τ beyond ±.5 as well: three pairs of noise levels of four. For the score, agreement with a trend
is τ; with finer control it is (fall − change)/(fall + change).

Choices that are ours: noise variance of the likelihood 0.05, σ = 0.2, at which no direction of the linear VAE on digits
dies along the grid, eight latent units, and the grid itself.
"""

from vaebench.claims import Claim, Outpaces, Trend
from vaebench.experiment import Arm, Budget, EvaluationBudget, Interventions, Knob, TrainingConfig
from vaebench.measures.invariants import LINEAR_VAE_LANDS
from vaebench.papers import Task, Version

GRID = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
HELD = Interventions(posterior_scale=0.2, likelihood_variance=0.05)

TASK = Task(
    name="camuto2021_input_noise",
    version=1,
    versions=(Version(1, "2026-11-20"),),
    title="Camuto & Willetts 2021, Variational Autoencoders: A Harmonic Perspective (input noise)",
    source="arXiv:2105.14866",
    asks="Does noise on the input control the encoder's Lipschitz constant and frequency content?",
    datasets=("digits",),
    interventions=HELD,
    knob=Knob("input_noise", "s"),
    analytic="linear_vae_at_fixed_scale",
    arms=(Arm("noisy_target", Interventions(posterior_scale=0.2, likelihood_variance=0.05, target="noisy")),),
    instruments=(
        "lipschitz.encoder_lipschitz",
        "frequency.encoder_frequency",
        "lipschitz.decoder_lipschitz",
        "frequency.decoder_frequency",
        "reconstruction.unexplained_variance",
        "closed_form.fixed_scale_gap",
    ),
    claims=(
        Claim(
            "noise_lipschitz",
            "The encoder's Lipschitz constant falls as the input noise rises.",
            (Trend("encoder_lipschitz_mean", "falls"), Trend("encoder_lipschitz_max", "falls")),
            reported=("unexplained_variance",),
            analytic="holds",
        ),
        Claim(
            "noise_frequency",
            "The encoder's frequency content falls as the input noise rises.",
            (Trend("encoder_whitened_degree", "falls", role="control"), Trend("encoder_mean_degree", "falls")),
            analytic="fails",
        ),
        Claim(
            "finer_control",
            "Input noise moves the encoder more than the decoder.",
            (
                Outpaces("encoder_lipschitz_mean", "decoder_lipschitz_mean"),
                Outpaces("encoder_whitened_degree", "decoder_mean_degree", role="control"),
            ),
            reported=("decoder_high_frequency_share", "decoder_whitened_lipschitz_mean"),
            analytic="fails",
        ),
    ),
    invariants=(LINEAR_VAE_LANDS,),
    budgets={
        "quick": Budget(
            seeds=3,
            latent=8,
            training=TrainingConfig(steps=400, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=1024, points=128),
            knob_values=(0.0, 0.2, 0.8),
        ),
        "standard": Budget(
            seeds=5, latent=8, training=TrainingConfig(steps=2000, learning_rate=3e-3), knob_values=GRID
        ),
        "paper": Budget(
            seeds=10,
            latent=8,
            training=TrainingConfig(steps=40_000, learning_rate=3e-3),
            evaluation=EvaluationBudget(samples=65_536),
            knob_values=GRID,
        ),
    },
)
