"""Pages as a reader sees them: ``python -m tools.pictures FOLDER`` draws sample reports, photographs and measures them.

Headless Chromium draws each page at the width of a phone (390 px) and of a screen (1280 px), light and dark. A PNG of
each is written, one as a reader without green receptors sees it, and a list of what is wrong: text that is cut off,
texts that overlap within a picture, boxes that are wider than the page.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from html import escape, unescape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tools.sample_pages import sample_pages

WIDTHS = (390, 1280)
_SLICE = 4000
"""Pixels of height of one PNG."""

_MEASURE = """
const f = document.getElementById('f'), d = f.contentDocument, w = d.documentElement.clientWidth, wrong = [];
for (const svg of d.querySelectorAll('svg')) {
  const box = svg.getBoundingClientRect(), name = svg.querySelector('title').textContent;
  const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  texts.forEach(([text, r], i) => {
    if (r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1)
      wrong.push(`${name}: cut: ${text}`);
    for (const [other, o] of texts.slice(i + 1)) {
      const x = Math.min(r.right, o.right) - Math.max(r.left, o.left);
      const y = Math.min(r.bottom, o.bottom) - Math.max(r.top, o.top);
      if (x > 1 && y > 3) wrong.push(`${name}: overlap: ${text} / ${other}`);
    }
  });
  const size = 11 * box.width / svg.viewBox.baseVal.width;
  if (size < 10) wrong.push(`${name}: letters of ${size.toFixed(1)} px`);
}
for (const e of d.querySelectorAll('body *')) {
  const r = e.getBoundingClientRect();
  if (r.width && (r.right > w + 1 || (r.left < -1 && !e.classList.contains('skip'))) && !e.closest('.wide *') && !e.closest('svg'))
    wrong.push(`wider than the page: ${e.tagName} ${e.className} ${e.textContent.slice(0, 60)}`);
}
const height = Math.ceil(d.body.getBoundingClientRect().bottom);
document.getElementById('found').textContent = JSON.stringify({wrong, height});
"""

# Machado, Oliveira and Fernandes (2009), deuteranopia, on linear light
_DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
)


def measure(page: str, width: int) -> dict[str, Any]:
    """What is wrong with a page of a width, and how high it is."""
    dom = _chromium(_around(page, width, 900, script=_MEASURE), width, 900, "--dump-dom")
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    if found is None or not found[1]:
        raise RuntimeError(f"chromium did not measure the page: {dom[-400:]}")
    return dict(json.loads(unescape(found[1])))


def photograph(page: str, width: int, height: int, target: Path, *options: str) -> list[Path]:
    """PNGs of a page, from the top down."""
    written = []
    for number, top in enumerate(range(0, height, _SLICE)):
        path = target.with_name(f"{target.stem}-{number}.png")
        high = min(_SLICE, height - top)
        text = _around(page, width, height, top=top, high=high)
        _chromium(text, width, high, f"--screenshot={path}", *options)
        with Image.open(path) as image:
            image.crop((0, 0, width, high)).save(path)
        written.append(path)
    return written


def _around(
    page: str, width: int, height: int, *, top: int = 0, high: int = 0, script: str = ""
) -> str:
    """A page in a frame of a width: a window of Chromium is never narrower than 500 px."""
    box = f"height: {high}px; overflow: hidden" if high else ""
    frame = f"border: 0; display: block; width: {width}px; height: {height}px; margin-top: -{top}px"
    return (
        f'<!DOCTYPE html><meta charset="utf-8"><body style="margin: 0"><div style="{box}">'
        f'<iframe id="f" style="{frame}" srcdoc="{escape(page)}"></iframe></div><pre id="found"></pre>'
        f"<script>window.onload = () => {{{script}}}</script>"
    )


def _chromium(text: str, width: int, height: int, *options: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(text, encoding="utf-8")
        command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
            f"--user-data-dir={folder}/profile", f"--window-size={max(width, 500)},{height}", "--virtual-time-budget=3000",
            *options, path.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def without_green(path: Path) -> Path:
    """The same picture for an eye without green receptors."""
    with Image.open(path) as image:
        light = (np.asarray(image.convert("RGB"), dtype=float) / 255) ** 2.2
    seen = np.clip(light @ _DEUTERANOPIA.T, 0, 1) ** (1 / 2.2)
    target = path.with_name(f"{path.stem}-deuteranopia.png")
    Image.fromarray((seen * 255).round().astype(np.uint8)).save(target)
    return target


def main(arguments: list[str]) -> int:
    """Write pages and PNGs; the number of pages with something wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where HTML and PNG files go")
    parser.add_argument("--only", default="", help="pages whose name contains this")
    parser.add_argument("--measure", action="store_true", help="measure, do not photograph")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    bad = 0
    for name, page in sample_pages(given.only):
        (given.folder / f"{name}.html").write_text(page, encoding="utf-8")
        bad += _looked_at(name, page, given.folder, photographs=not given.measure)
    return bad


def _looked_at(name: str, page: str, folder: Path, *, photographs: bool) -> bool:
    wrong = []
    for width in WIDTHS:
        found = measure(page, width)
        wrong += [f"{width} px: {text}" for text in found["wrong"]]
        if photographs:
            taken = photograph(page, width, found["height"], folder / f"{name}-{width}.png")
            without_green(taken[0])
            dark = "--blink-settings=preferredColorScheme=0"
            photograph(page, width, found["height"], folder / f"{name}-{width}-dark.png", dark)
    print(f"{name}: {len(page.encode()) / 1e3:,.0f} kB, {len(wrong)} wrong")
    for text in wrong:
        print(f"  {text}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
