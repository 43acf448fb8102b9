"""The sizes that the model takes."""

LARGEST = 2**27  # the model keeps a number for each row of tiles


def check_size(name: str, size: int, where: str = "", least: int = 1) -> None:
    """Raise ValueError for a size that is no whole number from `least` to 2^27."""
    # NumPy's integers wrap around, and are equal to the int that does not.
    if type(size) is not int:
        raise ValueError(f"{name} must be an int, not {size!r}{where}")
    if not least <= size <= LARGEST:
        rule = f"least {least}" if size < least else "most 2^27"
        raise ValueError(f"{name} must be at {rule}, not {size}{where}")
