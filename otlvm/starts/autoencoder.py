"""A start from a plain autoencoder, and a Gaussian mixture of its codes."""

import json

import torch
from torch import Tensor, nn

from otlvm.baselines.base import check_enough
from otlvm.networks import LatentMixtureModel, Network
from otlvm.priors import GaussianPrior
from otlvm.seeding import afresh
from otlvm.sharing import learnt_once
from otlvm.starts.base import Start, starts
from otlvm.starts.state import State
from otlvm.training.batches import batches

BATCH = 5000


@starts.register("autoencoder")
class Autoencoder(Start):
    """Encoder and decoder learn to reconstruct, then a learned prior starts at a mixture of codes.

    The mean of q(z|x) is the code. What of the prior is learned (`GaussianPrior`) starts at a
    mixture of diagonal Gaussians, fitted to all training images' codes by expectation
    maximisation, the likeliest of several; never the best by labels. Needs an inference with one
    Gaussian that all k share: ``inference: responsibilities``. Source: Jiang et al., *Variational
    deep embedding* (2017), Sec. 3.

    Rows of equal network, data and seed share one autoencoder, however they infer k of z.

    Args:
        steps: Training steps of the autoencoder.
        learning_rate: Adam's learning rate.
        noise: Standard deviation of noise on the images that are encoded, for a denoising one.
        n_init: Starts of the mixture, of which the likeliest is kept.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        steps: int = 5000,
        learning_rate: float = 1e-3,
        noise: float = 0.0,
        n_init: int = 5,
    ) -> None:
        if steps < 0 or learning_rate <= 0 or noise < 0 or n_init < 1:
            raise ValueError(
                "steps and noise must not be negative, learning_rate and n_init must be positive"
            )
        self.steps = steps
        self.learning_rate = learning_rate
        self.noise = noise
        self.n_init = n_init

    def check_network(self, network: Network) -> None:
        """Refuse more than one q(z|x), and a decoder of k; see `Start.check_network`."""
        if network.classifier is not None:
            raise TypeError(
                "the start 'autoencoder' needs one q(z|x) that is decoded without k: "
                "inference: responsibilities"
            )

    def check(self, n_images: int, n_components: int) -> None:
        """Refuse more components than images; see `Start.check`."""
        check_enough(n_images, n_components)

    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Train the autoencoder and place the prior; see `Start.prepare`.

        Raises:
            TypeError: If the network will not do; see `check_network`.
        """
        self.check_network(model.network)
        nets = nn.ModuleList([model.network.components, model.network.decoder])
        state = State(nets)
        # Of the inference only the nets that it asks for are trained here.
        config = model.config and {**model.config, "prior": model.prior.dim, "inference": str(nets)}
        what = f"{self._spec} {batch_size} {json.dumps(config, sort_keys=True)}"
        alone = self._spec is None or config is None

        def train() -> Tensor:
            with afresh(x.device):
                self._train(model, x, batch_size)
            return state.content()

        learnt = train() if alone else learnt_once(what, x, train)
        state.load(learnt)
        if isinstance(model.prior, GaussianPrior) and model.prior.learned():
            k = model.prior.n_components
            mixture = learnt_once(f"{what} {k}", x, lambda: self._mixture(model, x, k))
            means, variances, weights = torch.split(mixture.to(x), [k, k, 1])
            d = model.prior.dim
            model.prior.start_from(means[:, :d], variances[:, :d], weights[0, :k])

    def _train(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        network = model.network
        parameters = [*network.components.parameters(), *network.decoder.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=self.learning_rate, fused=True)
        network.train()
        for batch in batches(x, batch_size, self.steps):
            optimizer.zero_grad(set_to_none=True)
            seen = batch + self.noise * torch.randn_like(batch) if self.noise else batch
            mean, _ = network.components(seen)
            errors = model.decode(mean.squeeze(1)) - batch
            torch.autograd.backward(errors.square().sum(1).mean())
            optimizer.step()

    @torch.no_grad()
    def _mixture(self, model: LatentMixtureModel, x: Tensor, k: int) -> Tensor:
        """Fit the mixture; returns means, variances and weights as rows of one tensor."""
        from sklearn.mixture import GaussianMixture  # takes seconds

        model.eval()
        parts = torch.split(x, BATCH)
        codes = torch.cat([model.network.components(part)[0].squeeze(1) for part in parts])
        model.train()
        found = GaussianMixture(
            k,
            covariance_type="diag",
            n_init=self.n_init,
            random_state=torch.initial_seed() % 2**32,
        ).fit(codes.cpu().double().numpy())
        width = max(k, codes.shape[1])
        rows = torch.zeros(2 * k + 1, width, dtype=torch.float64)
        rows[:k, : codes.shape[1]] = torch.from_numpy(found.means_)
        rows[k : 2 * k, : codes.shape[1]] = torch.from_numpy(found.covariances_)
        rows[2 * k, :k] = torch.from_numpy(found.weights_)
        return rows
