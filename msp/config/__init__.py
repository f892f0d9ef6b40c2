"""What this installation is told from outside: the only room that reads the environment."""

from msp.config.generated_secrets import secret_weakness
from msp.config.reader import Fault, SettingsError
from msp.config.settings import NAMES, Settings, libpq_url, likely_typos
from msp.config.values import Environment

__all__ = ["NAMES", "Environment", "Fault", "Settings", "SettingsError", "libpq_url", "likely_typos", "secret_weakness"]
