"""What the server is made of besides the database: each part as the settings ask for it."""

from dataclasses import dataclass, field

from schema.keyring import FILE_NAME, Keyring
from schema.spelling import Speller
from server.bounds import Bounds
from server.identity import Identity, open_identity
from server.rates import Rates
from server.settings import Settings
from server.tokens import Mint, open_mint
from server.trusted import TrustedDocuments


@dataclass(frozen=True)
class Services:
    """One of each; `mint` is None where a provider issues the tokens."""

    settings: Settings
    identity: Identity
    mint: Mint | None
    rates: Rates
    trusted: TrustedDocuments
    bounds: Bounds
    keyring: Keyring
    speller: Speller = field(default_factory=Speller)

    @property
    def demo(self) -> bool:
        """Whether ready personas are offered to everybody."""
        return self.settings.demo and self.mint is not None


def open_services(settings: Settings) -> Services:
    """The services of these settings; makes the files with keys that are missing.

    Errors: `SecretError`, `KeyFileError`, `ManifestError`, `SettingsError`.
    """
    return Services(
        settings,
        open_identity(settings),
        open_mint(settings),
        Rates.of(settings),
        TrustedDocuments.of(settings),
        Bounds.of(settings),
        personal_keys(settings),
    )


def personal_keys(settings: Settings) -> Keyring:
    """The keys of personal data; the file in the data folder is made where it is missing.

    One that a setting names must be there: a mount that failed must not make new keys.
    Errors: `KeyFileError`.
    """
    if settings.personal_keys is not None:
        return Keyring(settings.personal_keys, create=False)
    return Keyring(settings.data / "secrets" / FILE_NAME)
