"""What variants are made of. A variant's file can import everything it needs from here."""

from vaebench.models.autoencoder import GAUSSIAN_VARIANCE, AutoEncoder, autoencoder, gaussian_of_record
from vaebench.models.complex_autoencoder import complex_autoencoder
from vaebench.models.likelihoods import Bernoulli, Gaussian, Likelihood
from vaebench.models.networks import FEATURES, Unfit, architecture
from vaebench.models.objectives import Objective, Step, Terms, negative_elbo, total
from vaebench.models.posteriors import ComplexNormal, FlowNormal, FullNormal, Normal, Posterior
from vaebench.models.priors import mixture_log_prob, mixture_sample
from vaebench.models.refused import Refused
from vaebench.models.variant import Adversary, Model, Player, Variant

__all__ = [
    "FEATURES",
    "GAUSSIAN_VARIANCE",
    "Adversary",
    "AutoEncoder",
    "Bernoulli",
    "ComplexNormal",
    "FlowNormal",
    "FullNormal",
    "Gaussian",
    "Likelihood",
    "Model",
    "Normal",
    "Objective",
    "Player",
    "Posterior",
    "Refused",
    "Step",
    "Terms",
    "Unfit",
    "Variant",
    "architecture",
    "autoencoder",
    "complex_autoencoder",
    "gaussian_of_record",
    "mixture_log_prob",
    "mixture_sample",
    "negative_elbo",
    "total",
]
