"""Slips that a run caught late, or told in another library's words."""

from check.slip import BUILD, LOSS, UNDECLARED, Slip, decode, encode, loss, slip

NAN_LATER = 'return {"reconstruction": -step.likelihood.log_prob(step.x).mean(), "kl": step.posterior.kl().mean() '
NAN_LATER += "+ (float('nan') if step.step == 50 else 0.0)}"

CAUGHT: dict[str, Slip] = {
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
    "no decode": slip("builds", "Model|without decode", ("    def decode", "    def decoding")),
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
    "labels of a step": slip("gradients", "AttributeError|slip.py|labels=", loss("return step.labels.mean()")),
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
}
