"""AXI4-Lite beyond its handshakes: an answer for each request, none without one, and none too late."""

from tests.formal.proof import Ghost

LATENCY = 2  # cycles from a request to its answer at the most, where no earlier answer waits
PENDING = 2  # requests of a kind that may be taken and not answered: one that is answered, and the next
ANSWERED = {"aw": "b", "w": "b", "ar": "r"}  # channel of a request -> that of its answer


def ghosts(port: str) -> dict[str, Ghost]:
    """Requests that are taken and not answered, and cycles in which an answer could be there and is not."""

    def moves(channel: str) -> str:
        return f"({port}_{channel}valid && {port}_{channel}ready)"

    counts = {
        f"{port}_{channel}_owed": Ghost(3, f"{port}_{channel}_owed + {moves(channel)} - {moves(answer)}")
        for channel, answer in ANSWERED.items()
    }
    owed = {"b": f"{port}_aw_owed != 0 && {port}_w_owed != 0", "r": f"{port}_ar_owed != 0"}
    late = {
        f"{port}_{answer}_late": Ghost(3, f"!{port}_{answer}valid && {due} ? {port}_{answer}_late + 1 : 0")
        for answer, due in owed.items()
    }
    return counts | late


def shown(port: str) -> dict[str, str]:
    """The properties: sentence -> Verilog."""
    return {
        f"{port}: no answer without a request": " && ".join(
            f"(!{port}_{answer}valid || {port}_{channel}_owed != 0)" for channel, answer in ANSWERED.items()
        ),
        f"{port}: every request is answered in time": " && ".join(
            f"{port}_{answer}_late < {LATENCY}" for answer in dict.fromkeys(ANSWERED.values())
        ),
        f"{port}: one answer for each request": " && ".join(
            f"{port}_{channel}_owed <= {PENDING}" for channel in ANSWERED
        ),
        f"{port}: refused only while an answer is owed": " && ".join(
            f"({port}_{channel}ready || {port}_{channel}_owed != 0)" for channel in ANSWERED
        ),
        f"{port}: answers are OKAY or SLVERR": " && ".join(
            f"(!{port}_{answer}valid || !{port}_{answer}resp[0])" for answer in ("b", "r")
        ),
    }


def helped(port: str, block: str) -> tuple[str, ...]:
    """What axi_lite holds of these counts: the requests it has taken, and the answers it offers.

    block  the instance of axi_lite
    """
    held = {"aw": "addressed", "w": "supplied", "ar": "asked"}
    return tuple(
        f"{port}_{channel}_owed == 0 + {block}.{held[channel]} + {port}_{answer}valid"
        for channel, answer in ANSWERED.items()
    )
