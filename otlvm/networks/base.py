"""The interface of a network: the three trainable maps of a latent mixture model."""

from torch import Tensor, nn

from otlvm.registry import Registry


class Network(nn.Module):
    """The three maps between images, components and codes.

    Subclasses take ``(image_shape, n_components, dim)``, filled in by the library, and their own
    options as keywords, and hand the three modules to this constructor.

    Args:
        classifier: From images ``[n, D]`` to the logits of q(k|x), ``[n, K]``; None where something
            else says what q(k|x) is.
        components: From images ``[n, D]`` to means and standard deviations, ``[n, K, d]`` each.
        decoder: From codes ``[m, d]`` to the logits of the pixels, ``[m, D]``.
    """

    classifier: nn.Module | None
    components: nn.Module

    def __init__(
        self, classifier: nn.Module | None, components: nn.Module, decoder: nn.Module
    ) -> None:
        super().__init__()
        self.classifier = classifier
        self.components = components
        self.decoder = decoder

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map images ``[n, D]`` to logits ``[n, K]``, means and standard deviations."""
        mean, std = self.components(x)
        if mean.shape[1] == 1:  # q(k|x) is 1 whatever its logit: the classifier has nothing to say
            return mean.new_zeros(len(mean), 1), mean, std
        return self.classify(x), mean, std

    def classify(self, x: Tensor) -> Tensor:
        """Map images ``[n, D]`` to the logits of q(k|x), ``[n, K]``.

        Raises:
            TypeError: If there is no classifier.
        """
        if self.classifier is None:
            raise TypeError("this network has no classifier")
        logits: Tensor = self.classifier(x)
        return logits

    def decode(self, z: Tensor) -> Tensor:
        """Map codes ``[..., d]`` to the logits of the pixels, ``[..., D]``."""
        logits: Tensor = self.decoder(z.reshape(-1, z.shape[-1]))
        return logits.view(*z.shape[:-1], logits.shape[-1])


networks: Registry[Network] = Registry("network", Network, ("image_shape", "n_components", "dim"))
