"""A scikit-learn estimator: mixture models of latents for pipelines and grid searches."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, check_scalar, validate_data
from torch import Tensor

from otlvm.inference import inferences
from otlvm.likelihoods import likelihoods
from otlvm.networks import LatentMixtureModel
from otlvm.registry import Spec
from otlvm.seeding import seeded
from otlvm.sklearn.parts import (
    build_objective,
    build_prior,
    build_start,
    find_device,
    named,
    shape_of_rows,
    whole_or_not,
)
from otlvm.training import fit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BATCH = 500


class LatentMixture(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """An autoencoder with codes (k, z): soft clusters k, coordinates z, and new samples.

    A spec is a registered name, ``"package.module:Class"`` of your own, or a mapping with such a
    ``name`` and its parameters, as in a suite; unknown ones raise a `ValueError` in `fit`.

    Models see numbers in [0, 1]: `fit` maps the smallest number of its X to 0 and the largest to
    1, with one scale for all features, so images that reach from 0 to 1 stay what they are.
    Features of different units need a scaler of their own before. What comes out is in the units
    of X.

    The weight of a divergence, where the objective's spec names neither ``weight`` nor ``cost``,
    is 4 times the variance of X as the model sees it, summed over features: so the divergence
    weighs as much beside the reconstruction whatever X is.

    Training is in single precision, and the fitted model on the CPU in double: no row's result
    depends on the rows beside it.

    Args:
        n_components: K, the number of components.
        n_latent: d, the dimension of z; None takes the prior's own, or K where it has a ``dim``.
        objective: Spec of what is minimised.
        divergence: Spec of the divergence, for an objective that takes one (``"wae"``) and whose
            spec names none.
        prior: Spec of p(z, k); its ``components`` and ``dim`` are filled in.
        network: Spec of encoder and decoder.
        inference: Spec of what q(z, k|x) is made of.
        likelihood: Spec of p(x|z): ``"gaussian"`` decodes to numbers beyond the range of X too.
        start: Spec of what happens before training; None learns the clusters of K-means first, as
            `sklearn.mixture.GaussianMixture` does, or only moments where rows are fewer than K.
        steps: Training steps.
        batch_size: Rows per step; all rows where there are fewer.
        learning_rate: Adam's learning rate.
        image_shape: Channels, height and width of a row of X, for convolutions; None takes a row
            for a square grey image if its length is a square, else for one line.
        device: Where to train: ``"cpu"``, ``"cuda"``.
        random_state: Decides initialisation, training and `sample`; torch's own random state is
            left as it was.
        verbose: Print each row of ``history_``.

    Attributes:
        model_: The trained `LatentMixtureModel`, on the CPU, in double precision.
        labels_: Components of the training rows, with shape ``[n]``.
        history_: The losses, one mapping every 50 steps.
        n_iter_: Training steps done.
        data_min_: The number that became 0.
        data_max_: The number that became 1.
        n_features_in_: D, the number of features.
        feature_names_in_: Their names, if X had names that are strings.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> X, _ = load_digits(return_X_y=True)
        >>> digits = LatentMixture(start="prior", steps=2, random_state=0).fit(X)
        >>> digits.predict_proba(X).shape, digits.transform(X).shape
        ((1797, 10), (1797, 10))
    """

    def __init__(
        self,
        n_components: int = 10,
        *,
        n_latent: int | None = None,
        objective: Spec = "wae",
        divergence: Spec = "imq_mmd",
        prior: Spec = "gaussian_mixture",
        network: Spec = "mlp",
        inference: Spec = "mirror",
        likelihood: Spec = "bernoulli",
        start: Spec | None = None,
        steps: int = 1000,
        batch_size: int = 128,
        learning_rate: float = 5e-4,
        image_shape: tuple[int, int, int] | None = None,
        device: str = "cpu",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_components = n_components
        self.n_latent = n_latent
        self.objective = objective
        self.divergence = divergence
        self.prior = prior
        self.network = network
        self.inference = inference
        self.likelihood = likelihood
        self.start = start
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.image_shape = image_shape
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Train a model on rows ``[n, D]``; ``y`` is ignored.

        Where it fails or is interrupted, what was fitted before still holds.

        Raises:
            ValueError: If X is not finite or has fewer than two rows, or a parameter does not fit.
            TypeError: If a parameter is of the wrong type.
            otlvm.training.DivergedError: If a loss becomes NaN or infinite.
        """
        with whole_or_not(self):
            rows: Floats = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
            self._check_scalars()
            self.data_min_, self.data_max_ = float(rows.min()), float(rows.max())
            device = find_device(self.device)
            with seeded(_draw_seed(self.random_state), device):
                self._train(rows, device)
            self.labels_: Ints = self._encode(rows)[0].argmax(axis=1)
        return self

    def _check_scalars(self) -> None:
        check_scalar(self.n_components, "n_components", Integral, min_val=1)
        if self.n_latent is not None:
            check_scalar(self.n_latent, "n_latent", Integral, min_val=1)
        check_scalar(self.steps, "steps", Integral, min_val=1)
        check_scalar(self.batch_size, "batch_size", Integral, min_val=2)  # for batch norm
        check_scalar(
            self.learning_rate, "learning_rate", Real, min_val=0, include_boundaries="neither"
        )

    def _train(self, rows: Floats, device: torch.device) -> None:
        shape = shape_of_rows(self.image_shape, rows.shape[1])
        x = self._scaled(rows).to(device, torch.get_default_dtype())
        n_latent = None if self.n_latent is None else int(self.n_latent)
        prior = build_prior(self.prior, int(self.n_components), n_latent)
        variance = float(x.var(0, correction=0).sum()) or 1.0  # constant data have none
        objective = build_objective(self.objective, self.divergence, variance).to(device)
        with named("inference"):
            inference = inferences.build(self.inference)
        with named("likelihood"):
            likelihood = likelihoods.build(self.likelihood, features=x.shape[1])
        objective.check_likelihood(likelihood)
        with named("network"):
            model = LatentMixtureModel(shape, self.network, prior, inference, likelihood)
            model = model.to(device)
        batch_size = min(int(self.batch_size), len(x))
        build_start(self.start, model, len(x)).prepare(model, x, batch_size)
        history = fit(
            model,
            objective,
            x,
            steps=int(self.steps),
            batch_size=batch_size,
            learning_rate=float(self.learning_rate),
            on_row=_print_row if self.verbose else None,
        )
        self.model_ = model.cpu().double()
        self.history_, self.n_iter_ = history.rows, history.steps

    def fit_predict(self, X: ArrayLike, y: object = None) -> Ints:
        """Fit to X and return ``labels_``; ``y`` is ignored."""
        return self.fit(X).labels_

    def predict(self, X: ArrayLike) -> Ints:
        """Return the likeliest component of each row, argmax q(k|x), with shape ``[n]``."""
        k: Ints = self.predict_proba(X).argmax(axis=1)
        return k

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return q(k|x), with shape ``[n, K]``; rows sum to 1."""
        return self._encode(self._validated(X))[0]

    def transform(self, X: ArrayLike) -> Floats:
        """Return each row's code: the mean of q(z|k, x) for its likeliest k, with shape ``[n, d]``.

        It is not the mean over k, which would lie between components, where nothing was learnt.
        Where the decoder is told k too (``inference="independent"`` or ``"m2"``), the one-hot k
        follows: d + K.
        """
        return self._encode(self._validated(X))[1]

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Decode codes ``[n, d]`` to rows ``[n, D]``, in the units of X."""
        check_is_fitted(self)
        z = check_array(X, dtype=np.float64, input_name="X")
        if z.shape[1] != self._n_features_out:
            raise ValueError(f"codes have {self._n_features_out} features, X has {z.shape[1]}")
        return self._decode(torch.tensor(z))  # a copy: pandas' arrays are read-only

    def score_samples(self, X: ArrayLike) -> Floats:
        """Return the negative squared reconstruction error of each row, with shape ``[n]``.

        In squared units of X, summed over features: ``-((X - inverse_transform(transform(X)))
        ** 2).sum(axis=1)``. It means the same for every objective, and is not a
        log-likelihood: like the score of K-means or PCA it grows with the freedom of the codes.
        """
        rows = self._validated(X)
        z = torch.from_numpy(self._encode(rows)[1])
        errors: Floats = np.square(rows - self._decode(z)).sum(axis=1)
        return -errors

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Return the mean of `score_samples`; ``y`` is ignored."""
        return float(self.score_samples(X).mean())

    def sample(self, n_samples: int = 1) -> tuple[Floats, Ints]:
        """Draw from the model: k and z from the prior, then decode z.

        As everywhere in scikit-learn, an integer ``random_state`` gives the same draws every time.

        Returns:
            Rows ``[n_samples, D]`` and their components ``[n_samples]``.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        n, prior = int(n_samples), self.model_.prior
        with seeded(_draw_seed(self.random_state), torch.device("cpu")):  # where fit leaves it
            z, k = prior.sample_with_components(n)
        return self._decode(self.model_.codes(z, k)), k.numpy()

    @property
    def _n_features_out(self) -> int:
        """How many names `get_feature_names_out` gives."""
        z, k = self.model_.prior.moments()[0][:1], torch.zeros(1, dtype=torch.long)
        return self.model_.codes(z, k).shape[1]

    def _validated(self, X: ArrayLike) -> Floats:
        check_is_fitted(self)
        validated: Floats = validate_data(self, X, dtype=np.float64, reset=False)
        return validated

    def _scaled(self, rows: Floats) -> Tensor:
        return torch.from_numpy((rows - self.data_min_) / self._span())

    def _span(self) -> float:
        return (self.data_max_ - self.data_min_) or 1.0  # constant data become 0

    @torch.no_grad()
    def _encode(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return q(k|x) and the code of the likeliest k at its mean."""
        parts: list[tuple[Tensor, Tensor]] = []
        for x in torch.split(self._scaled(rows), BATCH):
            posterior = self.model_.encode_means(x)
            parts.append((posterior.pi, posterior.likeliest()))
        of_all, z = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
        return of_all, z

    @torch.no_grad()
    def _decode(self, z: Tensor) -> Floats:
        x: Floats = torch.cat([self.model_.decode(part) for part in torch.split(z, BATCH)]).numpy()
        return self.data_min_ + self._span() * x

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "labels_")  # the last that `fit` sets

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags


def _draw_seed(random_state: int | np.random.RandomState | None) -> int:
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _print_row(row: dict[str, float]) -> None:
    values = ", ".join(f"{name} {value:.4g}" for name, value in row.items() if name != "step")
    print(f"step {row['step']:.0f}: {values}")  # noqa: T201 (what verbose means in scikit-learn)
