"""Jobs with `services:` as act can run them: a step before their own asks for the containers, one after them lets go.

act ignores services in host mode. The step has GitHub's name for it, and like there, when it fails, what stands under
`if: always()` runs all the same. act itself evaluates what is asked for: image, variables, options and ports are the
step's environment.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idservices
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from graders.evidence.workflow.evaluate import as_text
from graders.evidence.workflow.model import Job
from graders.runners.workflow.workflow_document import document_of, with_expressions, written

BEGIN, END = "ninesteps-services", "ninesteps-services-end"
_TEXTS, _LISTS = ("image", "options", "entrypoint", "command"), ("ports",)
_PORTS = re.compile(r"(?i)(\bports)\s*\[([^\[\]']+)\]")
_JOB_SERVICES = re.compile(r"(?i)(?<![\w.'-])job\s*\.\s*services\b")


def why_not(job: Job) -> str:
    """Why a job's services can't be started wherever this runs, as the middle of a sentence; else empty."""
    for name, service in job.services.items():
        whose = f"its job `{job.id}` has a service `{name}`"
        if service.volumes:
            return f"{whose} with `volumes:`, and a service gets no folder here"
        if service.credentials.values or service.credentials.dynamic:
            return f"{whose} from a registry that asks for `credentials:`, and those are not sent anywhere from here"
        if service.env.dynamic:
            return f"{whose} whose `env:` is one expression, which is not worked out here"
    return ""


def with_service_steps(data: bytes, jobs: Mapping[str, Job]) -> bytes:
    """The workflow file with those steps in each of `jobs` that has services; the file as it is where none has."""
    if not any(job.services for job in jobs.values()):
        return data
    document = document_of(data)
    for id, job in document["jobs"].items():
        if id in jobs and jobs[id].services and "steps" in job:
            document["jobs"][id] = _with_steps(id, job)
    return written(document)


def _with_steps(id: str, job: dict[str, Any]) -> dict[str, Any]:
    asked: dict[str, str] = {}
    services = {name: dict(_evaluated(given, asked)) for name, given in job["services"].items()}
    rest = with_expressions({key: value for key, value in job.items() if key != "services"}, _from_the_step)
    begin = _step(BEGIN, "begin", {**asked, "NINESTEPS_SERVICES": json.dumps({"job": id, "services": services})})
    end = _step(END, "end", {"NINESTEPS_LEASE": f"${{{{ steps.{BEGIN}.outputs.lease }}}}"})
    # act calls steps without an id by their place, which is now another
    steps = [{**step, "id": step.get("id") or str(place)} for place, step in enumerate(rest["steps"])]
    return {**rest, "steps": [begin, *steps, {**end, "if": "always()"}]}


def _step(id: str, what: str, env: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": id, "name": "Initialize containers" if id == BEGIN else "Stop containers", "run": f"services {what}",
        "shell": "ninesteps-standin {0}", "env": dict(env), "working-directory": "${{ github.workspace }}",
    }  # fmt: skip


def _evaluated(given: Any, asked: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """What a service asks for, with a variable's name in the place of each text; `asked` gets the texts."""

    def variable(value: Any) -> str:
        name = f"NINESTEPS_ASKED_{len(asked)}"
        asked[name] = as_text(value)
        return name

    service = given if isinstance(given, dict) else {"image": given}
    yield from ((key, variable(service[key])) for key in _TEXTS if service.get(key) is not None)
    for key in _LISTS:
        values = service.get(key) or []
        yield key, [variable(one) for one in (values if isinstance(values, list) else [values])]
    env = service.get("env")
    yield "env", {name: variable(value) for name, value in (env if isinstance(env, dict) else {}).items()}


def _from_the_step(expression: str) -> str:
    """act's `job` context has no ports, and it takes no number for a name."""
    if not _JOB_SERVICES.search(expression):
        return expression
    named = _PORTS.sub(r"\1[format('{0}', \2)]", expression)
    return _JOB_SERVICES.sub(f"fromJSON(steps.{BEGIN}.outputs.services)", named)
