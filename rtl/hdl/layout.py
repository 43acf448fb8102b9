"""Packed words: the named fields of a bus, lowest bits first."""

from __future__ import annotations


class Layout:
    """Fields of a packed word, for example Layout(weight=16, valid=1): weight is in the low bits.

    A field is given as its width, or as the layout of a word that is packed in turn. Each has attributes that MyHDL
    converts within a process: `word[f.weight_high:f.weight_low]`, and `word[f.valid_bit]` for a field of one bit; a
    field x of a nested word `step` has `step_x_high` and so on.
    """

    def __init__(self, low: int = 0, /, **fields: int | Layout):
        self.fields: dict[str, tuple[int, int]] = {}  # name -> (high, low), as in word[high:low]
        self.nested = {name: field for name, field in fields.items() if isinstance(field, Layout)}
        self.low = self.high = low
        for name, field in fields.items():
            self.fields[name] = self.high + (field if isinstance(field, int) else field.width), self.high
            self.high = self.fields[name][0]
        self._name_places()

    def _name_places(self):
        self.places = dict(self.fields)  # those of the fields, and of the fields of nested words
        for name, word in self.nested.items():
            low = self.fields[name][1] - word.low
            inner = {f"{name}_{part}": (high + low, first + low) for part, (high, first) in word.places.items()}
            if twice := inner.keys() & self.places.keys():
                raise ValueError(f"{min(twice)} would be two fields of a word of {list(self.fields)}")
            self.places |= inner
        for name, (high, low) in self.places.items():
            vars(self).update({f"{name}_high": high, f"{name}_low": low})
            if high - low == 1:
                vars(self)[f"{name}_bit"] = low

    def __getattr__(self, name: str) -> int:
        fields = list(vars(self).get("fields", ()))
        raise AttributeError(f"a word of {fields} has no {name}; only fields of one bit have x_bit")

    def __getitem__(self, name: str) -> tuple[int, int]:
        """(high, low) of a field, to be used as word[high:low]."""
        return self.fields[name]

    @property
    def width(self) -> int:
        """Bits of the word."""
        return self.high - self.low

    def bits(self, name: str) -> int:
        """Width of a field."""
        high, low = self.fields[name]
        return high - low

    def at(self, low: int) -> Layout:
        """The same fields where they lie in a longer word that has this one from bit `low` on."""
        return Layout(low, **{name: self.nested.get(name, self.bits(name)) for name in self.fields})

    def span(self, first: str, last: str) -> Layout:
        """The fields from `first` to `last` alone, where they lie: word[f.high:f.low] is all of them."""
        names = list(self.fields)
        chosen = names[names.index(first) : names.index(last) + 1]
        return Layout(self.fields[first][1], **{name: self.nested.get(name, self.bits(name)) for name in chosen})

    def pack(self, **values: int) -> int:
        """The word with these values; every field must be given. Raises ValueError for a value that does not fit."""
        if values.keys() != self.fields.keys():
            raise ValueError(f"a word of {list(self.fields)} cannot be made from {list(values)}")
        word = 0
        for name, (high, low) in self.fields.items():
            if not 0 <= values[name] < 1 << high - low:
                raise ValueError(f"{name} must fit {high - low} bits, not {values[name]}")
            word |= int(values[name]) << low - self.low
        return word

    def unpack(self, word: int) -> dict[str, int]:
        """The value of each field. Raises ValueError for a word that is too long."""
        if not 0 <= word < 1 << self.width:
            raise ValueError(f"a word of {list(self.fields)} must fit {self.width} bits, not {word}")
        return {name: word >> low - self.low & (1 << high - low) - 1 for name, (high, low) in self.fields.items()}


def pair(word: Layout) -> Layout:
    """Two words of one layout, `of0` and `of1`: those of banks or sets 0 and 1."""
    return Layout(of0=word, of1=word)
