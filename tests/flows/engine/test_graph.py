"""Cycles and ways on random graphs, against slow and plain definitions."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from flows.engine.graph import MAX_CYCLES, Edge, EdgeKind, cycles, graph_of, path_to
from flows.engine.parse import parse_lenient
from tests.support.flows import a_flow, a_message, sales_flow

Links = dict[str, list[str]]


@st.composite
def graphs(draw: st.DrawFn) -> Links:
    names = [f"s{n}" for n in range(draw(st.integers(1, 12)))]
    return {name: draw(st.lists(st.sampled_from(names), max_size=3)) for name in names}


def edges_in(links: Links) -> "Iterator[tuple[str, tuple[Edge, ...]]]":
    for source, targets in links.items():
        yield source, tuple(Edge(source, target, EdgeKind.CONNECTION, "next") for target in targets)


def reached_from(root: str, links: Links) -> set[str]:
    found: set[str] = set()
    queue = [root]
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue.extend(links[name])
    return found


def has_cycle(root: str, links: Links) -> bool:
    reachable = reached_from(root, links)
    return any(name in reached_from(target, links) for name in reachable for target in links[name])


@given(graphs())
def test_finds_a_cycle_if_and_only_if_there_is_one(links: Links) -> None:
    edges = dict(edges_in(links))
    found = list(cycles(["s0"], lambda name: edges[name]))
    assert bool(found) == has_cycle("s0", links)


@given(graphs())
def test_every_cycle_it_names_is_one(links: Links) -> None:
    edges = dict(edges_in(links))
    for cycle in cycles(["s0"], lambda name: edges[name]):
        assert cycle.steps[0] == cycle.steps[-1]
        assert len(set(cycle.steps)) == len(cycle.steps) - 1
        assert all(b in links[a] for a, b in zip(cycle.steps, cycle.steps[1:], strict=False))
        assert (cycle.closing.source, cycle.closing.target) == cycle.steps[-2:]


@given(graphs())
def test_without_the_edges_it_names_there_is_no_cycle_left(links: Links) -> None:
    edges = dict(edges_in(links))
    found = list(cycles(["s0"], lambda name: edges[name]))
    if len(found) == MAX_CYCLES:
        return
    closing = {(cycle.closing.source, cycle.closing.target) for cycle in found}
    rest = {name: [target for target in targets if (name, target) not in closing] for name, targets in links.items()}
    assert not has_cycle("s0", rest)


def test_each_edge_is_followed_once_however_large_the_graph() -> None:
    followed = {10: 0, 100: 0, 1_000: 0}
    for size in followed:
        links = {f"s{n}": [f"s{(n * 7 + k) % size}" for k in range(3)] + [f"s{(n + 1) % size}"] for n in range(size)}
        edges = dict(edges_in(links))
        asked: list[str] = []

        def ways(name: str, asked: list[str] = asked, edges: dict[str, tuple[Edge, ...]] = edges) -> Iterator[Edge]:
            asked.append(name)
            return iter(edges[name])

        list(cycles([f"s{n}" for n in range(size)], ways))
        followed[size] = len(asked)
        assert len(asked) == len(set(asked))
    assert followed[1_000] <= 1_000


def test_a_chain_of_a_thousand_steps_needs_no_recursion() -> None:
    steps = [a_message(f"m{n}", next=f"m{n + 1}") for n in range(1_000)]
    graph = graph_of(parse_lenient(a_flow(steps)).document)
    reached = graph.reachable(graph.roots)
    assert len(reached) == 1_000
    assert path_to("m999", reached) == tuple(f"m{n}" for n in range(1_000))
    assert list(cycles(graph.roots, lambda name: graph.edges[name])) == []


def test_paid_ways_are_those_of_a_payment_only() -> None:
    graph = graph_of(parse_lenient(sales_flow()).document)
    paid = [(edge.source, edge.field) for edges in graph.edges.values() for edge in edges if edge.paid]
    assert paid == [("pay", "connections.next"), ("pay_again", "connections.next")]
