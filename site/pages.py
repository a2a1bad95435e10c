"""The pages around the notebooks: the start page, and the docs, made of README.md, CONTRIBUTING.md and docs/.

A link from one Markdown file to another becomes a link from page to page. A link that leads nowhere ends the build.
"""

from __future__ import annotations

import html
import json
import posixpath
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import mistune

HERE = Path(__file__).resolve().parent


@dataclass
class Page:
    """A Markdown file and its page. Its `source` is relative to the course's folder, its `path` to the site's."""

    source: str
    text: str
    links: list[tuple[str, str]] = field(default_factory=list)
    """(page, anchor) of each link within the site."""
    anchors: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)

    @property
    def path(self) -> str:
        return re.sub(r"(^|/)README\.md$", r"\1about.md", self.source).removesuffix(".md") + ".html"

    @property
    def title(self) -> str:
        return re.search(r"^# (.+)$", self.text, re.MULTILINE).group(1)


def write(root: Path, site: Path, notebooks: list[Path]) -> None:
    """Write the start page and a page for each Markdown file, and copy what they show."""
    sources = [
        "README.md",
        "CONTRIBUTING.md",
        *sorted(path.relative_to(root).as_posix() for path in root.glob("docs/**/*.md")),
    ]
    pages = {source: Page(source, (root / source).read_text("utf-8")) for source in sources}
    bodies = {page.path: _render(page, pages) for page in pages.values()}
    _check_links(pages)
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    for page in pages.values():
        text = templates.get_template("page.html").render(
            title=page.title,
            body=bodies[page.path],
            up="../" * page.path.count("/"),
            menu=[(other.title, other.path, other is page) for other in pages.values()],
        )
        (site / page.path).parent.mkdir(parents=True, exist_ok=True)
        (site / page.path).write_text(text, "utf-8")
        for image in page.images:
            (site / image).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / image, site / image)
    start = templates.get_template("start.html").render(
        chapters=_chapters(pages["README.md"].text, notebooks),
        menu=[(page.title, page.path) for page in pages.values() if page.source.count("/") < 2],
        instructors=pages["docs/instructors/README.md"].path,
    )
    (site / "index.html").write_text(start, "utf-8")
    shutil.copyfile(HERE / "style.css", site / "style.css")


def _chapters(readme: str, notebooks: list[Path]) -> list[tuple[str, str, str]]:
    """(file, title, what learners do in it) of each notebook; the last is from the table in README.md. Raises
    ValueError if a notebook is missing there."""
    rows = dict(re.findall(r"^\| `(\d\d-[\w-]+)` \| (.+?) \|", readme, re.MULTILINE))
    if absent := [path.stem for path in notebooks if path.stem not in rows]:
        raise ValueError(f"the table of notebooks in README.md has no row for {', '.join(absent)}")
    return [(path.name, _title(path), mistune.html(rows[path.stem])[3:-5]) for path in notebooks]


def _title(notebook: Path) -> str:
    """A notebook's first heading."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return re.search(r"^# (.+)$", "".join(cells[0]["source"]), re.MULTILINE).group(1)


def _render(page: Page, pages: dict[str, Page]) -> str:
    return mistune.create_markdown(renderer=_Renderer(page, pages), plugins=["table"])(page.text)


def _check_links(pages: dict[str, Page]) -> None:
    anchors = {page.path: page.anchors for page in pages.values()}
    for page in pages.values():
        for path, anchor in page.links:
            if anchor and anchor not in anchors[path]:
                raise ValueError(f"{page.source} links to #{anchor}, which {path} does not have")


class _Renderer(mistune.HTMLRenderer):
    """HTML of one page, with links to the other pages and anchors at headings."""

    def __init__(self, page: Page, pages: dict[str, Page]):
        super().__init__(escape=False)
        self._page, self._pages = page, pages

    def heading(self, text: str, level: int, **attributes) -> str:
        anchor = re.sub(r"[^\w\- ]", "", html.unescape(re.sub(r"<[^>]*>", "", text)).lower()).replace(" ", "-")
        self._page.anchors.add(anchor)
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if re.match(r"[a-z]+:", url):
            return super().link(text, url, title)
        path, _, anchor = url.partition("#")
        source = self._resolved(path) if path else self._page.source
        if source not in self._pages:
            raise ValueError(f"{self._page.source} links to {url}, which is not a page of the site")
        target = self._pages[source].path
        self._page.links.append((target, anchor))
        return super().link(text, self._relative(target) + ("#" + anchor if anchor else ""), title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        image = self._resolved(url)
        self._page.images.add(image)
        return super().image(text, self._relative(image), title)

    def table(self, text: str) -> str:
        return f'<div class="wide"><table>\n{text}</table></div>\n'

    def _resolved(self, url: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self._page.source), url))

    def _relative(self, path: str) -> str:
        return posixpath.relpath(path, posixpath.dirname(self._page.path) or ".")
