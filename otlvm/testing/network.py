"""Conformance of networks."""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.networks import Network
from otlvm.testing.fault import Fault
from otlvm.testing.parts import cuda, expect
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import reseeds, unchanged, unchanged_state
from otlvm.wording import with_article

Make = Callable[..., Network]
Sizes = tuple[tuple[int, int, int], int, int]
# No two numbers alike, so that a forgotten or confused axis shows; one component is a special case.
SIZES: tuple[Sizes, ...] = (((1, 8, 8), 3, 2), ((3, 8, 12), 4, 5), ((1, 8, 8), 1, 2))
IMAGES = 6


def check_network(make: Make) -> None:
    """Check that a network behaves as the toolkit needs, for several sizes of images, K and d.

    Args:
        make: The class, or a function that builds one from ``image_shape``, ``n_components`` and
            ``dim``, given by name.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.

    Example:
        >>> from otlvm.networks import MLP
        >>> check_network(MLP)
    """
    raise_faults(getattr(make, "__name__", repr(make)), network_outcomes(make))


def network_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_network` and return what they found."""
    return run_checks(CHECKS, make)


def _network(make: Make, sizes: Sizes = SIZES[0], seed: int = 0) -> Network:
    torch.manual_seed(seed)
    image_shape, n_components, dim = sizes
    network = make(image_shape=image_shape, n_components=n_components, dim=dim)
    if not isinstance(network, Network):
        raise Fault(f"it builds {with_article(type(network).__name__)}, not a Network")
    return network


def _images(sizes: Sizes = SIZES[0], n: int = IMAGES) -> Tensor:
    return torch.rand(n, math.prod(sizes[0]), generator=torch.Generator().manual_seed(0))


def _codes(sizes: Sizes = SIZES[0], n: int = IMAGES) -> Tensor:
    return torch.randn(n, sizes[1], sizes[2], generator=torch.Generator().manual_seed(0))


def _encode(network: Network, x: Tensor, sizes: Sizes = SIZES[0]) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(7)
    encoded = network.encode(x)
    if not isinstance(encoded, tuple) or len(encoded) != 3:
        raise Fault("encode returns something else than logits, means and standard deviations")
    n, (_, n_components, dim) = len(x), sizes
    logits, mean, std = encoded
    each = "[n, K, d], one of each component"
    expect("the logits of encode(x)", logits, (n, n_components), "[n, K]")
    expect("the means of encode(x)", mean, (n, n_components, dim), each)
    expect("the standard deviations of encode(x)", std, (n, n_components, dim), each)
    return logits, mean, std


def _decode(network: Network, z: Tensor, sizes: Sizes = SIZES[0]) -> Tensor:
    torch.manual_seed(7)
    shape = (*z.shape[:-1], math.prod(sizes[0]))
    return expect(f"decode of codes {tuple(z.shape)}", network.decode(z), shape, "[..., D]")


def _encodes(make: Make) -> None:
    for sizes, training in itertools.product(SIZES, (True, False)):
        _encode(_network(make, sizes).train(training), _images(sizes), sizes)


def _decodes(make: Make) -> None:
    for sizes, training in itertools.product(SIZES, (True, False)):
        network, z = _network(make, sizes).train(training), _codes(sizes)
        _decode(network, z, sizes)
        _decode(network, z[:, 0], sizes)
    network, z = _network(make).eval(), _codes()
    apart = torch.stack([_decode(network, z[:, k]) for k in range(z.shape[1])], dim=1)
    if not torch.allclose(_decode(network, z), apart, rtol=1e-4, atol=1e-5):
        raise Fault("codes [n, K, d] are decoded to other images than the same codes one K a time")


def _has_positive_std(make: Make) -> None:
    network = _network(make)
    for name, x in {
        "random images": _images(),
        "black images": torch.zeros_like(_images()),
        "white images": torch.ones_like(_images()),
    }.items():
        std = _encode(network, x)[2]
        if not (std > 0).all():
            least = float(std.detach().min())
            raise Fault(
                f"standard deviations go down to {least:.3g} for {name}: make them positive, for "
                f"example by a softplus and a small constant"
            )


def _has_gradients(make: Make) -> None:
    network, z = _network(make), _codes().requires_grad_()
    logits, mean, std = _encode(network, _images())
    pixels = _decode(network, z)
    parts = (torch.log_softmax(logits, dim=1), mean, std.log(), torch.sigmoid(pixels))
    # Weights that no normalisation sums to zero.
    loss = torch.stack([(part * torch.rand_like(part)).sum() for part in parts]).sum()
    if not loss.requires_grad:
        raise Fault("its outputs are detached from its parameters: nothing would be trained")
    torch.autograd.backward(loss)
    if z.grad is None or not z.grad.any():
        raise Fault("no gradient reaches the codes through the decoder: encoders would not learn")
    if not torch.isfinite(z.grad).all():
        raise Fault("the gradient of the codes is not finite")
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if parameter.grad is None:
            raise Fault(f"no gradient reaches {name}")
        if not torch.isfinite(parameter.grad).all():
            raise Fault(f"the gradient of {name} is not finite")


def _rows_stand_alone(make: Make) -> None:
    network, x, z = _network(make).eval(), _images(), _codes()
    alone = (*_encode(network, x[:1]), _decode(network, z[:1]))
    among = (*_encode(network, x), _decode(network, z))
    names = ("the logits", "the means", "the standard deviations", "the decoded image")
    for name, one, all_ in zip(names, alone, among, strict=True):
        if not torch.allclose(one, all_[:1], rtol=1e-3, atol=1e-4):
            raise Fault(f"in eval mode {name} of an image depend on the images beside it")


def _leaves_inputs_alone(make: Make) -> None:
    network, x, z = _network(make), _images(), _codes()
    with torch.no_grad(), unchanged(images=x, codes=z):
        _encode(network, x)
        _decode(network, z)


def _takes_both_precisions(make: Make) -> None:
    for dtype in (torch.float32, torch.float64):
        network = _network(make).to(dtype)
        outputs = (*_encode(network, _images().to(dtype)), _decode(network, _codes().to(dtype)))
        for tensor in outputs:
            if tensor.dtype != dtype:
                raise Fault(f"a {dtype} network answers in {tensor.dtype}: keep tensors in buffers")


def _runs_on_cuda(make: Make) -> None:
    device = cuda()
    network = _network(make).to(device)
    outputs = (*_encode(network, _images().to(device)), _decode(network, _codes().to(device)))
    for tensor in outputs:
        if tensor.device.type != device.type:
            raise Fault(f"images on {device} are answered on {tensor.device}")


def _is_restored(make: Make) -> None:
    first, second = _network(make).eval(), _network(make, seed=1).eval()
    second.load_state_dict(first.state_dict())
    x, z = _images(), _codes()
    for one, other in zip((*_encode(first, x), _decode(first, z)),
                          (*_encode(second, x), _decode(second, z)), strict=True):  # fmt: skip
        if not torch.equal(one, other):
            raise Fault(
                "its state_dict does not restore it: keep tensors in parameters and buffers"
            )


def _leaves_state_alone(make: Make) -> None:
    network, x, z = _network(make), _images(), _codes()
    for enabled in (True, False):
        with torch.set_grad_enabled(enabled), unchanged_state():
            _encode(network, x)
            _decode(network, z)
    if reseeds(lambda: (network.encode(x), network.decode(z))):
        raise Fault("it sets torch's seed: every batch after it sees the same random numbers")
    if not network.training:
        raise Fault("it leaves itself in eval mode")


def _is_deterministic(make: Make) -> None:
    with unchanged_state():
        first, second = _network(make), _network(make)
    for name, tensor in first.state_dict().items():
        if not torch.equal(tensor, second.state_dict()[name]):
            raise Fault(f"two networks built under the same seed differ in {name}")
    x, z = _images(), _codes()
    outputs = [(*_encode(each, x), _decode(each, z)) for each in (first, second)]
    if not all(torch.equal(one, other) for one, other in zip(*outputs, strict=True)):
        raise Fault("two calls under the same seed differ")


CHECKS: tuple[Check[Make], ...] = (
    Check("encodes to [n, K] and [n, K, d]", _encodes),
    Check("decodes to [..., D]", _decodes),
    Check("standard deviations above 0", _has_positive_std),
    Check("finite gradients for every parameter", _has_gradients),
    Check("eval mode: an image stands alone", _rows_stand_alone),
    Check("leaves its inputs alone", _leaves_inputs_alone),
    Check("float32 and float64", _takes_both_precisions),
    Check("CUDA", _runs_on_cuda),
    Check("restored by its state", _is_restored),
    Check("leaves global state alone", _leaves_state_alone),
    Check("same seed, same network and outputs", _is_deterministic),
)
