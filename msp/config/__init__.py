"""Settings from the environment; no other package reads it.

- `settings`: `Settings`, frozen and typed, or every fault at once
- `reader`: reads names and collects faults
- `declared`: settings that plug-ins declare
- `values`: parsers of single values
- `generated_secrets`: secrets that a demonstration generates, and how strong a secret is
"""

from msp.config.declared import WEB_ADDRESS, EnvironmentSetting, SettingType, declared_settings
from msp.config.generated_secrets import secret_weakness
from msp.config.reader import SettingFault, SettingsError
from msp.config.settings import Settings, libpq_url, likely_typos
from msp.config.values import Environment

__all__ = [
    "WEB_ADDRESS",
    "Environment",
    "EnvironmentSetting",
    "SettingFault",
    "SettingType",
    "Settings",
    "SettingsError",
    "declared_settings",
    "libpq_url",
    "likely_typos",
    "secret_weakness",
]
