"""What the server is made of besides the database: each part as the settings ask for it."""

from dataclasses import dataclass, field
from pathlib import Path

from schema.keyring import FILE_NAME, Keyring
from schema.spelling import Speller
from server.bounds import Bounds
from server.commons import Commons
from server.duty import Duty
from server.identity import Identity, open_identity
from server.mapped_counts import MappedCounts
from server.rates import Rates
from server.settings import Settings
from server.tally import MappedTally, Tally
from server.tokens import Mint, open_mint
from server.trusted import TrustedDocuments


@dataclass(frozen=True)
class Services:
    """One of each; `mint` is None where a provider issues the tokens.

    `open` are the subscriptions that actors have, `duty` what one worker does for all, `metrics`
    the folder in which the workers of a server keep theirs.
    """

    settings: Settings
    identity: Identity
    mint: Mint | None
    rates: Rates
    trusted: TrustedDocuments
    bounds: Bounds
    keyring: Keyring
    speller: Speller = field(default_factory=Speller)
    open: Tally = field(default_factory=Tally)
    duty: Duty = field(default_factory=Duty)
    metrics: Path | None = None

    @property
    def demo(self) -> bool:
        """Whether ready personas are offered to everybody."""
        return self.settings.demo and self.mint is not None


def open_services(settings: Settings, commons: Commons | None = None) -> Services:
    """The services of these settings; makes the files with keys that are missing.

    With `commons` they count together with the other workers of the server.

    Errors: `SecretError`, `KeyFileError`, `ManifestError`, `SettingsError`.
    """
    return Services(
        settings,
        open_identity(settings),
        open_mint(settings),
        Rates.of(settings, None if commons is None else MappedCounts(commons.counts)),
        TrustedDocuments.of(settings),
        Bounds.of(settings),
        personal_keys(settings),
        open=Tally() if commons is None else MappedTally(commons.open),
        duty=Duty() if commons is None else commons.duty,
        metrics=None if commons is None else commons.metrics,
    )


def personal_keys(settings: Settings) -> Keyring:
    """The keys of personal data; the file in the data folder is made where it is missing.

    One that a setting names must be there: a mount that failed must not make new keys.
    Errors: `KeyFileError`.
    """
    if settings.personal_keys is not None:
        return Keyring(settings.personal_keys, create=False)
    return Keyring(settings.data / "secrets" / FILE_NAME)
