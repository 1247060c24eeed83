"""Self-attention in the decoder: forward derivatives of the fused kernel are missing. It has to be measured."""

import torch
from torch import Tensor, nn

from vaebench.models import Gaussian, Normal, Variant, negative_elbo


class AttentionVAE(nn.Module):
    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__()
        n = torch.Size(shape).numel()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(n, 128), nn.SiLU(), nn.Linear(128, 2 * latent))
        self.tokens = nn.Linear(latent, 8 * 32)
        self.attention = nn.MultiheadAttention(32, 4, batch_first=True)
        self.pixels = nn.Sequential(nn.Flatten(), nn.Linear(8 * 32, n), nn.Unflatten(1, shape))

    def encode(self, x: Tensor) -> Normal:
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return Normal(mean, log_scale=log_variance / 2)

    def decode(self, z: Tensor) -> Gaussian:
        tokens = torch.tanh(self.tokens(z)).unflatten(1, (8, 32))
        return Gaussian(self.pixels(tokens + self.attention(tokens, tokens, tokens)[0]), 0.05)


VARIANT = Variant(
    name="attention_vae",
    source="none",
    build=lambda shape, latent, arch: AttentionVAE(shape, latent),
    objective=negative_elbo(),
    kl_weight=1.0,
)
