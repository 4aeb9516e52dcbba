"""Where chance comes from: generators of each draw, or none at all (expectations). Pure.

A draw's numbers depend on the seed and its own index alone: not on how many draws there are, nor on
how they are taken in chunks. What happens to persons and the walk of transmission have a generator
each: two plans under one seed share the walk, whatever else differs between them.
"""

from typing import Any, Protocol

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from simulations.epidemic.parameters import Floats

Counts = NDArray[Any]


class Chance(Protocol):
    """Takes so many of each."""

    @property
    def draws(self) -> int:
        """Return the number of draws."""

    def binomial(self, n: Counts, p: Floats) -> Counts:
        """Return how many of n, shape (draws, …); p broadcasts to it."""

    def normal(self, size: int) -> Floats:
        """Return standard normal numbers, shape (draws, size)."""

    def part(self, draws: slice) -> "Chance":
        """Return the chance of some of the draws."""


class Drawn:
    """Chance proper: a generator for the persons of each draw, and one for its walk."""

    def __init__(self, generators: list[Generator], walks: list[Generator]) -> None:
        self._generators, self._walks = generators, walks

    @property
    def draws(self) -> int:
        """Return the number of draws."""
        return len(self._generators)

    def binomial(self, n: Counts, p: Floats) -> Counts:
        """Return binomial numbers of each draw's own generator."""
        if not p.any() or not n.any():
            return np.zeros_like(n)
        found = np.empty_like(n)
        each = np.broadcast_to(p, n.shape)
        for i, generator in enumerate(self._generators):
            found[i] = generator.binomial(n[i], each[i])
        return found

    def normal(self, size: int) -> Floats:
        """Return standard normal numbers of the generator of each draw's walk."""
        return np.stack([generator.standard_normal(size) for generator in self._walks])

    def part(self, draws: slice) -> "Drawn":
        """Return the same generators, of some of the draws."""
        return Drawn(self._generators[draws], self._walks[draws])


class Expected:
    """No chance: the mean of each draw, in real numbers. The deterministic limit of the engine."""

    draws = 1

    def binomial(self, n: Counts, p: Floats) -> Counts:
        """Return n times p."""
        return np.asarray(n * p)

    def normal(self, size: int) -> Floats:
        """Return the middle of the distribution."""
        return np.zeros((1, size))

    def part(self, draws: slice) -> "Expected":  # noqa: ARG002
        """Return itself."""
        return self


def drawn(seed: int, draws: int) -> Drawn:
    """Return the generators of so many draws, spawned from a seed."""
    children = SeedSequence(seed).spawn(draws)
    walks = [child.spawn(1)[0] for child in children]
    return Drawn([_generator(child) for child in children], [_generator(walk) for walk in walks])


def _generator(sequence: SeedSequence) -> Generator:
    return np.random.Generator(np.random.PCG64(sequence))
