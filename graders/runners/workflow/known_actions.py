"""Actions that many workflows use, to tell a slip of the pen (`actions/chekout`) from an action that we don't know.

https://github.com/orgs/actions/repositories https://github.com/orgs/docker/repositories
"""

from __future__ import annotations

from difflib import get_close_matches

_OF_GITHUB = (
    "add-to-project", "ai-inference", "attest", "attest-build-provenance", "attest-sbom", "cache", "checkout",
    "configure-pages", "create-github-app-token", "create-release", "delete-package-versions",
    "dependency-review-action", "deploy-pages", "download-artifact", "first-interaction", "github-script",
    "jekyll-build-pages", "labeler", "publish-immutable-action", "setup-dotnet", "setup-go", "setup-java", "setup-node",
    "setup-python", "setup-ruby", "stale", "upload-artifact", "upload-pages-artifact", "upload-release-asset",
)  # fmt: skip
_OF_DOCKER = (
    "bake-action", "build-push-action", "login-action", "metadata-action", "scout-action", "setup-buildx-action",
    "setup-compose-action", "setup-docker-action", "setup-qemu-action",
)  # fmt: skip
_PARTS = (
    "actions/cache/restore", "actions/cache/save", "actions/upload-artifact/merge", "github/codeql-action/analyze",
    "github/codeql-action/autobuild", "github/codeql-action/init", "github/codeql-action/upload-sarif",
)  # fmt: skip
_OF_OTHERS = (
    "astral-sh/setup-uv", "aws-actions/configure-aws-credentials", "azure/login", "codecov/codecov-action",
    "google-github-actions/auth", "hashicorp/setup-terraform", "pypa/gh-action-pypi-publish", "ruby/setup-ruby",
    "softprops/action-gh-release",
)  # fmt: skip
KNOWN = (
    *(f"actions/{name}" for name in _OF_GITHUB), *(f"docker/{name}" for name in _OF_DOCKER), *_PARTS, *_OF_OTHERS,
)  # fmt: skip
_SAME_OWNER, _OTHER_OWNER = 0.88, 0.92  # how alike two names must be; an owner's name may be anybody's


def meant(name: str) -> str:
    """The known action that `name` (`owner/repo[/path]`) must be a slip of the pen for, or empty."""
    name = name.lower()
    owner, _, rest = name.partition("/")
    for known in get_close_matches(name, KNOWN, n=3, cutoff=_SAME_OWNER):
        known_owner, _, known_rest = known.partition("/")
        slip = owner == known_owner or (rest == known_rest and get_close_matches(owner, [known_owner], 1, _OTHER_OWNER))
        if slip and name not in KNOWN:
            return known
    return ""
