"""Charts and heat maps as SVG: what is drawn where. How it looks is looked at; that it is well-formed is tested."""

from __future__ import annotations

import re
import struct
import zlib
from xml.etree import ElementTree

import pytest

from grader.view.chart import COLOURS, Chart, Heatmap, png, svg, ticks

LINE = [(0, 0), (1, 2), (2, 1)]


def parsed(*panels, columns=1):
    return ElementTree.fromstring(svg(panels, columns))


def test_every_series_has_its_colour_its_marks_and_its_label():
    text = svg([Chart({"left alone": LINE, "evicted": LINE}, "o- x--", x="T", y="M")], 1)
    assert all(colour in text for colour in COLOURS[:2]) and COLOURS[2] not in text
    assert text.count("<circle") == len(LINE) + 1, "one more in the legend"
    assert [words for words in ("left alone", "evicted", ">T<", ">M<") if words not in text] == []


def test_points_lie_in_the_axes_and_higher_is_further_up():
    places = [
        (float(mark.get("cx")), float(mark.get("cy")))
        for mark in parsed(Chart({"a": LINE}, "o")).iter()
        if mark.get("cx")
    ]
    assert places == sorted(places) and len(places) == 3
    assert places[1][1] < places[2][1] < places[0][1]


def test_thousands_of_points_take_each_pixel_once():
    text = svg([Chart({"": [(0.5, 0.5)] * 10_000 + [(0, 0), (1, 1)]}, ",")], 1)
    assert len(text) < 5000


def test_a_label_is_text_and_no_markup():
    assert "<b>" not in svg([Chart({"<b>": LINE, "&": LINE}, title="<b>")], 1)


def test_panels_fill_one_row_after_the_other():
    moved = [group.get("transform") for group in parsed(*[Chart({"": LINE})] * 3, columns=2) if group.get("transform")]
    assert moved == ["translate(0.0,0.0)", "translate(440.0,0.0)", "translate(0.0,280.0)"]


@pytest.mark.parametrize("points", [[], [(1, 1)], [(1, 1), (1, 1)], [(-1e9, 1e-9), (1e9, 2e-9)]])
def test_any_points_can_be_drawn(points):
    assert "nan" not in svg([Chart({"a": points}, "o-")], 1) and parsed(Chart({"a": points}, "x"))


@pytest.mark.parametrize("low, high", [(0, 1), (1.2, 3.4), (-5, 1000), (28, 85), (0, 0), (1e-7, 2e-7)])
def test_ticks_are_round_and_few(low, high):
    found = ticks(low, high)
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in found) and len(found) <= 6
    assert low == high or len(found) >= 2
    assert all(len(f"{tick:g}") <= 7 for tick in found)


def test_a_heat_map_is_an_image_of_its_numbers():
    image = png(Heatmap([[0, 1], [0.5, 2]]))
    assert image.startswith(b"\x89PNG") and struct.unpack(">II", image[16:24]) == (2, 2)
    [length] = struct.unpack(">I", image[33:37])
    rows = zlib.decompress(image[41 : 41 + length])
    assert rows == bytes([0, 0, 0, 0, 255, 255, 255, 0, 128, 128, 128, 255, 255, 255])


def test_the_middle_of_red_and_blue_is_nearly_white():
    image = png(Heatmap([[-1, 0, 1]], -1, 1, "RdBu"))
    red, white, blue = re.findall(b"...", zlib.decompress(image[41:-16])[1:], re.DOTALL)
    assert red[0] > red[2] and min(white) > 240 and blue[2] > blue[0]
