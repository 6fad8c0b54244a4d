"""HCL is read with positions, errors are one sentence, and what would act is refused before anything runs."""

from __future__ import annotations

import pytest

from graders.evidence.terraform.hcl import HclProblem, Module, read_module
from graders.evidence.terraform.hcl_text import code_of
from graders.evidence.terraform.pins import bounded
from graders.evidence.terraform.refused import refusals


def _module(text: str) -> Module:
    return read_module({"main.tf": text.encode()})


def test_blocks_have_labels_attributes_and_lines() -> None:
    module = _module(
        '# one\nresource "nimbus_bucket" "a" {\n  name = "x" # why\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n'
    )
    (block,) = module.of("resource", "nimbus_bucket")

    assert block.where == "main.tf:2"
    assert (block.attributes["name"].text, block.attributes["name"].line) == ("x", 3)
    assert block.inner("lifecycle")[0].attributes["prevent_destroy"].expression == "true"


def test_line_ends_of_windows_and_a_byte_order_mark_are_read() -> None:
    module = read_module({"main.tf": b'\xef\xbb\xbfvariable "a" {\r\n  type = string\r\n}\r\n'})

    assert module.of("variable", "a")[0].attributes["type"].expression == "string"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('resource "a" "b" {\n  name = \n}\n', 2),
        ('resource "a" "b" {\n  name = "x"\n', 3),
        ('resource "a" "b" {\n  name "x"\n}\n', 3),
        ('a = "open\n', 1),
        ("x = " + "[" * 400 + "]" * 400, 1),
        ("a = }\n", 1),
    ],
)
def test_a_syntax_error_is_one_sentence_with_file_and_line(text: str, line: int) -> None:
    with pytest.raises(HclProblem) as caught:
        _module(text)

    assert caught.value.found.startswith("main.tf:")
    assert abs(caught.value.line - line) <= 1
    assert caught.value.found.count("\n") == 0


@pytest.mark.parametrize(
    "text",
    [
        'output "x" {\n  value = file("/etc/passwd")\n}\n',
        'output "x" {\n  value = "${filebase64("a")}"\n}\n',
        'output "x" {\n  value = templatefile ("a", {})\n}\n',
        'output "x" {\n  value = <<E\n${file("a")}\nE\n}\n',
        'output "x" {\n  value = "${"a" == "${file("b")}" ? 1 : 2}"\n}\n',
        'data "external" "x" {\n  program = ["id"]\n}\n',
        'data "http" "x" {\n  url = "http://example.org"\n}\n',
        'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n    command = "id"\n  }\n}\n',
        'module "x" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n',
        'module "x" {\n  source = "./../../elsewhere"\n}\n',
        'terraform {\n  required_providers {\n    x = {\n      source = "evil/x"\n    }\n  }\n}\n',
        'provider "aws" {\n}\n',
        'resource "aws_instance" "x" {\n}\n',
    ],
)
def test_what_reads_files_runs_programs_or_fetches_is_refused(text: str) -> None:
    assert refusals(_module(text))


@pytest.mark.parametrize(
    "text",
    [
        '# file("/etc/passwd")\n',
        'output "x" {\n  value = "call file(name) by hand"\n}\n',
        'output "x" {\n  value = "$${file(}"\n}\n',
        "/* data external file(1) */\n",
        'module "x" {\n  source = "./edge"\n}\n',
        'resource "terraform_data" "x" {\n}\n',
        'output "profile" {\n  value = var.file\n}\n',
    ],
)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert not refusals(_module(text))


def test_only_the_letters_of_texts_and_comments_are_blanked_out() -> None:
    assert code_of('a = "b ${c("d")} e" # f') == 'a = "  ${c(" ")}  "    '


@pytest.mark.parametrize("constraint", ["~> 1.2", "1.2.3", "= 1.0", ">= 1.2, < 2.0", "<= 1.9.9", "~>1", "v1.0.0"])
def test_constraints_with_an_upper_end(constraint: str) -> None:
    assert bounded(constraint)


@pytest.mark.parametrize(
    ("constraint", "has_end"),
    [("~> 1", False), ("~>0", False), ("~> v1", False), ("~> 1, != 2.0", False), ("~> 1.0", True), ("~> 1.11.4", True),
     ("~> 1, < 2", True), ("1", True), ("<= 1", True)],
)  # fmt: skip
def test_of_terraform_itself_one_number_has_no_upper_end(constraint: str, has_end: bool) -> None:
    assert bounded(constraint, of_terraform=True) is has_end
    assert bounded(constraint)


@pytest.mark.parametrize("constraint", ["", ">= 1.0", "> 1, != 1.5", "latest", "*", "!= 2.0", "~> "])
def test_constraints_without_one(constraint: str) -> None:
    assert not bounded(constraint)
