"""The shares of users that a rollout asked for, and those that it got: as bars (SVG), in one breath and as a table."""

from __future__ import annotations

from collections.abc import Iterator

from graders.picture import Share, Shares
from graders.reports.drawing import LOOK_HERE, cells, page, style, tag, tag_width
from graders.reports.safe_text import cut, one_line

MOST_SHARES = 40
_EDGE, _TOP, _ROW = 16, 58, 42  # px around it, above the first row, and of a row
_BAR, _HEIGHT = 300, 14  # px of 100 per cent, and how high a bar is
_GAP = 14
_NAME = 48  # characters of the flag's name


def svg(rollout: Shares, marks: frozenset[str]) -> str:
    """A drawing of `rollout`: a bar of the share got, a tick at the share asked for, a bracket for chance; at most 40.

    What is wrong with a share stands in words at its end, those in `marks` are tagged “look here”. The outcome is
    well-formed XML without script or outside resources, has its own background, and follows the reader's light or dark
    setting. `table` says the same in words.
    """
    shown, others = rollout.shares[:MOST_SHARES], len(rollout.shares) - MOST_SHARES
    left = _EDGE + max((cells(_asked(share)) for share in shown), default=0) + _GAP
    right = left + _BAR + _GAP + max((cells(_got(share)) for share in shown), default=0) + 8
    tags = max((sum(tag_width(words) + 6 for words in _tags(share, marks)) for share in shown), default=0)
    parts = [*_legend(left), *_axis(left, len(shown))]
    for number, share in enumerate(shown):
        parts += _row(share, _tags(share, marks), left, right, _TOP + number * _ROW)
    height = _TOP + _ROW * len(shown) + _EDGE
    if others > 0:
        parts.append(f'<text class="muted" x="{_EDGE}" y="{height}">… {others} more</text>')
        height += 20
    width = max(right + tags, left + _legend_width()) + _EDGE
    return page(rollout.title, summary(rollout, marks), _SHEET, (width, height), parts)


def summary(rollout: Shares, marks: frozenset[str]) -> str:
    """One breath: the share got for each share asked for, what is wrong with which, and the notes."""
    shown = rollout.shares[:MOST_SHARES]
    got = ", ".join(f"{_per_cent(share)} at {share.asked} %" for share in shown)
    wrong = [f"{share.asked} % ({', '.join(tags)})" for share in shown if (tags := _tags(share, marks))]
    flag = cut(one_line(rollout.flag, _NAME), _NAME)
    words = f"Users whom {flag} puts on the new path: {got}." if flag else f"Users on the new path: {got}."
    words += f" Look at {'; '.join(wrong)}." if wrong else " Each is what chance allows."
    return " ".join([words, *(one_line(note, 200) for note in rollout.notes)])


