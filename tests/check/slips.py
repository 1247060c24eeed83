"""Broken variants: the file of `vaebench new`, changed in one place each, and the line that each must get."""

from typing import NamedTuple

from vaebench.new import TEMPLATE

NAME = "slip"
SOUND = TEMPLATE.replace("NAME", NAME)


class Slip(NamedTuple):
    """A change of the sound file.

    Attributes:
        edits: (old, new) pairs.
        check: The check that must object.
        word: How.
        names: What the objection must name: the wrong value, the expected one, or the remedy.
        files: Further files beside it, by name.
    """

    edits: tuple[tuple[str, str], ...]
    check: str
    word: str
    names: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        text = SOUND
        for old, new in self.edits:
            assert old in text, old
            text = text.replace(old, new)
        return text


ENCODED = "        return Normal(mean, log_scale=log_variance / 2)"
DECODED = "        return Gaussian(self.decoder(z), 0.05)"
LOSS = '    return {"reconstruction": -step.likelihood.log_prob(step.x).mean(), "kl": 1.0 * step.posterior.kl().mean()}'
TORCH = ("import math\n", "import math\n\nimport torch\nfrom torch.nn import functional\n")
UNDECLARED = ("    kl_weight=1.0,", "    ")
BUILD = "    build=lambda shape, latent, arch: Model(shape, latent),"
READS_AS_BERNOULLI = (
    ("import Gaussian,", "import Bernoulli,"),
    ("Gaussian(self.decoder(z), 0.05)", "Bernoulli(self.decoder(z))"),
)


def slip(check: str, names: str, *edits: tuple[str, str], word: str = "refuse", files: tuple = ()) -> Slip:
    return Slip((TORCH, *edits), check, word, tuple(names.split("|")), files)


def loss(text: str) -> tuple[str, str]:
    return LOSS, f"    {text}"


def encode(text: str) -> tuple[str, str]:
    return ENCODED, f"        {text}"


def decode(text: str) -> tuple[str, str]:
    return DECODED, f"        {text}"


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
NAN_LATER = 'return {"reconstruction": -step.likelihood.log_prob(step.x).mean(), "kl": step.posterior.kl().mean() '
NAN_LATER += "+ (float('nan') if step.step == 50 else 0.0)}"
TWO_VARIANTS = "\nOTHER = VARIANT\nVARIANT = Variant(\n"

