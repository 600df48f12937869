"""A start from a model that was trained before."""

import torch
from torch import Tensor

from otlvm.networks import LatentMixtureModel, load
from otlvm.networks.prior_fields import prior_differences
from otlvm.starts.base import Start, starts


@starts.register("trained")
class Trained(Start):
    """All parameters start as those of a trained model, as in Sec. 3.2.2 of the paper.

    Both models must have the same prior: what was trained to fit one fits no other, and a prior
    stays what it was built as.

    Args:
        run: In a suite, the label of another row: its model of the same seed is trained first. In
            a notebook, the folder of a saved model.
    """

    def __init__(self, run: str) -> None:
        self.run = run

    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Take the parameters; see `Start.prepare`.

        Raises:
            FileNotFoundError: If there is no saved model.
            ValueError: If its network, prior or likelihood is another.
        """
        saved = load(self.run)
        differences = prior_differences(saved, model)
        if differences:
            raise ValueError(
                f"the model in {self.run} has another prior than this one, in "
                f"{', '.join(differences)}: build this model with that prior, or start otherwise"
            )
        try:
            model.network.load_state_dict(saved.network.state_dict())
            model.likelihood.load_state_dict(saved.likelihood.state_dict())
        except RuntimeError as error:  # names or shapes differ
            raise ValueError(
                f"the model in {self.run} has other parts: {_describe(saved, model, error)}"
            ) from error
        learnt = dict(saved.prior.named_parameters())  # of priors that are trained along
        with torch.no_grad():
            for name, parameter in model.prior.named_parameters():
                parameter.copy_(learnt[name])


def _describe(saved: LatentMixtureModel, model: LatentMixtureModel, error: Exception) -> str:
    if saved.config and model.config:
        parts = [
            f"{key} {saved.config.get(key)}, not {model.config.get(key)}"
            for key in ("image_shape", "network", "inference", "likelihood")
            if saved.config.get(key) != model.config.get(key)
        ]
        if parts:
            return "; ".join(parts)
    return " ".join(str(error).split())[:300]
