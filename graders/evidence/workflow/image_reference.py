"""Image references: taken apart, and found in the words of a command.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

_TAG = r"[A-Za-z0-9_][\w.-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}"
_REFERENCE = re.compile(rf"(?P<name>[^\s:@]+(?::\d+/[^\s:@]+)?)(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?")
_LEAST_TAG = 5  # shorter ones could be anything in a command
_HELM_SET = ("--set", "--set-string")


@dataclass(frozen=True, slots=True)
class Reference:
    """`name` is the registry and repository; `tag` and `digest` are empty where there is none."""

    name: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def pinned(self) -> Reference:
        """What decides which image it is: a digest alone where there is one, else the tag, by default `latest`."""
        return Reference(self.name, "", self.digest) if self.digest else Reference(self.name, self.tag or "latest")


def read_reference(text: str) -> Reference | None:
    """The reference that the whole of `text` is, or None."""
    match = _REFERENCE.fullmatch(text.strip())
    return Reference(match["name"], match["tag"] or "", match["digest"] or "") if match else None


def references_in(words: Iterable[str], known: Iterable[Reference]) -> tuple[Reference, ...]:
    """The images that a command's `words` name, each once; `known` are those that were built or pushed.

    Found are references with a known repository, known tags and digests that stand alone (`TAG=1f2e3d4`), and what
    `helm --set image.repository=…,image.tag=…` puts together.
    """
    words, known = tuple(words), tuple(known)
    names = sorted({one.name for one in known}, key=lambda name: (-len(name), name))
    found = [one for word in words for name in names for one in _of_repository(word, name)]
    exact = [one for one in found if one.tag or one.digest]
    return tuple(dict.fromkeys(exact or [*_set_by_helm(words, names)] or [*_alone(words, known)] or found))


def _of_repository(word: str, name: str) -> Iterator[Reference]:
    """A bare name without a registry is an image only with a tag or a digest: `widgets` may be a deployment."""
    pattern = rf"(?<![\w./-]){re.escape(name)}(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?(?![\w/-])"
    for match in re.finditer(pattern, word):
        if match["tag"] or match["digest"] or "/" in name:
            yield Reference(name, match["tag"] or "", match["digest"] or "")


def _set_by_helm(words: tuple[str, ...], names: list[str]) -> Iterator[Reference]:
    """https://helm.sh/docs/intro/using_helm/#the-format-and-limitations-of---set"""
    values: dict[str, str] = {}
    for option, text in zip_longest(words, words[1:], fillvalue=""):
        name, equals, value = option.partition("=")
        given = value if equals and name in _HELM_SET else text if option in _HELM_SET else ""
        values |= {
            key.lower(): one for key, is_set, one in (part.partition("=") for part in given.split(",")) if is_set
        }
    repository = next((value for key, value in values.items() if key.endswith("repository")), "")
    tag = next((value for key, value in values.items() if key.endswith("tag")), "")
    digest = next((value for key, value in values.items() if key.endswith("digest")), "")
    if (tag or digest) and (repository or names):
        yield Reference(repository or names[0], tag, digest)


def _alone(words: tuple[str, ...], known: tuple[Reference, ...]) -> Iterator[Reference]:
    for word in words:
        for token in re.split(r"[\s=,;'\"]+", word):
            for one in known:
                if token and token in (one.tag, one.digest) and len(token) >= _LEAST_TAG:
                    yield one