SLIPS: dict[str, Slip] = {
    # evidence B: silent before
    "own forward pass": slip("interventions", "posterior's scale|step.posterior", loss(OWN_PASS)),
    "helper that is not hashed": slip(
        "source",
        "helper.py|write the import out",
        ("import math\n", "import math\n" + SILENT_HELPER),
        files=(("helper.py", "WEIGHT = 1.0\n"),),
    ),
    "full covariance as a subclass": slip("encode and decode", "FullNormal|Normal", encode(FULL)),
    "flow as prior": slip("gradients", "extra.0.weight|prior", WITH_EXTRA, loss(FLOW), UNDECLARED),
    "two levels": slip("gradients", "extra.0.weight|prior", WITH_EXTRA, loss(LADDER), UNDECLARED),
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
    # evidence C: caught late, or in others' words
    "loss per example": slip("gradients", "scalar|(64,)", loss("return -step.likelihood.log_prob(step.x)")),
    "loss is a float": slip("gradients", "scalar tensor|float", loss("return 1.0")),
    "loss is a tuple": slip(
        "gradients",
        "scalar tensor|tuple",
        loss("return -step.likelihood.log_prob(step.x).mean(), step.posterior.kl().mean()"),
    ),
    "loss is nothing": slip("gradients", "scalar tensor|NoneType", loss("return None")),
    "loss without terms": slip("gradients", "none", loss("return {}")),
    "loss detached": slip(
        "gradients",
        "detached|no_grad",
        loss("return (step.posterior.kl() - step.likelihood.log_prob(step.x)).mean().detach()"),
    ),
    "loss of nan": slip("100 steps", "kl|step 50", loss(NAN_LATER), UNDECLARED),
    "posterior of torch": slip(
        "encode and decode",
        "vaebench.models|torch.distributions.normal.Normal",
        encode("return torch.distributions.Normal(mean, (log_variance / 2).exp())"),
    ),
    "encode gives a tuple": slip(
        "encode and decode", "tuple|Normal(mean, log_scale=log_variance / 2)", encode("return mean, log_variance")
    ),
    "encode gives nothing": slip("encode and decode", "NoneType|Normal", encode("pass")),
    "wrong shape of data": slip(
        "encode and decode", "(2, 1, 8, 8)|(2, 64)", decode("return Gaussian(self.decoder(z).flatten(1), 0.05)")
    ),
    "wrong number of units": slip(
        "encode and decode", "(2, 8)|(2, 7)", encode("return Normal(mean[:, 1:], log_scale=log_variance[:, 1:] / 2)")
    ),
    "no decode": slip("builds", "Model|decode", ("    def decode", "    def decoding")),
    "build raises": slip("builds", "TypeError|slip.py", (BUILD, "    build=lambda shape, latent, arch: Model(shape),")),
    "build gives no module": slip(
        "builds", "str|torch module", (BUILD, '    build=lambda shape, latent, arch: "model",')
    ),
    "one shape only": slip(
        "builds", "slip.py", ("        n = math.prod(shape)", "        n, = {16: (16,)}[math.prod(shape)]")
    ),
    "double weights": slip("weights", "float64|float32", (BUILD, BUILD.replace("latent),", "latent).double(),"))),
    "weights without values": slip(
        "builds", "meta|without values", (BUILD, BUILD.replace("latent),", 'latent).to("meta"),'))
    ),
    "labels of a step": slip("gradients", "AttributeError|slip.py", loss("return step.labels.mean()")),
    "target with noise": slip("interventions", "target|step.x", loss(LOSS.strip().replace("(step.x)", "(step.seen)"))),
    "chance of its own": slip(
        "interventions",
        "step.rng",
        ("import math\n", "import math\n\nimport numpy\n"),
        loss("return -step.likelihood.log_prob(step.x).mean() + numpy.random.rand() + step.posterior.kl().mean()"),
    ),
    "capacity with a weight declared": slip(
        "objective",
        "declared 1|no ELBO",
        loss("return -step.likelihood.log_prob(step.x).mean() + (step.posterior.kl().mean() - 5.0).abs()"),
    ),
    "weight not declared": slip("kl_weight", "kl_weight|declare", UNDECLARED, word="warn"),
    "unknown network": slip("builds", "transformer|mlp, resnet", ('archs=("mlp",)', 'archs=("transformer",)')),
    "network not looked at": slip(
        "networks", "mlp|conv|archs", ('    archs=("mlp",),', '    archs=("mlp", "conv"),'), word="warn"
    ),
    "nobody to ask": slip("meta", "contact|licence", word="warn"),
    "no meta": slip(
        "meta",
        "META|contact",
        ('META["name"]', '"slip"'),
        ('META["source"]', '"mine"'),
        ("META = ", "ABOUT = "),
        word="warn",
    ),
    "two variants": slip(
        "one variant",
        "VARIANT|2 times|lines",
        (
            "\nVARIANT = Variant(\n",
            ('\nVARIANT = Variant("first", "mine", lambda *_: Model((1, 8, 8), 8), objective)\n\nVARIANT = Variant(\n'),
        ),
        word="warn",
    ),
    # files that do not load
    "syntax": slip("loads", "slip.py|SyntaxError|line", ("class Model(nn.Module):", "class Model(nn.Module)")),
    "ends the program": slip("loads", "slip.py|SystemExit", ("import math\n", "import math\n\nraise SystemExit(0)\n")),
    "no VARIANT": slip("loads", "slip.py|VARIANT|Variant", ("\nVARIANT = ", "\nMINE = ")),
    "list of variants": slip(
        "loads", "VARIANT|Variant", ("\nVARIANT = Variant(", "\nVARIANT = [Variant("), ("makes\n)", "makes\n)]")
    ),
    "name with spaces": slip("loads", "name|'my vae'|underscores", ('"name": "slip"', '"name": "my vae"')),
    "name out of the folder": slip("loads", "name|'../../etc'", ('"name": "slip"', '"name": "../../etc"')),
    "name of an emoji": slip("loads", "name|underscores", ('"name": "slip"', '"name": "\N{SKULL}"')),
    "name too long": slip("loads", "name|underscores", ('"name": "slip"', f'"name": "{"a" * 80}"')),
    "name taken": slip("loads", "beta_vae|taken", ('"name": "slip"', '"name": "beta_vae"')),
    "learning rate of nought": slip("loads", "learning_rate|above 0", ("kl_weight=1.0,", "learning_rate=0.0,")),
    "weight below nought": slip("loads", "kl_weight|above 0|-1", ("kl_weight=1.0,", "kl_weight=-1.0,")),
    "sibling not on the path": slip(
        "loads",
        "helper_mod|PYTHONPATH",
        ("import math\n", "import math\n\nfrom helper_mod import WEIGHT\n"),
        files=(("helper_mod.py", "WEIGHT = 1.0\n"),),
    ),
    "relative import": slip(
        "loads", "relative import|package.module:NAME", ("import math\n", "import math\n\nfrom .helper import WEIGHT\n")
    ),
}
"""By name. Those of evidence sections B and C, and others that authors make."""
