"""Images in the words of commands: what is one, what only looks like one."""

from __future__ import annotations

import pytest

from graders.evidence.workflow.image_reference import Reference, read_reference, references_in

SHA = "9f2c41e0b7d5a3c1e8f60214a5b6c7d8e9f00112"
DIGEST = f"sha256:{'ab' * 32}"
HOSTED = Reference("ghcr.io/shop/widgets", SHA)
KNOWN = (HOSTED, Reference("ghcr.io/shop/widgets", "", DIGEST), Reference("widgets", "1.4.0"))


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest"),
    [
        ("widgets", "widgets", "", ""),
        ("ghcr.io/shop/widgets:1.4.0", "ghcr.io/shop/widgets", "1.4.0", ""),
        ("localhost:5000/widgets", "localhost:5000/widgets", "", ""),
        ("localhost:5000/widgets:1", "localhost:5000/widgets", "1", ""),
        (f"ghcr.io/shop/widgets:1@{DIGEST}", "ghcr.io/shop/widgets", "1", DIGEST),
    ],
)
def test_a_reference_is_taken_apart(text: str, name: str, tag: str, digest: str) -> None:
    assert read_reference(text) == Reference(name, tag, digest)
    assert str(read_reference(text)) == text


@pytest.mark.parametrize("text", ["", "two words", "a:b:c", "widgets@sha256:short"])
def test_what_is_no_reference(text: str) -> None:
    assert read_reference(text) is None


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["set", "image", "deployment/widgets", f"widgets={HOSTED}"], [str(HOSTED)]),
        (["run", "-d", "widgets:1.4.0"], ["widgets:1.4.0"]),
        (["rollout", "status", "deployment/widgets"], []),
        (["--namespace", "widgets"], []),
        ([f"docker pull ghcr.io/shop/widgets@{DIGEST} && docker run x"], [f"ghcr.io/shop/widgets@{DIGEST}"]),
        (["deploy", "--image", "ghcr.io/shop/widgets"], ["ghcr.io/shop/widgets"]),
        (["deploy", "ghcr.io/shop/widgets-worker:1"], []),
        (["mirror.example/ghcr.io/shop/widgets:1"], []),
        (["upgrade", "w", "./chart", "--set", f"image.repository={HOSTED.name},image.tag={SHA}"], [str(HOSTED)]),
        (["upgrade", "w", "./chart", "--set-string=image.tag=latest"], ["ghcr.io/shop/widgets:latest"]),
        ([f"TAG={SHA} docker compose up --detach"], [str(HOSTED)]),
        (["VERSION=1"], []),
    ],
)  # fmt: skip
def test_images_are_found_in_words(words: list[str], found: list[str]) -> None:
    assert [str(one) for one in references_in(words, KNOWN)] == found


def test_a_digest_decides_whatever_the_tag_says() -> None:
    assert Reference("w", "1", DIGEST).pinned == Reference("w", "2", DIGEST).pinned
    assert Reference("w").pinned == Reference("w", "latest").pinned
