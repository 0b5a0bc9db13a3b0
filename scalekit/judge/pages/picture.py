"""One or several drawings under each other as one picture, with a title and a description for who does not see it."""

from __future__ import annotations

from dataclasses import dataclass

from scalekit.judge.pages.lettering import shown
from scalekit.judge.pages.marks import Drawing, Plot
from scalekit.judge.pages.plot import WIDTH, plot_svg
from scalekit.judge.pages.row_plot import row_plot_svg
from scalekit.judge.pages.svg import element, words

_GAP = 12.0


@dataclass(frozen=True)
class Picture:
    """Drawings, and what they show in words.

    Attributes
    ----------
    identity
        A name of letters, digits and hyphens that no other picture of the page has.
    title
        What it is, in a few words.
    description
        What is to be seen, with its numbers: the text in place of the picture.
    drawings
        From the top down.
    note
        How to read it, for everyone; shown under the title.
    """

    identity: str
    title: str
    description: str
    drawings: tuple[Drawing, ...]
    note: str = ""


def picture_svg(picture: Picture) -> str:
    """A picture as SVG for a page that has the style sheet; as wide as what holds it.

    Parameters
    ----------
    picture
        What to draw.
    """
    parts, top = [], 0.0
    for drawing in picture.drawings:
        one, high = (
            plot_svg(drawing, top) if isinstance(drawing, Plot) else row_plot_svg(drawing, top)
        )
        parts.append(one)
        top += high + _GAP
    names = f"{picture.identity}-title {picture.identity}-text"
    told = element("title", words(shown(picture.title)), id=f"{picture.identity}-title")
    told += element("desc", words(shown(picture.description)), id=f"{picture.identity}-text")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {top - _GAP:.1f}" role="img" '
        f'aria-labelledby="{words(names)}">{told}{"".join(parts)}</svg>'
    )
