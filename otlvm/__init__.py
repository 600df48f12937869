"""otlvm: priors, latent divergences and objectives for autoencoders with mixture latents.

Everything below is imported when it is first asked for, so that ``import otlvm`` costs nothing and
what needs no training needs no torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otlvm import (
        augmentations,
        baselines,
        data,
        divergences,
        evaluation,
        expectations,
        features,
        inference,
        inputs,
        latents,
        likelihoods,
        metrics,
        networks,
        numbers,
        objectives,
        optimizers,
        plots,
        plugins,
        priors,
        registry,
        scaling,
        schedules,
        seeding,
        sharing,
        sklearn,
        starts,
        testing,
        training,
        weights,
    )
    from otlvm.networks import LatentMixtureModel, load
    from otlvm.training import fit, pretrain_moments

__version__ = "0.2.0"

__all__ = [
    "LatentMixtureModel",
    "__version__",
    "augmentations",
    "baselines",
    "data",
    "divergences",
    "evaluation",
    "expectations",
    "features",
    "fit",
    "inference",
    "inputs",
    "latents",
    "likelihoods",
    "load",
    "metrics",
    "networks",
    "numbers",
    "objectives",
    "optimizers",
    "plots",
    "plugins",
    "pretrain_moments",
    "priors",
    "registry",
    "scaling",
    "schedules",
    "seeding",
    "sharing",
    "sklearn",
    "starts",
    "testing",
    "training",
    "weights",
]

_MODULE_OF = {
    "LatentMixtureModel": "otlvm.networks",
    "fit": "otlvm.training",
    "load": "otlvm.networks",
    "pretrain_moments": "otlvm.training",
}

if not TYPE_CHECKING:  # a type checker that saw this function would accept any name

    def __getattr__(name: str) -> Any:
        """Import what is asked for (PEP 562)."""
        if name in _MODULE_OF:
            value = getattr(importlib.import_module(_MODULE_OF[name]), name)
            globals()[name] = value
            return value
        if name in __all__:
            return importlib.import_module(f"otlvm.{name}")
        from otlvm.wording import did_you_mean

        hint = "" if name.startswith("_") else did_you_mean(name, __all__)
        raise AttributeError(f"module 'otlvm' has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
