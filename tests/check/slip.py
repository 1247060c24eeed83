"""One broken variant: a change of the file of `vaebench new`, and the line that it must get."""

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
