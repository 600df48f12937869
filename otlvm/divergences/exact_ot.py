"""Exact optimal transport, by POT's network simplex."""

from torch import Tensor

from otlvm.divergences.base import On, SampleDivergence, divergences, near_origin

MAX_ITERATIONS = 1_000_000


@divergences.register("exact_ot")
class ExactOT(SampleDivergence):
    r"""The squared 2-Wasserstein distance of the two clouds, exactly.

    .. math:: W_2^2 = \min_{\gamma \ge 0} \sum_{ij} \gamma_{ij} |x_i - y_j|^2 \quad
        \text{with} \quad \sum_j \gamma_{ij} = a_i, \; \sum_i \gamma_{ij} = b_j

    Differentiable in points and weights; the plan is found on the CPU. Above 0 even for q = p,
    since the clouds are finite. Sources: Bonneel et al. (2011); Flamary et al., *POT* (2021).

    Args:
        on: Compare the marginals of z, or the joints of z and k.
        penalty: What changing the component costs, if joint; see `SampleDivergence`.
    """

    def __init__(self, on: On = "marginal", penalty: float = 1.0) -> None:
        super().__init__()
        self.on = on
        self.penalty = penalty

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        """The transport cost of two weighted clouds; see `SampleDivergence`."""
        import ot  # takes seconds, and only this needs it

        x, y = near_origin(x, y)
        cost: Tensor = ot.emd2(a, b, ot.dist(x, y), numItermax=MAX_ITERATIONS)
        return cost

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"on={self.on!r}, penalty={self.penalty}"
