"""Step 8's starter: a service with a new price that is finished, and that nobody dares to switch on for all at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from random import Random

from graders.starter import Commit, Starter, answer_of, given_by, left_by_earlier, trailer
from graders.step import find

_AUTHORS = ("Noor Haddad <noor@example.org>", "Jonas Weber <jonas@example.org>", "Mei Tanaka <mei@example.org>")
_FIRST_DAY = 1_788_253_200  # 2026-09-01 09:00 UTC
_DAY = 86_400
_PERCENTS, _THRESHOLDS = (5, 10, 15, 20), (10, 20, 50, 100)
_STORIES = (
    ("in spring", "every order was ten per cent too cheap for a day"),
    ("last year", "the shop was away for an hour, until the release was taken back"),
    ("before the sale", "nobody could say which customers had seen which price"),
)


def starter(seed: int) -> Starter:
    """The service as the steps before left it, then its prices: the old one in use, the new one finished."""
    random = Random(f"flags:{seed}")
    place = find("flags")
    percent, threshold = random.choice(_PERCENTS), random.choice(_THRESHOLDS)
    when, what = random.choice(_STORIES)

    def own(text: str) -> str:
        lines = {
            "DISCOUNT_FROM = 50": f"DISCOUNT_FROM = {threshold}",
            "DISCOUNT_PERCENT = 10": f"DISCOUNT_PERCENT = {percent}",
        }
        for line, mine in lines.items():
            text = text.replace(line, mine)
        return text

    given = {path: own(text) for path, text in given_by(place.folder).items()}
    answer = {PurePosixPath(path).stem.strip("."): own(text) for path, text in answer_of(place.folder).items()}
    removal = {
        f"{PurePosixPath(path).stem.strip('.')}_removed": own(text)
        for path, text in answer_of(place.folder / "removal").items()
    }
    return Starter(
        commits=(
            Commit(
                f"Bring in the widgets service\n\n{trailer('flags', seed)}",
                _AUTHORS[0],
                _FIRST_DAY,
                left_by_earlier(place),
            ),
            Commit("Prices and delivery, and a discount for later\n", _AUTHORS[2], _FIRST_DAY + _DAY, given),
        ),
        variant={"percent": str(percent), "threshold": str(threshold), "when": when, "what": what, **answer, **removal},
    )


def ticket(variant: Mapping[str, str]) -> str:
    """What the learner is asked to do, in Markdown."""
    percent, threshold = variant["percent"], variant["threshold"]
    total = 25 * 100 * (100 - int(percent)) // 100
    return f"""\
**Ticket: switch the new price on bit by bit, and off at once.** When prices changed {variant["when"]}, {variant["what"]}.
The new one is finished: `discounted_price` in `widgets/pricing.py` gives {percent} % off from {threshold} widgets on, and
nobody calls it. Put it behind a flag, on a branch of your own.

- **By a variable.** With `FEATURE_PRICE_V2=true`, `GET /widgets/1/price?quantity=100` gives everybody what `discounted_price`
  returns. Unset, empty, `false`, `0`, `1` or anything else but `true`: the stable price, of `full_price`.
- **By a file.** Where the variable `FLAGS_FILE` is set, the file that it names decides alone, for two flags: `price-v2`
  for the price, and `free-delivery`, which makes `GET /widgets/1/delivery` answer with `"delivery_cents": 0`. (No variable
  turns that one on.) The file has flagd's format, and looks like this, with other numbers, states and variants:

      {{"flags": {{
        "price-v2": {{"state": "ENABLED", "variants": {{"on": true, "off": false}}, "defaultVariant": "off",
                     "targeting": {{"fractional": [["on", 25], ["off", 75]]}}}},
        "free-delivery": {{"state": "ENABLED", "variants": {{"on": true, "off": false}}, "defaultVariant": "off"}}}}}}

  `fractional` gives 25 % of the users `on`; without `targeting`, `defaultVariant` is for all. `"state": "DISABLED"` is the
  kill switch: off. An edit counts within a second, in the running process.
- **Users** name themselves in the header `X-User`. The same user gets the same price, also after a restart; raising the
  share takes nobody out; at 50 % each, the two flags do not hit the same users.
- **Whatever goes wrong, the stable price.** A file that is missing, broken or without the flag, a value that is no boolean
  (`"true"`): at the start, where the service starts all the same, and while it runs, also where the flag was on before.
- **Log.** Each decision from the file is one line on standard output or error, with
  `flag=price-v2 user=ada variant=on reason=TARGETING_MATCH`, or the same four in a JSON object. `variant` is `on` or `off`, as
  the user got it. `reason` is OpenFeature's word: `TARGETING_MATCH` or `SPLIT` for a share, `DISABLED`, `ERROR` where
  something is wrong.
- **Off means untouched.** While a flag is off, every answer is what it is today, and the database holds nothing new.
- **Tests** ask for the price with the flag off and with it on: with a wrong total in either answer, `pytest` is red.
- **Then remove `price-v2`**, as after a full rollout, on a second branch called `remove-price-v2`. Everybody gets the new
  price, whatever file and variable say. Its name (`price-v2`, `price_v2`, `FEATURE_PRICE_V2`) stands nowhere in code,
  tests and configuration, no condition of it is left, nor the stable price's function. `free-delivery` goes on as it was,
  and the tests pass.

OpenFeature's SDK and flagd's provider are installed; `FlagdProvider(resolver_type=ResolverType.FILE,
offline_flag_source_path=…)` reads such a file, without a network. A reader of your own is as good. The service is started
with `uvicorn --factory widgets.app:create_app`. A hundred widgets of 25 cents cost 2500, or {total} with the discount.
"""
