"""New generations: nodes that a retry of the DAG run, or a person who sends work back, makes anew."""

from __future__ import annotations

from collections.abc import Sequence

from ...schemas.errors import IllegalTransition
from ...schemas.states import ENDED, NodeState
from .commands import CancelAttempt, RecordRenewal
from .node import Members, Node, is_behind
from .propagation import Propagation


class Renewal(Propagation):
    """Ended nodes never change: a new generation stands beside the old one, which is kept as past."""

    # A retry of the DAG run: named nodes, as recorded

    def _reopen(self, nodes: Sequence[tuple[str, int]], cause: int | None) -> None:
        for node_id, generation in nodes:
            node = self._nodes[node_id]
            if generation != node.generation + 1 or node.state not in ENDED:
                raise IllegalTransition(
                    f"node `{node_id}` cannot be reopened as generation {generation}",
                    story=node.told(),
                    task=node_id,
                )
        self._cancelling = self._cancel_now = False
        fresh = [self._renewed(self._nodes[node_id], cause, "reopened") for node_id, _ in nodes]
        self._recount(fresh)
        self._begin_again(fresh, cause)

    def _renewed(self, old: Node, cause: int | None, how: str, *, members: bool = True) -> Node:
        """The next generation of a node. A group that had grown keeps its members, unless told not to."""
        self._take_out(old)
        spec = old.spec
        state: NodeState = "held" if spec.held else "pending"
        node = Node(
            spec, index=old.index, generation=old.generation + 1, remaining=old.remaining, state=state
        )
        node.rewinds = old.rewinds
        if members and old.members is not None:
            node.members = Members(old.members.allowed)
            node.members.ids = list(old.members.ids)
            if spec.grows == "rounds":
                # The rounds that were used up stay; as many again may follow.
                node.members.allowed = len(old.members.ids) + spec.most
        node.story.append((cause, f"{how} as generation {node.generation}"))
        self._put(node)
        return node

    def _recount(self, fresh: Sequence[Node]) -> None:
        """Bring the counts up to date in everything that new generations touch."""
        names = {node.spec.id for node in fresh}
        for node in self._nodes.values():
            if node.state in ("pending", "held"):
                self._recount_needs(node)
            members = node.members
            if members is None or node.state in ENDED:
                continue
            if node.spec.id in names or not names.isdisjoint(members.ids):
                direct = [self._nodes[member] for member in members.ids]
                states = [member.state for member in direct if not is_behind(member, node)]
                members.open = sum(state not in ENDED for state in states)
                members.ok = states.count("ok")
        for node in fresh:
            group = self._nodes.get(node.spec.group) if node.spec.group is not None else None
            if group is None or group.members is None or group.spec.parallel is None:
                continue
            if node.state == "pending" and group.state not in ENDED:
                self._hold(group.members, node)

    def _recount_needs(self, node: Node) -> None:
        needs = {need for need, _ in node.spec.needs}
        if node.decided:
            node.decided = {need for need in node.decided if self._nodes[need].state in ENDED} or None
        node.open_needs = sum(self._nodes[need].state not in ENDED for need in needs)

    def _begin_again(self, fresh: Sequence[Node], cause: int | None) -> None:
        for node in fresh:
            if self._nodes.get(node.spec.id) is not node or not self._may_begin(node):
                continue
            if node.spec.settles is not None:
                self._ask_rule(node, cause)
            elif node.state == "pending" and node.open_needs == 0 and not node.evaluating:
                self._needs_ended(node, cause)
        # A number of items that was reached before is reached for a new consumer as well.
        for need in dict.fromkeys(need for node in fresh for need in node.spec.quorums or ()):
            if self._nodes[need].state == "running":
                self._count_votes(self._nodes[need], cause)
        self._spread(cause)

    # Work that is sent back

    def _rewind(self, target: str, cause: int | None) -> None:
        """Make `target` and everything behind it anew; what runs of it is stopped."""
        behind = {target}
        queue = [target]
        for node_id in queue:
            for consumer in self._consumers[node_id]:
                if consumer not in behind:
                    behind.add(consumer)
                    queue.append(consumer)
        dropped: list[tuple[str, int]] = []
        fresh = []
        for node_id in [name for name in self._nodes if name in behind]:
            old = self._nodes[node_id]
            if old.members is not None:
                for member in old.members.ids:
                    self._drop_member(self._nodes[member], dropped)
            self._retire(old)
            node = self._renewed(old, cause, "sent back", members=False)
            node.rewinds = old.rewinds + 1
            fresh.append(node)
        self._recount(fresh)
        self._note_ends()
        self._noted.append(
            RecordRenewal(
                nodes=tuple((node.spec.id, node.generation) for node in fresh), dropped=tuple(dropped)
            )
        )
        self._begin_again(fresh, cause)

    def _drop_member(self, node: Node, dropped: list[tuple[str, int]]) -> None:
        """Take a member, and the members that it has, out of the graph: its group will grow again."""
        if node.members is not None:
            for member in node.members.ids:
                self._drop_member(self._nodes[member], dropped)
        dropped.append((node.spec.id, node.generation))
        self._retire(node)
        self._take_out(node)
        del self._consumers[node.spec.id]

    def _retire(self, node: Node) -> None:
        """Stop what the node still does; its attempt keeps its slot until it has ended."""
        if node.live is not None:
            self._retired[node.live] = node
            self._commands.append(CancelAttempt(node.spec.id, node.live, False, "unneeded"))
        elif node.starting:
            node.starting = False
            self._queue.give_back(node)
