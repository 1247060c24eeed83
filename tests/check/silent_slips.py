"""Slips that a run did not see: it gave a number, and the number was wrong."""

from check.slip import LOSS, READS_AS_BERNOULLI, UNDECLARED, Slip, decode, encode, loss, slip

OWN_PASS = """q = step.model.encode(step.x)
    z = q.mean + q.scale * torch.randn_like(q.mean)
    return (q.kl() - step.model.decode(z).log_prob(step.x)).mean()"""

FULL = """mean, log_variance = mean, log_variance / 2

        class FullNormal(Normal):
            def sample(self, noise):
                return self.mean + self.scale * noise + 0.1 * noise.flip(-1)

        return FullNormal(mean, log_scale=log_variance)"""

EXTRA = "        self.extra = nn.Sequential(nn.Linear(latent, 8), nn.Tanh(), nn.Linear(8, latent))\n\n"
WITH_EXTRA = ("\n    def encode(self, x):", f"{EXTRA}    def encode(self, x):")
FLOW = """prior = -0.5 * (step.model.extra(step.z) + step.z).square().sum(1)
    return (-step.likelihood.log_prob(step.x) - prior - step.posterior.log_scale.sum(1)).mean()"""
LADDER = """top, low = step.z.chunk(2, 1)
    guess = step.model.extra(functional.pad(top, (0, low.shape[1])))[:, : low.shape[1]]
    kl = step.posterior.kl() - 0.5 * low.square().sum(1) + 0.5 * (low - guess).square().sum(1)
    return (kl - step.likelihood.log_prob(step.x)).mean()"""

IN_VARIANCE = """mean, scale = step.posterior.mean, step.posterior.scale
    kl = 0.5 * (mean.square() + scale - scale.log() - 1).sum(1).mean()
    return -step.likelihood.log_prob(step.x).mean() + kl"""

SILENT_HELPER = """import importlib.util
import pathlib

at = pathlib.Path(__file__).with_name("hel" + "per.py")
spec = importlib.util.spec_from_file_location("helper_of_slip", at)
helper = importlib.util.module_from_spec(spec)
import sys
sys.modules["helper_of_slip"] = helper
spec.loader.exec_module(helper)
"""

AVERAGED = (
    """return {"r": -step.likelihood.log_prob(step.x).mean() / step.x[0].numel(), "kl": step.posterior.kl().mean()}"""
)
ALL_AVERAGED = AVERAGED.replace("kl().mean()}", "kl().mean() / step.z.shape[1]}")

SILENT: dict[str, Slip] = {
    "own forward pass": slip("interventions", "posterior's scale|step.posterior", loss(OWN_PASS)),
    "helper that is not hashed": slip(
        "source",
        "helper.py|write the import out",
        ("import math\n", "import math\n" + SILENT_HELPER),
        files=(("helper.py", "WEIGHT = 1.0\n"),),
    ),
    "full covariance as a subclass": slip("encode and decode", "FullNormal|Normal", encode(FULL)),
    "flow as prior": slip("gradients", "extra.0.weight|prior_sample|FlowNormal", WITH_EXTRA, loss(FLOW), UNDECLARED),
    "two levels": slip("gradients", "extra.0.weight|prior_sample|FlowNormal", WITH_EXTRA, loss(LADDER), UNDECLARED),
    "prior said to be its own": slip("prior", "N(0, I)", ("objective=objective,", 'objective=objective, prior="own",')),
    "encoder without gradient": slip(
        "gradients", "encode|no_grad", ("    def encode", "    @torch.no_grad()\n    def encode")
    ),
    "codes detached": slip("reconstruction", "z detached", decode("return Gaussian(self.decoder(z.detach()), 0.05)")),
    "all frozen": slip(
        "gradients",
        "detached|no_grad",
        ("nn.Unflatten(1, shape))\n", "nn.Unflatten(1, shape))\n        self.requires_grad_(False)\n"),
    ),
    "mean of the batch taken off": slip(
        "example by example", "encode|batch", encode("return Normal(mean - mean.mean(0), log_scale=log_variance / 2)")
    ),
    "batch statistics": slip(
        "example by example",
        "encode|batch",
        (
            "nn.SiLU(), nn.Linear(256, 2 * latent)",
            "nn.BatchNorm1d(256, track_running_stats=False), nn.SiLU(), nn.Linear(256, 2 * latent)",
        ),
    ),
    "random encoder": slip(
        "example by example",
        "encode|self.training",
        encode("return Normal(mean + 0.1 * torch.randn_like(mean), log_scale=log_variance / 2)"),
    ),
    "dropout in evaluation": slip(
        "example by example",
        "decode|self.training",
        decode("return Gaussian(self.decoder(functional.dropout(z, 0.3)), 0.05)"),
    ),
    "kl_weight believed": slip("kl_weight", "declared 1|4 ±", loss(LOSS.strip().replace("1.0 *", "4.0 *"))),
    "KL written for the variance": slip("kl_weight", "declared 1", loss(IN_VARIANCE)),
    "sign of the KL": slip("objective", "KL|above 0|sign", loss(LOSS.strip().replace("1.0 *", "-1.0 *")), UNDECLARED),
    "sign of the likelihood": slip(
        "objective", "log p(x|sign", loss(LOSS.strip().replace("-step", "step")), UNDECLARED
    ),
    "sigmoid as log odds": slip(
        "outputs", "[0, 1]|sigmoid|raw", *READS_AS_BERNOULLI, ("(self.decoder(z))", "(self.decoder(z).sigmoid())")
    ),
    "tanh as log odds": slip(
        "outputs", "[-1, 1]|tanh|raw", *READS_AS_BERNOULLI, ("(self.decoder(z))", "(self.decoder(z).tanh())")
    ),
    "sigmoid as mean": slip(
        "outputs", "[0, 1]|sigmoid|raw", decode("return Gaussian(self.decoder(z).sigmoid(), 0.05)"), word="warn"
    ),
    "constant variance as a tensor": slip(
        "scale", "depends on no weight|float", decode("return Gaussian(self.decoder(z), torch.tensor(0.05))")
    ),
    "ones as variance": slip(
        "scale", "depends on no weight|float", decode("m = self.decoder(z); return Gaussian(m, torch.ones_like(m))")
    ),
    "log p averaged": slip("averages", "64 values|Sum both", loss(AVERAGED), UNDECLARED, word="warn"),
    "log p averaged and weight declared": slip("kl_weight", "declared 1|64 ±", loss(AVERAGED)),
    "all averaged": slip("averages", "64 values|8 latent|Sum both", loss(ALL_AVERAGED), UNDECLARED, word="warn"),
    "log variance as scale": slip(
        "scale", "negative|log variance|log_scale", encode("return Normal(mean, log_variance)")
    ),
    "log variance of the decoder": slip(
        "scale", "negative|variance.exp()", decode("m = self.decoder(z); return Gaussian(m, m - 1.0)")
    ),
    "double precision inside": slip(
        "precision", "float64|float32", encode("return Normal(mean.double().sin().float(), log_scale=log_variance / 2)")
    ),
    "bfloat16 inside": slip(
        "precision", "bfloat16|float32", encode("return Normal(mean.bfloat16().float(), log_scale=log_variance / 2)")
    ),
}
