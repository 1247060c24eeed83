"""A kernel on a model of one's own: the mean Hermite degree of a decoder, which is 1 if and only if it is affine."""

import torch
from torch import nn

import vaebench

torch.manual_seed(0)
decoders = {
    "affine": nn.Linear(2, 16),
    "network": nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 16)),
    "steep network": nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 16)),
}
with torch.no_grad():
    decoders["steep network"][0].weight.mul_(8)

for name, decoder in decoders.items():
    rng = torch.Generator().manual_seed(1)
    degree = vaebench.latent_mean_degree(decoder, latent=2, samples=4096, rng=rng)
    print(f"{name}: {float(degree.value):.2f} ± {float(degree.stderr):.2f}")
