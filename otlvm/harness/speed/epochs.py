"""Epochs, each method by the training loop of its own toolkit: pythae's and ClustPy's."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from otlvm.baselines.dec import DEC
from otlvm.features import Autoencoder
from otlvm.harness.speed.clustpy import clustpy_dec, clustpy_vade
from otlvm.harness.speed.peers import pythae_trainer, pythae_vae, pythae_wae
from otlvm.harness.speed.ratios import Call, Case
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.training import fit
from otlvm.training.precision import Precision

BATCH, WEIGHT = 128, 500.0
COMPONENTS, CLUSTERING_BATCH = 10, 256
HIDDEN = (500, 500, 2000)
EPOCHS_OF_DEC = 7  # about as many steps as one of DEC's targets is for
SHAPE = (1, 28, 28)
WIDE = [512, 512]
MLP: dict[str, object] = {"name": "mlp", "component_hidden": WIDE}
CONVS: dict[str, object] = {"name": "paper_conv", "component_hidden": WIDE, "decoder_filters": 16}
PRECISIONS: dict[str, Precision] = {"fit": "float32", "fit, bfloat16": "bfloat16"}
WAE: dict[str, object] = {"name": "wae", "weight": WEIGHT, "divergence": "imq_mmd"}


Spec = str | dict[str, object]
Peer = Callable[[LatentMixtureModel], Any]


def pythae_cases(images: Tensor) -> list[Case]:
    """Ordinary WAEs and a VAE, with our networks in pythae's models and trainer.

    Args:
        images: Training images, with shape ``[n, 784]``.

    Raises:
        ImportError: If pythae is not installed (the ``peers`` extra).
    """

    def wae(model: LatentMixtureModel) -> Any:
        return pythae_wae(model, WEIGHT)

    specs: list[tuple[str, dict[str, object], Spec, Peer, float]] = [
        ("WAE (mlp)", MLP, WAE, wae, 3.0),
        ("WAE (convs)", CONVS, WAE, wae, 2.2),
        ("VAE (mlp)", MLP, "vae", pythae_vae, 3.0),
    ]
    return [
        Case(
            f"epoch of a {name}",
            ours,
            "pythae's trainer",
            (
                _fit_epoch(_ordinary(network), objective, images, BATCH, precision),
                _pythae_epoch(peer(_ordinary(network)), images),
            ),
            target,
        )
        for name, network, objective, peer, target in specs
        for ours, precision in PRECISIONS.items()
    ]


def clustpy_cases(images: Tensor) -> list[Case]:
    """VaDE and DEC with the same widths, batches and optimisers, by the loops of ClustPy's modules.

    Neither pretraining nor the clusterings before and after are timed. DEC's target is of all
    images and for 140 steps: several epochs are timed, so that it is not paid for after each. That
    of ClustPy is of each batch. Our autoencoder has batch norm, ClustPy's by default has none.

    Args:
        images: Training images, with shape ``[n, 784]``.

    Raises:
        ImportError: If ClustPy is not installed (the ``peers`` extra).
    """
    images = images[: len(images) // CLUSTERING_BATCH * CLUSTERING_BATCH]
    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": COMPONENTS, "dim": 10, "learn": True}
    model = LatentMixtureModel(SHAPE, "stacked", prior, "responsibilities")
    widths = [images.shape[1], *HIDDEN, 10]
    vade = clustpy_vade(images, widths, COMPONENTS, CLUSTERING_BATCH)
    dec = clustpy_dec(images, widths, COMPONENTS, CLUSTERING_BATCH, EPOCHS_OF_DEC)
    epochs = [
        Case(
            "epoch of VaDE (500-500-2000)",
            ours,
            "ClustPy's VaDE",
            (_fit_epoch(model, "vae", images, CLUSTERING_BATCH, precision), silent(vade)),
            1.5,
        )
        for ours, precision in PRECISIONS.items()
    ]
    return [
        *epochs,
        Case(
            f"{EPOCHS_OF_DEC} epochs of DEC (500-500-2000)",
            "dec",
            "ClustPy's DEC",
            (_our_dec(images), silent(dec)),
            1.5,
        ),
    ]


def _ordinary(network: dict[str, object]) -> LatentMixtureModel:
    torch.manual_seed(0)
    return LatentMixtureModel(SHAPE, network, {"name": "standard_normal", "dim": 10})


def _fit_epoch(
    model: LatentMixtureModel, spec: Spec, images: Tensor, batch_size: int, precision: Precision
) -> Call:
    objective = objectives.build(spec)
    steps = len(images) // batch_size

    def call() -> None:
        fit(
            model,
            objective,
            images,
            steps=steps,
            batch_size=batch_size,
            log_every=steps,
            precision=precision,
        )

    return call


def _pythae_epoch(peer: Any, images: Tensor) -> Call:
    images = images[: len(images) // BATCH * BATCH]  # as many steps as ours
    folder = tempfile.mkdtemp()  # its trainer makes one at once, and writes its model there
    with _silence():
        trainer = pythae_trainer(peer, images, BATCH, folder)
    return silent(lambda: trainer.train_step(1))


def _our_dec(images: Tensor) -> Call:
    torch.manual_seed(0)
    features = Autoencoder(10, HIDDEN, steps=0)
    dec = DEC(features, steps=0, tolerance=0.0, batch_size=CLUSTERING_BATCH)
    labels = dec.fit(images, COMPONENTS).argmax(1)
    dec.steps = EPOCHS_OF_DEC * (len(images) // CLUSTERING_BATCH)
    return lambda: dec.refine(images, labels)


def silent(call: Call) -> Call:
    """Have a call log and print nothing."""

    def quiet() -> None:
        with _silence():
            call()

    return quiet


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep a trainer's log and progress bars off the terminal."""
    logging.disable()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
    logging.disable(logging.NOTSET)
