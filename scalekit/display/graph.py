"""A plan as a picture: boxes from the sources below to the result above, as SVG or Mermaid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from scalekit.display.text import shortened, shortened_inside
from scalekit.plan.explain import detail, line, mermaid, title
from scalekit.plan.nodes import Plan
from scalekit.tree import children, walk

_WIDTH, _HEIGHT = 250, 44
_GAP_X, _GAP_Y = 24, 34
_SMALLEST = 0.6
"""How far a wide picture shrinks with the page before it scrolls."""
_TEXT = 36
"""Characters of a box's second line; its tooltip has more."""


@dataclass(frozen=True)
class Graph:
    """A drawn plan, which a notebook shows as a picture.

    Attributes
    ----------
    svg
        The picture.
    mermaid
        The same as a Mermaid flow chart, for Markdown.
    """

    svg: str
    mermaid: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        # HTML first: a notebook shows SVG as an image, which has no tooltips and does not shrink
        html = f'<div style="overflow-x: auto">{self.svg}</div>'
        return {"text/html": html, "image/svg+xml": self.svg, "text/plain": self.mermaid}

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file: SVG, or Mermaid where the name ends in ``.mmd`` or ``.md``."""
        target = Path(path)
        text = self.mermaid if target.suffix in (".mmd", ".md") else self.svg
        target.write_text(text, encoding="utf-8")
        return target


def draw(plan: Plan) -> Graph:
    """Draw a plan; a subplan that is used twice is drawn once, with two lines from it."""
    return Graph(_svg(plan), mermaid(plan))


def _svg(plan: Plan) -> str:
    places = _places(plan)
    width = max(x for x, _ in places.values()) + _WIDTH + _GAP_X
    height = max(y for _, y in places.values()) + _HEIGHT + _GAP_Y / 2
    edges = [_edge(places[node], places[child]) for node in places for child in children(node)]
    boxes = [_box(node, *place) for node, place in places.items()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" style="max-width: 100%; min-width: {width * _SMALLEST:g}px; height: auto" font-family="system-ui, sans-serif" font-size="12">'
        f"{''.join(edges)}{''.join(boxes)}</svg>"
    )


def _places(plan: Plan) -> Mapping[Plan, tuple[float, float]]:
    """Where each box stands: its row is its longest way to the result, its column that of its inputs."""
    nodes = list(walk(plan))
    depth: dict[Plan, int] = {plan: 0}
    for node in reversed(nodes):
        for child in children(node):
            depth[child] = max(depth.get(child, 0), depth[node] + 1)
    column: dict[Plan, float] = {}
    taken: dict[int, float] = {}
    for node in nodes:
        below = [column[child] for child in children(node)]
        wanted = sum(below) / len(below) if below else max(taken.values(), default=0.0)
        column[node] = max(wanted, taken.get(depth[node], 0.0))
        taken[depth[node]] = column[node] + 1
    return {
        node: (
            _GAP_X / 2 + column[node] * (_WIDTH + _GAP_X),
            _GAP_Y / 2 + depth[node] * (_HEIGHT + _GAP_Y),
        )
        for node in nodes
    }


def _edge(parent: tuple[float, float], child: tuple[float, float]) -> str:
    x1, y1 = child[0] + _WIDTH / 2, child[1]
    x2, y2 = parent[0] + _WIDTH / 2, parent[1] + _HEIGHT
    middle = (y1 + y2) / 2
    curve = f"M{x1:g},{y1:g} C{x1:g},{middle:g} {x2:g},{middle:g} {x2:g},{y2:g}"
    return f'<path d="{curve}" fill="none" stroke="#90a4ae" stroke-width="1.5"/>'


def _box(node: Plan, x: float, y: float) -> str:
    is_leaf = not children(node)
    shown = (shortened_inside if is_leaf else shortened)(detail(node), _TEXT)
    fill = "#e3f2fd" if is_leaf else "#fafafa"
    return (
        f"<g><title>{escape(line(node))}</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" fill="{fill}" stroke="#78909c"/>'
        f'<text x="{x + 10:g}" y="{y + 18:g}" font-weight="600" fill="#263238">{escape(title(node))}</text>'
        f'<text x="{x + 10:g}" y="{y + 35:g}" fill="#455a64">{escape(shown)}</text></g>'
    )
