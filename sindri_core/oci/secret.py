"""Text that is never shown: it is asked for by name where it is used."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or token. Printing it, also as part of something else, shows ``***``."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        """Hide it."""
        return "***"

    def __repr__(self) -> str:
        """Hide it."""
        return "Secret(***)"

    def __bool__(self) -> bool:
        """Whether there is anything to hide."""
        return bool(self.value)


def is_token(text: str) -> bool:
    """Whether a text can stand in a header as it is: in ASCII, printable, without a space."""
    return bool(text) and all("!" <= character <= "~" for character in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a registry is told: user and password, an identity token, or a ready bearer token.

    ``place`` is where they were found, for people.
    """

    user: str = field(default="", repr=False)
    password: Secret = Secret("")
    identity_token: Secret = Secret("")
    bearer: Secret = Secret("")
    place: str = ""