def table(rollout: Shares, marks: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """A row of heads, then a row for each share that is drawn."""
    rows = [
        (
            f"{share.asked} %",
            _per_cent(share),
            f"{share.got} of {share.users}",
            f"{share.least}" if share.least == share.most else f"{share.least} to {share.most}",
            ", ".join(_tags(share, marks)) or "as asked for",
        )
        for share in rollout.shares[:MOST_SHARES]
    ]
    others = len(rollout.shares) - MOST_SHARES
    heads = ("Asked for", "Got", "Users", "By chance", "What we saw")
    return (heads, *rows, *([("…", "", "", "", f"{others} more")] if others > 0 else []))


def _tags(share: Share, marks: frozenset[str]) -> list[str]:
    """What is wrong with a share, in a word or two each; “look here” where only a verdict knows."""
    found = []
    if not share.least <= share.got <= share.most:
        found.append("too many" if share.got > share.most else "too few")
    found += [f"{share.unsteady} got both"] if share.unsteady else []
    found += [f"{share.lost} lost it"] if share.lost else []
    return found or ([LOOK_HERE] if str(share.asked) in marks else [])


def _row(share: Share, tags: list[str], left: float, right: float, y: float) -> Iterator[str]:
    middle, wide = y + 15, _BAR * _part(share.got, share.users)
    tone = "odd" if tags else "fine"
    chance = [left + _BAR * _part(count, share.users) for count in (share.least, share.most)]
    yield f'<g class="share"><text class="name" x="{_EDGE}" y="{middle + 4}">{_asked(share)}</text>'
    yield f'<rect class="track" x="{left:.1f}" y="{y + 8}" width="{_BAR}" height="{_HEIGHT}"/>'
    yield f'<rect class="bar {tone}" x="{left:.1f}" y="{y + 8}" width="{wide:.1f}" height="{_HEIGHT}"/>'
    yield _tick(left + _BAR * _part(share.asked, 100), y + 4)
    yield _bracket(chance[0], chance[1], y + 27)
    yield f'<text class="name" x="{left + _BAR + _GAP:.1f}" y="{middle + 4}">{_got(share)}</text>'
    x = right
    for words in tags:
        yield tag(words, "mark", x, middle)
        x += tag_width(words) + 6
    yield "</g>"


_SHARE_GOT, _ASKED_FOR, _CHANCE = "share got", "asked for", "what chance allows"


def _legend(left: float) -> Iterator[str]:
    y = _EDGE + 4
    x = left
    yield f'<rect class="bar fine" x="{x:.1f}" y="{y - 9}" width="14" height="10"/>{_muted(_SHARE_GOT, x + 20, y)}'
    x += _legend_step(_SHARE_GOT)
    yield _tick(x + 7, y - 13, 18) + _muted(_ASKED_FOR, x + 20, y)
    x += _legend_step(_ASKED_FOR)
    yield _bracket(x, x + 14, y - 4) + _muted(_CHANCE, x + 20, y)


def _legend_step(words: str) -> float:
    return 20 + cells(words) + 18


def _legend_width() -> float:
    return sum(map(_legend_step, (_SHARE_GOT, _ASKED_FOR, _CHANCE)))


def _axis(left: float, rows: int) -> Iterator[str]:
    for share in (0, 25, 50, 75, 100):
        x = left + _BAR * share / 100
        yield f'<line class="grid" x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{_TOP + rows * _ROW - 6}"/>'
        yield f'<text class="muted middle" x="{x:.1f}" y="{_TOP - 12}">{share} %</text>'


def _muted(words: str, x: float, y: float) -> str:
    return f'<text class="muted" x="{x:.1f}" y="{y:g}">{words}</text>'


def _tick(x: float, y: float, high: int = 22) -> str:
    return f'<line class="asked" x1="{x:.1f}" y1="{y:g}" x2="{x:.1f}" y2="{y + high:g}"/>'


def _bracket(first: float, last: float, y: float) -> str:
    return f'<path class="chance" d="M{first:.1f} {y - 3:g}v6M{first:.1f} {y:g}H{max(last, first + 1):.1f}m0 -3v6"/>'


def _asked(share: Share) -> str:
    return f"{share.asked} % asked for"


def _got(share: Share) -> str:
    return f"{_per_cent(share)}, {share.got} of {share.users}"


def _per_cent(share: Share) -> str:
    return f"{100 * _part(share.got, share.users):.1f} %"


def _part(count: int, of: int) -> float:
    return min(max(count / of, 0), 1) if of > 0 else 0


def _colours(colours: dict[str, str]) -> str:
    return (
        f".ns-graph .name{{fill:{colours['text']}}}.ns-graph .track{{fill:{colours['panel']}}}"
        f".ns-graph .bar.fine{{fill:{colours['lane-1']}}}"
        f".ns-graph .bar.odd{{fill:{colours['page']};stroke:{colours['failed']};stroke-width:2}}"
        f".ns-graph .grid{{stroke:{colours['line']}}}.ns-graph .asked{{stroke:{colours['text']};stroke-width:2}}"
        f".ns-graph .chance{{fill:none;stroke:{colours['muted']};stroke-width:1.5}}"
    )


_SHEET = style(".ns-graph .middle{text-anchor:middle}", _colours)
