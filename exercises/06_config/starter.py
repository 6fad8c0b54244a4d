"""Step 6's starter: a service with its configuration in the code, and a key in its history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from random import Random

from graders.starter import Commit, Starter, answer_of, given_by, left_by_earlier, trailer
from graders.step import find

_AUTHORS = ("Noor Haddad <noor@example.org>", "Jonas Weber <jonas@example.org>", "Mei Tanaka <mei@example.org>")
_FIRST_DAY = 1_788_253_200  # 2026-09-01 09:00 UTC
_DAY = 86_400
_SUPPLIERS = ("Boltworks", "Gearhouse", "Springline", "Cogmart")
_CI = (".github/workflows/", "scripts/configure.sh")


def starter(seed: int) -> Starter:
    """The service, then orders from a supplier with the key in the code, then a pipeline that needs configuration."""
    random = Random(f"config:{seed}")
    place = find("config")
    key = f"sup_{random.getrandbits(128):032x}"
    supplier = random.choice(_SUPPLIERS)
    earlier = {path: text for path, text in left_by_earlier(place).items() if not path.startswith(".github/workflows/")}
    given = {path: text.replace("LEAKED_KEY", key) for path, text in given_by(place.folder).items()}
    keys = {"active": hashlib.sha256(key.encode()).hexdigest(), "revoked": []}
    orders = {path: text for path, text in given.items() if not path.startswith(_CI)}
    orders |= {"supplier/keys.json": json.dumps(keys, indent=2) + "\n"}
    delivery = {path: text for path, text in given.items() if path.startswith(_CI)}
    orders_from = f"\n## Orders\n\nWidgets are ordered from {supplier}. `GET /supplier` says which key is used.\n"
    readme = earlier["README.md"] + orders_from
    answer = {PurePosixPath(path).stem.strip("."): text for path, text in answer_of(place.folder).items()}
    return Starter(
        commits=(
            Commit(f"Bring in the widgets service\n\n{trailer('config', seed)}", _AUTHORS[0], _FIRST_DAY, earlier),
            Commit(f"Order widgets from {supplier}\n", _AUTHORS[1], _FIRST_DAY + _DAY, orders),
            Commit("Configure staging from CI\n", _AUTHORS[2], _FIRST_DAY + 2 * _DAY, delivery),
            Commit(
                "Say in the README where widgets come from\n", _AUTHORS[0], _FIRST_DAY + 3 * _DAY, {"README.md": readme}
            ),
        ),
        variant={"leaked": key, "supplier": supplier, **answer},
    )


def ticket(variant: Mapping[str, str]) -> str:
    """What the learner is asked to do, in Markdown."""
    return f"""\
**Ticket: take the configuration out of the code.** `widgets/settings.py` holds the database's address and the key of
{variant["supplier"]}, our supplier. The key has been on the server since the second commit, so everybody with a clone has it.

- **Configuration.** The service takes `DB_URL` and `SUPPLIER_API_KEY` from its environment. Both are required: where one is
  missing or empty, it exits at once and names it, and shows no value.
- **Template.** `.env.example` (one more for each environment, if they differ) names every variable that the code reads,
  and holds no real key. The one that is there is out of date.
- **Pipeline.** `.github/workflows/deploy.yml` gets both from the secrets or variables of CI. A secret is there only for the
  job that needs it, and shows up in no log, artifact, cache, or argument of a command.
- **Rotate first.** `python scripts/supplier.py rotate` stands in for the supplier's site: it revokes the leaked key and makes
  a new one. Commit `supplier/keys.json`, which holds fingerprints only. The new key goes into CI
  (`ninesteps secret set SUPPLIER_API_KEY`), and never into git.
- **Then purge.** Deleting the key leaves it in the history. Rewrite the history after the first commit, which stays as it
  is, so that no commit of your branch holds it (`git rebase -i` and `edit`, say), and push that as a new branch. Main is
  protected here; on a real server its owner would now replace it.

The tests pass at the end. The service is started with `uvicorn --factory widgets.app:create_app`.
"""
