"""A value that does not print itself."""

from __future__ import annotations

from typing import NoReturn

__all__ = ["Secret"]

_STARS = "**********"


class Secret:
    """Text that shows as stars in `str`, `repr`, formatting, f-strings, dataclass and exception output, and cannot be pickled.

    Args:
        value: the text.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself; call it at the last moment."""
        return self._value

    def __str__(self) -> str:
        """Stars."""
        return _STARS

    def __repr__(self) -> str:
        """Stars."""
        return f"Secret('{_STARS}')"

    def __format__(self, spec: str) -> str:
        """Stars, whatever the format asks for."""
        return format(_STARS, spec)

    def __eq__(self, other: object) -> bool:
        """Equal text, compared in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # loads OpenSSL

        return hmac.compare_digest(
            self._value.encode("utf-8", "surrogatepass"), other._value.encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        """Of the text, so that secrets work as keys."""
        return hash(self._value)

    def __len__(self) -> int:
        """Characters."""
        return len(self._value)

    def __bool__(self) -> bool:
        """False for empty text."""
        return bool(self._value)

    def __copy__(self) -> Secret:
        """Itself: it never changes."""
        return self

    def __deepcopy__(self, _memo: object) -> Secret:
        """Itself, so that settings that hold one can be copied."""
        return self

    def __getstate__(self) -> NoReturn:
        """Refuse, as `__reduce__`.

        Raises:
            TypeError: always.
        """
        raise TypeError("a Secret is not pickled; pass its source instead")

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a pickle is a copy in plain text.

        Raises:
            TypeError: always.
        """
        raise TypeError("a Secret is not pickled; pass its source instead")
