"""What an image registry holds, read over its HTTP API, each answer held against its digest.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from graders.problems import Problem

_SECONDS = 10.0
_LARGEST_MANIFEST, _LARGEST_CONFIG = 4 << 20, 8 << 20  # a manifest's is the specification's own
_MOST_PAGES, _PAGE = 20, 500
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_REFERENCE = re.compile(r"[A-Za-z0-9_][\w.-]{0,127}|sha256:[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


class RegistryProblem(Problem):
    """A registry that does not answer, or answers with what is not true."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a manifest names: a layer, the configuration, or a manifest for one `platform` in an index; `size` in bytes."""

    digest: str
    size: int
    media_type: str
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest, its `digest` computed from what came. An index has `images` and neither `config` nor `layers`.

    Without an index, `config.digest` is what Docker calls the image's id.
    """

    digest: str
    media_type: str
    config: Part | None = None
    layers: tuple[Part, ...] = ()
    images: tuple[Part, ...] = ()

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEX_TYPES


@dataclass(frozen=True, slots=True)
class RegistryReader:
    """Reads the registry at `address` (HOST:PORT). Only loopback is asked, over HTTP; with `elsewhere` any, over HTTPS."""

    address: str
    elsewhere: bool = False

    def repositories(self) -> tuple[str, ...]:
        """The repositories, sorted."""
        return tuple(
            sorted(name for name in self._listed("/v2/_catalog", "repositories") if _REPOSITORY.fullmatch(name))
        )

    def tags(self, repository: str) -> tuple[str, ...]:
        """A repository's tags, sorted; none for a repository that is not there."""
        return tuple(sorted(self._listed(f"/v2/{_named(repository)}/tags/list", "tags")))

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """The manifest of a tag or digest, or None where there is none. Raises RegistryProblem where its digest is another."""
        if not _REFERENCE.fullmatch(reference):
            raise RegistryProblem(
                f"{reference[:100]!r} is no tag and no digest.", "A tag has letters, digits, `_`, `.`, `-`."
            )
        path = f"/v2/{_named(repository)}/manifests/{reference}"
        answer = self._get(path, _LARGEST_MANIFEST, ", ".join((*INDEX_TYPES, *MANIFEST_TYPES)))
        if answer is None:
            return None
        headers, content = answer
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        said = headers.get("docker-content-digest", digest)
        if digest != said or (_DIGEST.fullmatch(reference) and digest != reference):
            raise self._wrong(f"it gives a manifest for {repository}:{reference} whose digest is another")
        return self._manifest(digest, headers.get("content-type", "").partition(";")[0].strip(), content)

    def config(self, repository: str, manifest: Manifest) -> Mapping[str, Any]:
        """The configuration document of an image. Raises RegistryProblem where it is missing or not what its digest says."""
        part = manifest.config
        if part is None:
            raise RegistryProblem("An index has no configuration of its own.", "Ask one of its images.")
        answer = self._get(f"/v2/{_named(repository)}/blobs/{part.digest}", _LARGEST_CONFIG, "*/*")
        if answer is None:
            raise self._wrong(f"it lacks the configuration of an image of {repository}")
        if f"sha256:{hashlib.sha256(answer[1]).hexdigest()}" != part.digest:
            raise self._wrong(f"the configuration that it gives for an image of {repository} has another digest")
        return self._object(answer[1])

    # --- answers ---

    def _manifest(self, digest: str, media_type: str, content: bytes) -> Manifest:
        found = self._object(content)
        kind = media_type if media_type in (*INDEX_TYPES, *MANIFEST_TYPES) else str(found.get("mediaType", ""))
        if kind in INDEX_TYPES:
            return Manifest(digest, kind, images=tuple(self._parts(found.get("manifests"))))
        if kind not in MANIFEST_TYPES:
            raise self._wrong(f"it gives a manifest of a kind that is not known ({kind[:80] or 'none'})")
        (config,) = self._parts([found.get("config")])
        return Manifest(digest, kind, config, tuple(self._parts(found.get("layers"))))

    def _parts(self, listed: Any) -> Iterator[Part]:
        for one in listed if isinstance(listed, list) else ():
            if not isinstance(one, dict) or not _DIGEST.fullmatch(str(one.get("digest", ""))):
                raise self._wrong("a manifest that it gives can't be read")
            platform = one.get("platform")
            words = (
                [platform.get(key) for key in ("os", "architecture", "variant")] if isinstance(platform, dict) else []
            )
            size = one.get("size")
            yield Part(
                str(one["digest"]), size if isinstance(size, int) else 0, str(one.get("mediaType", "")),
                "/".join(str(word) for word in words if word),
            )  # fmt: skip

    def _listed(self, path: str, key: str) -> list[str]:
        found: list[str] = []
        asked = f"{path}?n={_PAGE}"
        for _ in range(_MOST_PAGES):
            answer = self._get(asked, _LARGEST_MANIFEST, "application/json")
            if answer is None:
                break
            names = self._object(answer[1]).get(key) or []
            found += [str(name) for name in names if isinstance(names, list)]
            # https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
            following = re.match(r"<([^>]+)>;\s*rel=\"?next", answer[0].get("link", ""))
            last = parse_qs(urlsplit(following[1]).query).get("last", [""])[0] if following else ""
            if not re.fullmatch(r"[\w./-]{1,255}", last):
                break
            asked = f"{path}?n={_PAGE}&last={last}"
        return found

    def _object(self, content: bytes) -> dict[str, Any]:
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._wrong("what it says can't be read")
        return found

    # --- asking ---

    def _get(self, path: str, most: int, accept: str) -> tuple[dict[str, str], bytes] | None:
        """Headers (names in lower case) and content; None for 404."""
        with contextlib.closing(self._connection()) as connection:
            try:
                connection.request("GET", path, headers={"Accept": accept})
                answer = connection.getresponse()
                content = answer.read(most + 1)
            except (OSError, http.client.HTTPException) as trouble:
                raise RegistryProblem(
                    f"No registry answers at {self.address}: {trouble}.",
                    "Is it up? `ninesteps registry up` starts yours.",
                ) from None
        if answer.status == http.client.NOT_FOUND:
            return None
        if answer.status != http.client.OK:
            raise self._wrong(f"it answers {answer.status} {answer.reason[:80]}")
        if len(content) > most:
            raise self._wrong("what it says is longer than any manifest")
        return {name.lower(): value for name, value in answer.getheaders()}, content

    def _connection(self) -> http.client.HTTPConnection:
        match = _ADDRESS.fullmatch(self.address)
        if not match or int(match["port"]) > 65_535:
            raise RegistryProblem(
                f"{self.address[:100]!r} is no registry's address.", "It is HOST:PORT, as localhost:5000."
            )
        host = match["host"].strip("[]")
        if self.elsewhere:
            return http.client.HTTPSConnection(host, int(match["port"]), timeout=_SECONDS)
        if not _is_loopback(host):
            raise RegistryProblem(f"{self.address} is not on this machine, and is not asked.", "Use localhost:PORT.")
        return http.client.HTTPConnection(host, int(match["port"]), timeout=_SECONDS)

    def _wrong(self, what: str) -> RegistryProblem:
        return RegistryProblem(f"The registry at {self.address} does not answer as one should: {what}.", "Push again.")


def _named(repository: str) -> str:
    if len(repository) > 255 or not _REPOSITORY.fullmatch(repository):
        raise RegistryProblem(
            f"{repository[:100]!r} is no repository's name.", "It has lower-case letters, digits, `-`, `/`."
        )
    return repository


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
