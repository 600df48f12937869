"""How training starts. To add a start, write a `Start` in a file of its own and import it here."""

from otlvm.starts.at_prior import AtPrior
from otlvm.starts.autoencoder import Autoencoder
from otlvm.starts.base import Start, starts
from otlvm.starts.distill import Distill
from otlvm.starts.moments import Moments
from otlvm.starts.restarts import Restarts
from otlvm.starts.trained import Trained

__all__ = [
    "AtPrior",
    "Autoencoder",
    "Distill",
    "Moments",
    "Restarts",
    "Start",
    "Trained",
    "starts",
]
