"""Pieces that the proofs of several blocks share."""

from tests.formal.proof import Ghost, Path


def moves(stream: str) -> str:
    """Verilog: a word of the stream moves."""
    return f"({stream}_valid && {stream}_ready)"


def passing(enters: str, word: str, bits: int) -> Path:
    """The path through the register of a result port."""
    return Path(
        enters=enters,
        word=word,
        leaves=moves("results"),
        shows="results_data",
        offered="results_valid",
        bits=bits,
        helped=("inside == results_valid", "!tagged || results_data == chosen"),
    )


def producing(finished: str, stored: str) -> dict[str, Ghost]:
    """Of a block that sends what others have finished: what is finished and not stored, words sent, idle cycles."""
    return dict(
        open=Ghost(2, f"open + {finished} - {stored}"),
        sent=Ghost(8, f"{stored} ? 0 : sent + {moves('results')}"),
        idle=Ghost(2, "open == 0 || results_valid ? 0 : idle + 1"),
    )


def produced(stored: str, words: str) -> dict[str, str]:
    """Its properties."""
    return {
        "as many words are sent as announced": f"!{stored} || sent + 1 == {words}",
        "nothing is sent unasked": "!results_valid || open != 0",
        "what is finished is sent": "idle <= 2",
    }


def sliced(at: str, leaving: str, lost: str = "0", **fields) -> Path:
    """The path through a register slice.

    at       prefix of the signals inside the slice
    leaving  prefix of its stream out
    lost     Verilog: what it holds is thrown away in this cycle
    """
    return Path(
        leaves=f"{leaving}_valid && {leaving}_ready && !({lost})",
        shows=f"{leaving}_data",
        offered=f"{leaving}_valid || {lost}",
        room=2,
        helped=(
            f"{lost} || inside == 0 + {leaving}_valid + {at}.filled",
            f"{lost} || !{at}.filled || {leaving}_valid",
            f"{lost} || !(tagged && ahead == 0) || {leaving}_data == chosen",
            f"{lost} || !(tagged && ahead == 1) || {at}.spare == chosen",
        ),
        **fields,
    )


def ones(bits: str, count: int) -> str:
    """Verilog: how many of the lowest bits of a signal are 1."""
    return " + ".join(f"{bits}[{k}]" for k in range(count))
