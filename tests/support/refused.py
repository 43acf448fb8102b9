"""A call that is to be refused with one clear error."""

import pytest


def refused(words: str, call, *given, **named) -> None:
    """The call raises a ValueError of one line with these words."""
    with pytest.raises(ValueError) as caught:
        call(*given, **named)
    assert words in str(caught.value) and "\n" not in str(caught.value)
