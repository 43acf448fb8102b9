"""Packed words: the named fields of a bus, lowest bits first."""


class Layout:
    """Fields of a packed word, for example Layout(weight=16, index=4): weight is in the low bits."""

    def __init__(self, **widths: int):
        self.fields, self.width = {}, 0
        for name, width in widths.items():
            self.fields[name] = (self.width + width, self.width)
            self.width += width

    def __getitem__(self, name: str) -> tuple[int, int]:
        """(high, low) of a field, to be used as word[high:low]."""
        return self.fields[name]

    def bits(self, name: str) -> int:
        """Width of a field."""
        high, low = self.fields[name]
        return high - low

    def pack(self, **values: int) -> int:
        """The word with these values; every field must be given. Raises ValueError for a value that does not fit."""
        if values.keys() != self.fields.keys():
            raise ValueError(f"a word of {list(self.fields)} cannot be made from {list(values)}")
        word = 0
        for name, (high, low) in self.fields.items():
            if not 0 <= values[name] < 1 << high - low:
                raise ValueError(f"{name} must fit {high - low} bits, not {values[name]}")
            word |= int(values[name]) << low
        return word
