"""Random graphs that are stopped and taken up again: what may have changed the world is not repeated unasked."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from metaensemble.engine.scheduler.commands import Command
from metaensemble.engine.scheduler.events import DispatchOpened, Event, PrincipalAnswered, StopRequested
from metaensemble.engine.scheduler.graph import Limits, NodeSpec
from support.play import FAIL, OK, Player

ON_LOST = ("rerun", "ask", "fail")


class Recorded(Player):
    """A player that keeps the events which stand in a journal, and can begin with those of another."""

    def __init__(self, nodes: list[NodeSpec], limits: Limits, journal: list[Event]) -> None:
        super().__init__(nodes, limits)
        self.journal: list[Event] = []
        handle = self.scheduler.handle

        def recording(event: Event) -> list[Command]:
            if not isinstance(event, DispatchOpened | StopRequested):
                self.journal.append(event)
            return handle(event)

        self.scheduler.handle = recording  # type: ignore[method-assign]
        for event in journal:
            self.feed(event)
        self._runs = len(journal)

    def stop(self) -> list[Event]:
        """Stop as Ctrl-C does, let every attempt end, and give what a journal holds then."""
        started = list(self.started)
        self.feed(StopRequested())
        for node in list(self.running):
            self.finish(
                node, ("cancelled", None), why="stop", on_lost=self.scheduler.nodes[node].spec.on_lost
            )
        assert self.started == started, "nothing starts while it stops"
        return self.journal


@st.composite
def graphs(draw: st.DrawFn) -> list[NodeSpec]:
    nodes = []
    for index in range(draw(st.integers(1, 8))):
        earlier = draw(st.lists(st.integers(0, index - 1), unique=True, max_size=3)) if index else []
        needs = tuple((f"n{i}", draw(st.sampled_from(("ok", "ok", "done", "failed")))) for i in earlier)
        nodes.append(
            NodeSpec(
                id=f"n{index}",
                needs=needs,
                retry_max=draw(st.integers(0, 1)),
                on_lost=draw(st.sampled_from(ON_LOST)),
            )
        )
    return nodes


@settings(max_examples=200)
@given(nodes=graphs(), seed=st.integers(0, 2**16), stops=st.integers(1, 4))
def test_a_stop_is_answered_before_anything_is_repeated(nodes: list[NodeSpec], seed: int, stops: int) -> None:
    chance = Random(seed)
    journal: list[Event] = []
    for _ in range(stops):
        player = Recorded(nodes, Limits(maximum=3, pools={}), journal)
        unsure = {node.spec.id for node in player.scheduler.waits_for_person()}
        player.open()
        assert set(player.asked) == unsure
        assert not unsure & set(player.started), "it ran again and nobody was asked"
        for name in sorted(unsure):
            if chance.random() < 0.5:
                answer = chance.choice(("rerun", "fail"))
                player.feed(PrincipalAnswered(node=name, generation=0, answer=answer, by="ana"))  # type: ignore[arg-type]
        for _ in range(chance.randrange(6)):
            if player.running:
                player.finish(chance.choice(sorted(player.running)), chance.choice((OK, FAIL)))
            elif player.timers:
                player.fire(next(iter(player.timers)))
        cut = set(player.running)
        journal = player.stop()
        after = player.scheduler.nodes
        wanted = {"rerun": "ready", "ask": "waiting", "fail": "failed"}
        for name in cut:
            assert after[name].state == wanted[after[name].spec.on_lost]
        again = Recorded(nodes, Limits(maximum=3, pools={}), journal)
        assert again.states() == player.states()
        assert [n.asked for n in again.scheduler.nodes.values()] == [n.asked for n in after.values()]
