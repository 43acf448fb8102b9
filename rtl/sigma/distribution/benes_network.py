"""The geometry of SIGMA's Benes network, which its blocks and its golden model share: levels, wires, settings.

N = 2^n ports, 2n+1 levels of N switches. A switch has two inputs, straight and cross, and two outputs, straight and
cross; but those of the first level have only the straight input (the network's; their cross input is zero), and those
of the last level only one output. After level l the straight output of switch i goes to the straight input of switch
i, and its cross output to the cross input of switch i XOR distance(l): 1, 2, ..., N/2, N/2, ..., 2, 1.

A switch has a bit for each output: 0 takes the straight input, 1 the cross input. The word of settings has bit
2 (l N + i) for the straight output of switch i of level l < 2n, the bit above it for its cross output, and bit
4 n N + i for switch i of the last level.
"""

from functools import cache

LARGEST = 128  # ports


def settings_bits(lanes: int) -> int:
    """Bits of the settings of a network with that many ports. Raises ValueError unless they are 2, 4, ..., 128."""
    return lanes * (2 * len(distances(lanes)) + 1)


@cache
def distances(lanes: int) -> tuple[int, ...]:
    """The distance that the cross wires span behind each level but the last. Raises ValueError like settings_bits."""
    if lanes not in range(2, LARGEST + 1) or lanes & lanes - 1:
        raise ValueError(f"a Benes network has a power of two of ports from 2 to {LARGEST}, not {lanes}")
    rising = [1 << t for t in range(lanes.bit_length() - 1)]
    return *rising, *reversed(rising)
