"""A small job for stories, and a reader of HTML that sees what a browser would see."""

from html.parser import HTMLParser

from grader.rules.job import Job
from grader.tree import File, Tree

PROGRAM = b"""#!/usr/bin/env python3
import os, sys, time
done = int(open("state.txt").read()) if os.path.exists("state.txt") else 0
open("scratch.txt", "w").write("only here")
time.sleep(60)
print("step", done + 1)
with open("result.txt", "a") as file:
    file.write("line %d\\n" % (done + 1))
open("state.txt", "w").write(str(done + 1))
sys.exit(85 if done + 1 < STEPS else 0)
"""
VOID = {"br", "hr", "img", "line", "rect", "path", "input", "meta", "link"}


def tiny(steps=3, **changes) -> Job:
    """A job of a minute per execution that saves a checkpoint after each."""
    inputs = Tree({"tiny.py": File(PROGRAM.replace(b"STEPS", str(steps).encode()), True)})
    settings = dict(
        executable="tiny.py",
        inputs=inputs,
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("state.txt", "result.txt"),
        transfer_output_files=("result.txt",),
        output="tiny.out",
        error="tiny.err",
    )
    return Job(**{**settings, **changes})


class Page(HTMLParser):
    """What is in a piece of well-formed HTML: tags, attributes, and text without the style sheet."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.pieces, self.open = [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.pieces.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.pieces)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]
