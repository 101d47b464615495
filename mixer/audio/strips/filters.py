"""Recursive filters over many channels at once, without a step a sample in Python.

A filter in state-space form, s' = A s + B x, y = C s + D x, is linear, so a whole sub-block of N samples is
one matrix: its outputs are the inputs by the triangular Toeplitz matrix of the impulse response, plus what
the state before it rings out to; the state after it likewise. The states between the K sub-blocks of a block
follow from the first one by a matrix of powers of A^N. So a block costs three small matrix products for all
channels together (BLAS, 64 bits), about N + d multiplications a sample.

Block lengths are multiples of :data:`SUB`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mixer.contract.clock import RATE

SUB = 32
"""Samples of a sub-block."""

_NOTHING = 1e-15
"""A state under this is none: numbers that are too small to be normal ones are slow."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Filter:
    """A linear filter of one channel: ``a`` (d, d), ``b`` (d,), ``c`` (d,), ``d`` as above."""

    a: Matrix
    b: Matrix
    c: Matrix
    d: float

    @property
    def order(self) -> int:
        return len(self.b)

    def then(self, second: "Filter") -> "Filter":
        """Both, one after the other."""
        first, order = self, self.order + second.order
        a = np.zeros((order, order))
        a[: first.order, : first.order] = first.a
        a[first.order :, : first.order] = np.outer(second.b, first.c)
        a[first.order :, first.order :] = second.a
        return Filter(
            a,
            np.concatenate((first.b, second.b * first.d)),
            np.concatenate((second.d * first.c, second.c)),
            first.d * second.d,
        )

    def response(self, hz: NDArray[np.float64]) -> NDArray[np.complex128]:
        """H(e^jω) = C (e^jω I − A)⁻¹ B + D."""
        z = np.exp(2j * np.pi * np.asarray(hz, np.float64) / RATE)
        unit = np.eye(self.order)
        solved = np.linalg.solve(z[:, None, None] * unit - self.a, self.b[:, None] + 0j)
        return np.asarray(solved[:, :, 0] @ self.c + self.d, np.complex128)


def biquad(b: tuple[float, float, float], a: tuple[float, float]) -> Filter:
    """(b0 + b1 z⁻¹ + b2 z⁻²) / (1 + a1 z⁻¹ + a2 z⁻²), as transposed direct form II."""
    return Filter(
        np.array(((-a[0], 1.0), (-a[1], 0.0))),
        np.array((b[1] - a[0] * b[0], b[2] - a[1] * b[0])),
        np.array((1.0, 0.0)),
        b[0],
    )


def without_dc(corner_hz: float) -> Filter:
    """First-order high-pass g (1 − z⁻¹) / (1 − r z⁻¹), −3 dB at ``corner_hz``, by the bilinear transform.

    Its state is the mean that is taken away: what it lets pass of a steady offset falls by e in 1/(2π
    corner).
    """
    k = np.tan(np.pi * corner_hz / RATE)
    r, g = (1 - k) / (1 + k), 1 / (1 + k)
    return Filter(np.array(((r,),)), np.array((g * (1 - r),)), np.array((-1.0,)), float(g))


def highpass(corner_hz: float) -> Filter:
    """Second-order Butterworth high-pass, −3 dB at ``corner_hz`` (under half the rate), 12 dB an octave.

    The bilinear transform of s² / (s² + √2 s + 1) with the corner prewarped, as two trapezoidal integrators:
    their states have the signal's own size whatever the corner is, and mean the same at every corner.
    """
    g = np.tan(np.pi * corner_hz / RATE)
    damping = np.sqrt(2.0)
    scale = 1 / (1 + damping * g + g * g)
    # high = scale · (x − (damping + g) s1 − s2); s1' = s1 + 2 g high; s2' = s2 + 2 g (s1 + g high)
    high = np.array((-(damping + g) * scale, -scale))
    a = np.array(((1.0, 0.0), (2 * g, 1.0))) + np.outer((2 * g, 2 * g * g), high)
    return Filter(a, np.array((2 * g, 2 * g * g)) * scale, high, float(scale))


