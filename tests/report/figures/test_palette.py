"""A law of the palette: all eyes tell every pair of its colours apart."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from colorspacious import cspace_convert

from vaebench.report.figures.style import CONTROL, NETWORKS, OTHERS, PALETTE, WORDS

APART = 15.0
SIGHTS = {
    "normal": None,
    "deuteranopia": {"name": "sRGB1+CVD", "cvd_type": "deuteranomaly", "severity": 100},
    "protanopia": {"name": "sRGB1+CVD", "cvd_type": "protanomaly", "severity": 100},
}


def seen(colour, sight):
    """Coordinates of a colour in CAM02-UCS, as an eye sees it."""
    rgb = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    if sight is not None:
        rgb = np.clip(cspace_convert(rgb, sight, "sRGB1"), 0, 1)
    return cspace_convert(rgb, "sRGB1", "CAM02-UCS")


def difference(one, other, sight):
    return float(np.linalg.norm(seen(one, sight) - seen(other, sight)))


@pytest.mark.parametrize("sight", SIGHTS)
def test_every_pair_of_colours_is_apart(sight):
    found = {pair: difference(*pair, SIGHTS[sight]) for pair in combinations(PALETTE, 2)}
    assert len(found) == len(PALETTE) * (len(PALETTE) - 1) / 2 > 30
    assert min(found.values()) >= APART, min(found, key=found.get)


def test_the_measure_sees_colours_that_these_eyes_confuse():
    """Okabe and Ito's green beside a brown of the palette before: far apart for most eyes, and alike for some."""
    assert difference("#CC79A7", "#7F7F99", SIGHTS["normal"]) > APART
    assert difference("#44AA99", "#CC79A7", SIGHTS["deuteranopia"]) < APART


def test_what_is_drawn_has_colours_of_the_palette():
    assert {*NETWORKS, CONTROL, OTHERS, *WORDS.values()} <= set(PALETTE)


def test_the_web_site_has_no_colours_of_its_own():
    """It takes those of the suite, so that all that is held of these is held of its charts."""
    own = {
        path.name: found
        for path in (Path(__file__).parents[3] / "docs" / "vaesite").glob("*.py")
        if (found := re.findall(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?\b", path.read_text("utf-8")))
    }
    assert own == {}
