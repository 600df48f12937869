"""A start from a model that was trained before."""

from torch import Tensor

from otlvm.networks import LatentMixtureModel, load
from otlvm.starts.base import Start, starts


@starts.register("trained")
class Trained(Start):
    """All parameters start as those of a trained model, as in Sec. 3.2.2 of the paper.

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
            ValueError: If its network or prior is another.
        """
        try:
            model.load_state_dict(load(self.run).state_dict())
        except RuntimeError as error:  # names or shapes differ
            raise ValueError(f"the model in {self.run} has other networks: {error}") from error
