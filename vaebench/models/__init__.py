"""What variants are made of; everything a variant's file needs can be imported from here."""

from vaebench.models.autoencoder import AutoEncoder, autoencoder
from vaebench.models.likelihoods import Bernoulli, Gaussian, Likelihood
from vaebench.models.networks import Unfit, architecture
from vaebench.models.objectives import Objective, Step, Terms, negative_elbo
from vaebench.models.posteriors import ComplexNormal, Normal, Posterior
from vaebench.models.variant import Model, Player, Variant

__all__ = [
    "AutoEncoder",
    "Bernoulli",
    "ComplexNormal",
    "Gaussian",
    "Likelihood",
    "Model",
    "Normal",
    "Objective",
    "Player",
    "Posterior",
    "Step",
    "Terms",
    "Unfit",
    "Variant",
    "architecture",
    "autoencoder",
    "negative_elbo",
]
