"""Where the elements of a model stand in a diagram (DMN 1.5 section 13): a row for each level, what is needed below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rulectl.dmn.writing import Element, element

_WIDTH, _HEIGHT, _ACROSS, _DOWN = 180, 60, 220, 140
_IN_ROW = 12
"""How many stand side by side; more go on in a row of their own."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An element, its level (0 is the lowest), and the requirements that lead to it: id of each, and of its element."""

    id: str
    level: int
    needs: tuple[tuple[str, str], ...]


def layout(shapes: Iterable[Shape]) -> Element:
    """The diagram of a model."""
    every = list(shapes)
    rows: list[list[Shape]] = []
    for level in sorted({shape.level for shape in every}, reverse=True):
        on_level = [shape for shape in every if shape.level == level]
        rows += [on_level[at : at + _IN_ROW] for at in range(0, len(on_level), _IN_ROW)]
    places = {
        shape.id: (40 + column * _ACROSS, 40 + row * _DOWN)
        for row, shapes_ in enumerate(rows)
        for column, shape in enumerate(shapes_)
    }
    drawn = [_shape(shape, places[shape.id]) for shape in every]
    edges = [
        _edge(requirement, places[needed], places[shape.id])
        for shape in every
        for requirement, needed in shape.needs
        if needed in places
    ]
    diagram = element("dmndi:DMNDiagram", {"id": "diagram"}, [*drawn, *edges])
    return element("dmndi:DMNDI", children=[diagram])


def _shape(shape: Shape, at: tuple[int, int]) -> Element:
    bounds = {"x": str(at[0]), "y": str(at[1]), "width": str(_WIDTH), "height": str(_HEIGHT)}
    attributes = {"id": f"shape_{shape.id}", "dmnElementRef": shape.id}
    return element("dmndi:DMNShape", attributes, [element("dc:Bounds", bounds)])


def _edge(requirement: str, below: tuple[int, int], above: tuple[int, int]) -> Element:
    """From the top of what is needed to the bottom of what needs it."""
    points = (
        (below[0] + _WIDTH // 2, below[1]),
        (above[0] + _WIDTH // 2, above[1] + _HEIGHT),
    )
    waypoints = [element("di:waypoint", {"x": str(x), "y": str(y)}) for x, y in points]
    return element("dmndi:DMNEdge", {"id": f"edge_{requirement}", "dmnElementRef": requirement}, waypoints)
