"""The sliced energy distance, a divergence for otlvm."""

from otlvm_energy.sliced_energy import SlicedEnergy

__all__ = ["SlicedEnergy"]
