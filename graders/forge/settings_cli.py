"""`ninesteps secret` and `ninesteps variable`: what workflows read as `secrets.NAME` and `vars.NAME`, as in gh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from graders.console import say

secrets = typer.Typer(
    help="Secrets that your workflows may read, as in `gh secret`.", no_args_is_help=True, rich_markup_mode=None
)
variables = typer.Typer(
    help="Variables that your workflows may read, as in `gh variable`.", no_args_is_help=True, rich_markup_mode=None
)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="For example DB_URL.")]
_Body = Annotated[
    str | None, typer.Option("--body", "-b", help="Its value; asked for, or read from standard input, if left out.")
]
_Env = Annotated[str, typer.Option("--env", "-e", metavar="ENVIRONMENT", help="Only for jobs with this environment.")]


@secrets.command("set", epilog="Example: ninesteps secret set API_KEY --env production")
def set_secret(
    name: _Name,
    body: _Body = None,
    env: _Env = "",
) -> None:
    """Set a secret. Logs show *** in its place."""
    if body is None:
        shown = sys.stdin.isatty()
        body = (
            typer.prompt(f"The value of {name.upper()}", hide_input=True) if shown else sys.stdin.read().strip("\r\n")
        )
    _set("secrets", name, body, env)


@secrets.command("list", epilog="Example: ninesteps secret list")
def list_secrets() -> None:
    """List the names of the secrets. Nothing shows a value again."""
    _list("secrets")


@secrets.command("delete", epilog="Example: ninesteps secret delete API_KEY")
def delete_secret(name: _Name, env: _Env = "") -> None:
    """Remove a secret."""
    _set("secrets", name, None, env)


@variables.command("set", epilog="Example: ninesteps variable set REGION --body eu-west-1")
def set_variable(
    name: _Name,
    body: _Body = None,
    env: _Env = "",
) -> None:
    """Set a variable."""
    _set("variables", name, _asked(name, hide=False) if body is None else body, env)


@variables.command("list", epilog="Example: ninesteps variable list")
def list_variables() -> None:
    """List the variables, with their values."""
    _list("variables")


@variables.command("delete", epilog="Example: ninesteps variable delete REGION")
def delete_variable(name: _Name, env: _Env = "") -> None:
    """Remove a variable."""
    _set("variables", name, None, env)


def _asked(name: str, *, hide: bool) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read().strip("\r\n")
    value: str = typer.prompt(f"The value of {name.upper()}", hide_input=hide)
    return value


def _set(kind: str, name: str, value: str | None, env: str) -> None:
    from graders.forge import settings

    settings.change(_origin(kind), kind, name, value, env)
    did = "Removed" if value is None else "Set"
    say(f"{did} the {kind[:-1]} {name.strip().upper()}{f' for the environment {env}' if env else ''}.")


def _list(kind: str) -> None:
    from graders.forge.settings import read_settings
    from graders.reports.safe_text import one_line

    found = read_settings(_origin(kind), kind)
    rows = [(name, where, value) for where, names in sorted(found.items()) for name, value in sorted(names.items())]
    for name, where, value in rows:
        cells = [one_line(name), one_line(where, 60) if where else "all jobs"]
        say("\t".join([*cells, one_line(value, 200)] if kind == "variables" else cells))
    if not rows:
        say(f"There are no {kind}. To set one: ninesteps {kind[:-1]} set NAME")


def _origin(kind: str) -> Path:
    from graders.forge.git_calls import without_caller_variables
    from graders.forge.origin import find_clone
    from graders.workspace.locate import clone_here

    with without_caller_variables():
        return find_clone(clone_here(), kind[:-1]).origin
