"""Feature flags: decided anew for each request, and logged. Whatever goes wrong, a flag is off."""

import contextlib
import logging
import sys
from typing import Annotated

from fastapi import Header, Request
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError
from openfeature.flag_evaluation import Reason
from openfeature.provider import ProviderStatus

from widgets.settings import Settings

User = Annotated[str, Header(alias="X-User")]

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)
log.addHandler(logging.StreamHandler(sys.stderr))


class Flags:
    """The flags in a file of flagd's format, or what the settings say where there is no file."""

    def __init__(self, settings: Settings) -> None:
        self._fixed = {"price-v2": settings.price_v2}
        self._client = open_file(settings.flags_file) if settings.flags_file else None

    def on(self, flag: str, user: str) -> bool:
        """Whether a user gets what the flag guards."""
        if self._client is None:
            return self._fixed.get(flag, False)
        details = self._client.get_boolean_details(flag, False, EvaluationContext(user))
        value, reason = details.value, details.reason
        if self._client.get_provider_status() is not ProviderStatus.READY:
            value, reason = False, Reason.ERROR  # the provider goes on with what it read last
        variant = "on" if value else "off"
        log.info("flag=%s user=%s variant=%s reason=%s", flag, user, variant, reason)
        return value


def open_file(path: str) -> OpenFeatureClient:
    """A client for the flags in a file, which is read again whenever it changes."""
    provider = FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=path)
    with contextlib.suppress(OpenFeatureError):  # no file yet: the provider goes on looking for it
        api.set_provider_and_wait(provider, domain=path)
    return api.get_client(domain=path)


def is_on(request: Request, flag: str, user: str) -> bool:
    """Whether a flag is on for the user of a request."""
    flags: Flags = request.app.state.flags
    return flags.on(flag, user)
