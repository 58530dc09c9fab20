"""Settings of a service, from the environment of its container."""
from collections.abc import Mapping


class MissingSettings(Exception):
    """The settings that a container was started without, all at once."""

    def __init__(self, names: list[str]):
        super().__init__("missing settings: " + ", ".join(names))
        self.names = names


def read(environ: Mapping[str, str], required: list[str],
         defaults: Mapping[str, str] | None = None) -> dict[str, str]:
    """The required settings, and the optional ones or their defaults."""
    missing = [name for name in required if not environ.get(name)]
    if missing:
        raise MissingSettings(missing)
    settings = dict(defaults or {})
    for name in [*settings, *required]:
        if environ.get(name):
            settings[name] = environ[name]
    return settings