@dataclass(frozen=True, eq=False)
class Kernel:
    """A filter's matrices for blocks of ``subs`` sub-blocks; made once, used for every block."""

    order: int
    subs: int
    through: Matrix
    """(SUB, SUB): inputs of a sub-block → its outputs from rest."""
    left: Matrix
    """(SUB, d): inputs of a sub-block → the state it leaves, from rest."""
    ring: Matrix
    """(d, SUB): state before a sub-block → what it adds to the outputs."""
    carry: Matrix
    """((1 + subs) d, (subs + 1) d): state before the block, states left by each sub-block from rest → the
    state before each sub-block, and the one after the block."""

    def run(self, samples: NDArray[np.floating], state: Matrix) -> tuple[Matrix, Matrix]:
        """Filter (channels, n) from ``state`` (channels, d); gives the output and the state after it."""
        channels, count = samples.shape
        subs, order = self.subs, self.order
        inputs = np.asarray(samples, np.float64).reshape(-1, SUB)
        known = np.empty((channels, 1 + subs, order))
        known[:, 0] = state
        known[:, 1:] = (inputs @ self.left).reshape(channels, subs, order)
        states = (known.reshape(channels, -1) @ self.carry).reshape(channels, subs + 1, order)
        output: Matrix = inputs @ self.through
        output += np.ascontiguousarray(states[:, :subs]).reshape(-1, order) @ self.ring
        after = states[:, subs]
        after[np.abs(after) < _NOTHING] = 0.0
        return output.reshape(channels, count), after


def kernel(of: Filter, count: int) -> Kernel:
    """Return the kernel for blocks of ``count`` samples, a multiple of :data:`SUB` (ValueError else)."""
    if count % SUB or count <= 0:
        raise ValueError(f"a block has a multiple of {SUB} samples, not {count}")
    order, subs = of.order, count // SUB
    powers = [np.eye(order)]
    for _ in range(SUB):
        powers.append(powers[-1] @ of.a)
    impulse = np.array([of.d, *(of.c @ power @ of.b for power in powers[:-1])])
    through = np.zeros((SUB, SUB))
    for at in range(SUB):
        through[at, at:] = impulse[: SUB - at]
    left = np.stack([powers[SUB - 1 - at] @ of.b for at in range(SUB)])
    ring = np.stack([of.c @ power for power in powers[:SUB]], axis=1)
    step = powers[SUB]
    strides = [np.eye(order)]
    for _ in range(subs):
        strides.append(strides[-1] @ step)
    carry = np.zeros((1 + subs, order, subs + 1, order))
    for before in range(subs + 1):
        carry[0, :, before] = strides[before].T
        for sub in range(before):
            carry[1 + sub, :, before] = strides[before - 1 - sub].T
    return Kernel(order, subs, through, left, ring, carry.reshape((1 + subs) * order, (subs + 1) * order))


@lru_cache(maxsize=64)
def highpass_kernel(corner_hz: float, count: int) -> Kernel:
    """The kernel of :func:`highpass`; the last ones that were used are kept."""
    return kernel(highpass(corner_hz), count)


class FilterBank:
    """One filter over all of (channels, n); the state goes on from block to block."""

    def __init__(self, of: Filter) -> None:
        self._filter = of
        self._kernels: dict[int, Kernel] = {}
        self.state: Matrix = np.zeros((0, of.order))
        """(channels, d). Its owner rearranges it when channels come and go."""

    def process(self, samples: NDArray[np.floating]) -> Matrix:
        """Filter (channels, n)."""
        count = samples.shape[1]
        made = self._kernels.get(count)
        if made is None:
            if len(self._kernels) >= 8:
                self._kernels.clear()
            made = self._kernels[count] = kernel(self._filter, count)
        output, self.state = made.run(samples, self.state)
        return output
