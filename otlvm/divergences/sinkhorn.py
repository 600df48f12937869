"""The debiased Sinkhorn divergence, by geomloss."""

import torch
from torch import Tensor

from otlvm.divergences.base import On, SampleDivergence, divergences, near_origin


@divergences.register("sinkhorn")
class Sinkhorn(SampleDivergence):
    r"""The debiased Sinkhorn divergence, an estimate of the squared 2-Wasserstein distance.

    .. math:: S(a, b) = OT_\epsilon(a, b) - \tfrac12 OT_\epsilon(a, a) - \tfrac12 OT_\epsilon(b, b)

    with cost :math:`|x - y|^2`. geomloss uses half of that cost; the value here is twice its
    value, so that it tends to :math:`W_2^2` as ``blur`` goes to 0. Sources: Genevay, Peyré and
    Cuturi (2018); Feydy et al., *Interpolating between optimal transport and MMD* (2019).

    Args:
        blur: Length, in units of z, below which mass is not told apart. The regularisation of
            the cost :math:`|x - y|^2` is :math:`\epsilon = 2\,\mathrm{blur}^2`.
        scaling: Ratio between successive blurs of the annealing, in (0, 1): nearer to 1 is slower
            and more exact. The value is good early, the gradient is not: docs/divergences.md has
            how far it points along that of exact transport, and what it costs.
        on: Compare the marginals of z, or the joints of z and k.
        penalty: What changing the component costs, if joint; see `SampleDivergence`.

    Raises:
        ValueError: If ``blur`` or ``penalty`` is negative, or ``scaling`` not in (0, 1).
    """

    def __init__(
        self,
        blur: float = 0.1,
        scaling: float = 0.9,
        on: On = "marginal",
        penalty: float = 1.0,
    ) -> None:
        from geomloss import SamplesLoss  # only this needs it

        super().__init__()
        if blur <= 0 or not 0 < scaling < 1 or penalty < 0:
            raise ValueError("blur and penalty must be positive and scaling in (0, 1)")
        self.on = on
        self.penalty = penalty
        self.blur = blur
        self.scaling = scaling
        self.loss = SamplesLoss("sinkhorn", p=2, blur=blur, scaling=scaling, backend="tensorized")

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        """Twice geomloss's value, whatever the size of the clouds; see `SampleDivergence`."""
        x, y = near_origin(x, y)
        # geomloss switches grad mode on when it returns; this puts the caller's mode back.
        with torch.set_grad_enabled(torch.is_grad_enabled()):
            value: Tensor = self.loss(a, x, b, y)
        return 2 * value

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"blur={self.blur}, scaling={self.scaling}, on={self.on!r}, penalty={self.penalty}"
