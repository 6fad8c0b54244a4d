"""Values that strangers choose, where they become part of a script.

`${{ }}` is put into a script as text before the shell reads it; an environment variable is not. So the finding is the
expression in the script, also where it names an `env` or an output that passes the value on.
https://docs.github.com/en/actions/concepts/security/script-injections
https://docs.github.com/en/actions/reference/security/secure-use#good-practices-for-mitigating-script-injection-attacks
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.evidence.workflow.data_flow import From, Library, sources_of_expression
from graders.evidence.workflow.expression import Call, Compare, Expression, Index, Logical, Not, children, path_of
from graders.evidence.workflow.model import Job, Step, Where, Workflow
from graders.evidence.workflow.occurrences import in_step

UNTRUSTED = tuple(
    tuple(path.split("."))
    for path in (
        "event.issue.title", "event.issue.body",
        "event.pull_request.title", "event.pull_request.body",
        "event.pull_request.head.ref", "event.pull_request.head.label",
        "event.pull_request.head.repo.default_branch", "event.pull_request.head.repo.description",
        "event.pull_request.head.repo.homepage",
        "event.comment.body", "event.review.body", "event.review_comment.body",
        "event.pages.*.page_name", "event.pages.*.title",
        "event.commits.*.message", "event.commits.*.author.email", "event.commits.*.author.name",
        "event.commits.*.committer.email", "event.commits.*.committer.name",
        "event.head_commit.message", "event.head_commit.author.email", "event.head_commit.author.name",
        "event.head_commit.committer.email", "event.head_commit.committer.name",
        "event.discussion.title", "event.discussion.body",
        "event.workflow_run.head_branch", "event.workflow_run.display_title",
        "event.workflow_run.head_commit.message", "event.workflow_run.head_commit.author.email",
        "event.workflow_run.head_commit.author.name",
        "head_ref",
    )
)  # fmt: skip
_HARMLESS = frozenset(("contains", "startswith", "endswith", "hashfiles", "success", "failure", "always", "cancelled"))
_SCRIPTS = {"actions/github-script": "script"}


@dataclass(frozen=True, slots=True)
class Injection:
    """An expression in a script that a stranger's text gets into.

    `value` is what the stranger chooses (`github.head_ref`), `through` the places that it passes from the script on.
    """

    value: str
    expression: str
    where: Where
    job: str
    step: Step
    through: tuple[Where, ...] = ()


def injections(workflow: Workflow, *, others: Library | None = None) -> tuple[Injection, ...]:
    """Every script of the workflow (`run:`, and the `script` of actions/github-script) that takes in untrusted text."""
    return tuple(
        one for job in workflow.jobs.values() for step in job.steps for one in _in_step(workflow, job, step, others)
    )


def _in_step(workflow: Workflow, job: Job, step: Step, others: Library | None) -> Iterator[Injection]:
    script_input = _SCRIPTS.get(step.uses.name, "") if step.uses else ""
    seen: set[tuple[str, Where]] = set()
    for use in in_step(step, job.id):
        if use.key != "run" and (not script_input or use.key != f"with.{script_input}"):
            continue
        for node, as_json in _reaching_the_text(use.expression):
            for source in sources_of_expression(workflow, job, node, use.where, step, others=others):
                if source.kind is From.EVENT and is_untrusted(source.name, whole_object=as_json):
                    found = Injection(f"github.{source.name}", use.text.value, use.where, job.id, step, source.through)
                    if (found.value, found.where) not in seen:
                        seen.add((found.value, found.where))
                        yield found


def is_untrusted(path: str, *, whole_object: bool = False) -> bool:
    """Whether `path` below `github` is a stranger's text (`event.issue.title`) or, with `whole_object`, holds some."""
    parts = tuple(part.lower() for part in path.split(".")) if path != "*" else ()
    for known in UNTRUSTED:
        pairs = list(zip(parts, known, strict=False))
        same = all(part == one or "*" in (part, one) for part, one in pairs)
        if same and (len(parts) == len(known) or (whole_object and len(parts) < len(known))):
            return True
    return False


def _reaching_the_text(node: Expression, *, as_json: bool = False) -> Iterator[tuple[Expression, bool]]:
    """The chains of properties whose own text can become part of the outcome; a comparison gives true or false only."""
    if path_of(node) is not None:
        yield node, as_json
        return
    if isinstance(node, (Compare, Not)) or (isinstance(node, Call) and node.name.lower() in _HARMLESS):
        return
    inside_json = as_json or (isinstance(node, Call) and node.name.lower() in ("tojson", "join"))
    for part in _parts_of_outcome(node):
        yield from _reaching_the_text(part, as_json=inside_json)


def _parts_of_outcome(node: Expression) -> tuple[Expression, ...]:
    if isinstance(node, Logical) and node.operator == "&&":
        return node.terms[-1:]  # an earlier term is the outcome only where it is empty or false
    if isinstance(node, Call) and node.name.lower() == "case":
        return (*node.arguments[1:-1:2], node.arguments[-1])
    if isinstance(node, Index):
        return (node.of,)
    return children(node)
