"""What a flag file in flagd's format decides for a user, by flagd's own evaluator.

https://flagd.dev/reference/flag-definitions/ and https://openfeature.dev/specification/types/#resolution-details
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import NamedTuple

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError

PLACES = 100
"""How many places `place` tells apart, one for each per cent."""

logging.getLogger("openfeature").addHandler(logging.NullHandler())  # it says on stderr what is an outcome here


class Decision(NamedTuple):
    """What a caller gets: the value, the variant's name ("" where the caller's default counts), and OpenFeature's reason.

    `error` says in flagd's words what went wrong where the reason is `ERROR`.
    """

    value: bool
    variant: str
    reason: str
    error: str = ""


class FlagFile:
    """A flag file, ready to be asked. Raises ValueError where `text` is no JSON, or is no flag file for flagd."""

    def __init__(self, text: str) -> None:
        self._core = FlagdCore()
        try:
            self._core.set_flags(json.dumps(json.loads(text)))
        except OpenFeatureError as trouble:
            raise ValueError(trouble.error_message or "flagd can't read it") from None
        except (AttributeError, TypeError, RecursionError):
            raise ValueError("its outline is not that of a flag file") from None

    def decide(
        self, flag: str, user: str | None, attributes: Mapping[str, str] | None = None, *, default: bool = False
    ) -> Decision:
        """What `user`, with these attributes, gets of a boolean flag; `default` is what the code falls back to."""
        try:
            context = EvaluationContext(user, dict(attributes or {}))
            found = self._core.resolve_boolean_value(flag, default, context)
        except OpenFeatureError as trouble:
            return Decision(default, "", "ERROR", trouble.error_message or "")
        except Exception as trouble:  # what a learner's rule makes of JsonLogic; the SDK falls back as well
            return Decision(default, "", "ERROR", f"the rule can't be worked out ({type(trouble).__name__})")
        return Decision(found.value, found.variant or "", str(found.reason or ""))


def place(flag: str, user: str) -> int:
    """Where flagd's `fractional` puts a user for a flag: 0 to 99, the arms of a share being laid end to end."""
    arms = [[str(number), 1] for number in range(PLACES)]
    flags = {flag: {"state": "ENABLED", "variants": {str(number): number for number in range(PLACES)},
                    "targeting": {"fractional": arms}}}  # fmt: skip
    core = FlagdCore()
    core.set_flags({"flags": flags})
    return core.resolve_integer_value(flag, 0, EvaluationContext(user)).value
