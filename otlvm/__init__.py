"""otlvm: priors, latent divergences and objectives for autoencoders with mixture latents."""

from otlvm.networks import LatentMixtureModel, load
from otlvm.training import fit, pretrain_moments

__version__ = "0.1.0"

__all__ = ["LatentMixtureModel", "__version__", "fit", "load", "pretrain_moments"]
