"""Value and gradient of divergences, against peers on the same points."""

from collections.abc import Callable

import ot
import torch
from geomloss import SamplesLoss
from torch import Tensor

from otlvm.divergences import Divergence, Sinkhorn, SlicedWasserstein, divergences
from otlvm.harness.speed.peers import plain_imq_mmd, pythae_kernel, pythae_mmd
from otlvm.harness.speed.ratios import Call, Case
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture

POINTS, COMPONENTS, DIM = 128, 10, 10
SURE = 10.0  # the exponential of q(k|x)'s mean entropy is 1.3 of 10, that of a trained model


class _Codes:
    """A batch of codes, its weights and samples of the prior, ready to be differentiated.

    Args:
        spread: Standard deviation of the logits of q(k|x): 1 makes them nearly flat.
    """

    def __init__(self, spread: float = 1.0) -> None:
        torch.manual_seed(0)
        self.prior = GaussianMixture(COMPONENTS, DIM)
        self.z = (self.prior.sample_components(POINTS) + 0.3).requires_grad_()
        self.logits = (spread * torch.randn(POINTS, COMPONENTS)).requires_grad_()
        self.y = self.prior.sample_components(POINTS)
        self.few = self.prior.sample_components(-(-POINTS // COMPONENTS)).flatten(0, 1)
        self.few_weights = torch.full((len(self.few),), 1 / len(self.few))

    def posterior(self) -> MixturePosterior:
        return MixturePosterior(self.logits, self.z, torch.ones_like(self.z), self.z)

    def gradient(self, value: Callable[[], Tensor]) -> Call:
        return lambda: torch.autograd.grad(value(), (self.z, self.logits))

    def ours(self, spec: dict[str, object], compiled: bool = False) -> Call:
        divergence: Divergence = divergences.build(spec)
        compute = torch.compile(divergence) if compiled else divergence
        return self.gradient(lambda: compute(self.posterior(), self.prior))


def divergence_cases(compiled: bool) -> list[Case]:
    """Value and gradient of a divergence of one batch; also compiled, if asked."""
    codes = _Codes()
    plain = codes.gradient(lambda: plain_imq_mmd(codes.z, codes.logits.softmax(1), codes.y))
    what = "IMQ-MMD and gradient"
    marginal, joint = (
        codes.ours({"name": "imq_mmd"}),
        codes.ours({"name": "imq_mmd", "on": "joint"}),
    )
    sure = _Codes(SURE).ours({"name": "imq_mmd"})
    cases = [
        Case(what, "imq_mmd", "paper's algorithm, plainly", (marginal, plain), 40.0),
        Case(what, "imq_mmd, q(k|x) sure", "paper's algorithm, plainly", (sure, plain), 150.0),
        Case(what, "imq_mmd, joint", "paper's algorithm, plainly", (joint, plain)),
    ]
    if compiled:
        call = codes.ours({"name": "imq_mmd"}, compiled=True)
        cases.append(
            Case(what, "imq_mmd, compiled", "paper's algorithm, plainly", (call, plain), 20.0)
        )
    try:
        kernel = pythae_kernel(DIM)
    except ImportError:  # the peers extra is not installed
        kernel = None
    if kernel is not None:
        matrix = kernel

        def pythae() -> Tensor:
            x, a = codes.posterior().cloud()
            return pythae_mmd(matrix, x, a, codes.y.flatten(0, 1))

        cases.append(
            Case(what, "imq_mmd", "pythae's imq_kernel", (marginal, codes.gradient(pythae)), 50.0)
        )
    bandwidth = 4.0
    gaussian = SamplesLoss("gaussian", blur=bandwidth, backend="tensorized")

    def geomloss_kernel() -> Tensor:
        x, a = codes.posterior().cloud()
        y = codes.y.flatten(0, 1)
        value: Tensor = gaussian(a, x, torch.full_like(y[:, 0], 1 / len(y)), y)
        return 2 * value

    rbf = codes.ours({"name": "rbf_mmd", "bandwidths": [bandwidth]})
    calls = (rbf, codes.gradient(geomloss_kernel))
    cases.append(Case("RBF-MMD and gradient", "rbf_mmd", "geomloss's Gaussian kernel", calls, 2.0))
    return cases + _wrapper_cases(codes)


def _wrapper_cases(codes: _Codes) -> list[Case]:
    """Our wrappers against the wrapped, on the same clouds: a ratio of 1 means no overhead."""
    loss = Sinkhorn()
    sinkhorn = SamplesLoss(
        "sinkhorn", p=2, blur=loss.blur, scaling=loss.scaling, backend="tensorized"
    )
    b = codes.few_weights

    def direct_sinkhorn() -> Tensor:
        x, a = codes.posterior().cloud()
        value: Tensor = sinkhorn(a, x, b, codes.few)
        return value

    def direct_exact() -> Tensor:
        x, a = codes.posterior().cloud()
        value: Tensor = ot.emd2(a, b, ot.dist(x, codes.few))
        return value

    def direct_sliced() -> Tensor:
        x, a = codes.posterior().cloud()
        count = SlicedWasserstein().projections
        value: Tensor = ot.sliced_wasserstein_distance(x, codes.few, a, b, n_projections=count)
        return value.square()

    peers = (("sinkhorn", "geomloss", direct_sinkhorn), ("exact_ot", "POT", direct_exact),
             ("sliced_wasserstein", "POT", direct_sliced))  # fmt: skip
    return [
        Case(f"{name} and gradient", name, f"{peer} called directly",
             (codes.ours({"name": name}), codes.gradient(direct)), 0.9)
        for name, peer, direct in peers
    ]  # fmt: skip
