"""What follows from the end of a node: for its consumers, for its group, and for what is now unneeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ...schemas.errors import InvariantBroken
from ...schemas.settling import Ended, Rule, Standing
from ...schemas.states import ENDED, NodeState
from .book import Book
from .commands import CancelAttempt, NodeEnd
from .graph import Limits, NodeSpec
from .groups import end_of, shortfall, standing
from .needs import Asked, weigh
from .node import Members, Node, is_behind


class Propagation(Book):
    """The work list: every node that ends is spread once, and what ends because of it comes after it."""

    def __init__(
        self, specs: Sequence[NodeSpec], limits: Limits, rules: Mapping[str, Rule] = MappingProxyType({})
    ) -> None:
        super().__init__(specs, limits)
        self._rules = rules
        self._ended: list[Node] = []
        self._begin_all(list(self._nodes.values()))

    # Ends

    def _end(self, node: Node) -> None:
        """Put a node that has just ended on the work list, and note the end for the Ledger."""
        self._ended.append(node)
        self._ends.append(NodeEnd(node.spec.id, node.generation, node.state, node.reason))
        if node.members is not None and (node.members.open or not node.members.begun):
            self._end_members(node)

    def _end_members(self, group: Node) -> None:
        """A group that was made anew did not begin again: neither do the members that it had kept."""
        assert group.members is not None
        cause = group.story[-1][0]
        for member in group.members.ids:
            node = self._nodes[member]
            if node.state in ENDED:
                continue
            if group.state != "cancelled":
                node.unneeded = group.reason
            self._move(node, "unneeded" if node.unneeded else "cancelled", cause, "", group.reason)
            self._forget(node)
            self._end(node)

    def _spread(self, cause: int | None) -> None:
        # A work list instead of recursion: a chain may be longer than the interpreter's stack.
        ended = self._ended
        for node in ended:
            for consumer_id in self._consumers[node.spec.id]:
                self._need_ended(self._nodes[consumer_id], node, cause)
            if node.spec.group is not None:
                self._member_ended(self._nodes[node.spec.group], node, cause)
        ended.clear()

    def _need_ended(self, consumer: Node, node: Node, cause: int | None) -> None:
        if consumer.state not in ("pending", "held"):
            return
        if consumer.decided is None or node.spec.id not in consumer.decided:
            consumer.open_needs -= 1
        if consumer.spec.settles is not None:
            self._ask_rule(consumer, cause)
        elif consumer.open_needs == 0 and consumer.state == "pending":
            self._needs_ended(consumer, cause)

    # Beginnings

    def _begin_all(self, nodes: Sequence[Node]) -> None:
        """The first look at new nodes: rules name their first wave, and what needs nothing begins."""
        for node in nodes:
            if node.spec.settles is not None:
                self._ask_rule(node, None)
        for node in nodes:
            # A rule may have released and begun it a moment ago.
            if node.state == "pending" and node.open_needs == 0 and not node.evaluating:
                self._needs_ended(node, None)
        self._spread(None)

    def _needs_ended(self, node: Node, cause: int | None) -> None:
        """All needs are decided: make the node ready, or end it."""
        nodes = self._nodes
        spec = node.spec
        if spec.quorums is None:
            for need, mode in spec.needs:
                if mode != "ok" or nodes[need].state != "ok":
                    break
            else:
                self._begin(node, cause)
                return
        ends = [(need, *self.asked_of(node, need, mode)) for need, mode in spec.needs]
        kind, reason = weigh(ends)
        if kind == "needs_met":
            self._begin(node, cause)
        else:
            self._move(node, kind, cause, "", reason)
            self._end(node)

    def asked_of(self, node: Node, need: str, mode: Asked) -> tuple[Asked, NodeState, str]:
        """What the need asks for, how it ended, and why; a quorum counts unless its group never grew."""
        ended = self._nodes[need]
        quorum = node.spec.quorums.get(need) if node.spec.quorums else None
        if quorum is None or (ended.members is None and ended.has_ended):
            return ("done" if node.decided and need in node.decided else mode), ended.state, ended.reason
        if standing(quorum, ended) == "met":
            return "met", ended.state, ended.reason
        return "lost", ended.state, shortfall(quorum, ended)

    def _begin(self, node: Node, cause: int | None) -> None:
        spec = node.spec
        if self._cancelling and self._is_ended_by_cancel(node):
            self._move(node, "cancelled", cause, "", "cancelled before it could start")
            self._end(node)
        elif spec.has_condition and not node.evaluating:
            node.evaluating = True
            self._to_evaluate[spec.id] = None
        elif spec.kind == "ask":
            self._move(node, "asked", cause, "")
            node.asked = "it asks a person"
            self._to_ask[spec.id] = None
        else:
            self._move(node, "condition_true" if spec.has_condition else "needs_met", cause, "")
            if spec.kind == "work":
                self._queue.push(node)
            elif node.members is None:
                self._ask_for_growth(node)
            else:
                self._move(node, "grew", cause, "again")
                self._open_members(node, cause)

    # Groups

    def _grow(self, group: Node, specs: Sequence[NodeSpec], cause: int | None) -> None:
        """Give the group its members, or its next round, and start what can start."""
        members = group.members
        if members is None:
            members = group.members = Members(group.spec.most)
        fresh = self._enter(specs, tail=group.remaining - group.spec.weight)
        for node in fresh:
            node.rewinds = group.rewinds
        self._forget(group)
        direct = [node for node in fresh if node.spec.group == group.spec.id]
        members.ids += [node.spec.id for node in direct]
        members.open += sum(not is_behind(node, group) for node in direct)
        self._move(group, "grew", cause, f"by {len(direct)}")
        if group.spec.parallel is not None:
            for node in direct:
                self._hold(members, node)
        self._open_members(group, cause)

    def _hold(self, members: Members, node: Node) -> None:
        self._counts["pending"] -= 1
        self._counts["held"] = self._counts.get("held", 0) + 1
        node.state = "held"
        members.held.append(node.spec.id)
        members.holding += 1

    def _open_members(self, group: Node, cause: int | None) -> None:
        """The group has begun: its members may, as far as anybody waits for them and `parallel` lets them."""
        members = group.members
        assert members is not None
        members.begun = True
        if group.spec.grows == "items":
            self._count_votes(group, cause)
        nodes = [self._nodes[member] for member in members.ids]
        for node in nodes:
            if node.spec.settles is not None:
                self._ask_rule(node, cause)
        for node in nodes:
            if node.state == "pending" and node.open_needs == 0 and not node.evaluating:
                self._needs_ended(node, cause)
        self._release_held(group, cause)
        self._check_group(group, cause)

    def _release_held(self, group: Node, cause: int | None) -> None:
        members, parallel = group.members, group.spec.parallel
        if members is None or parallel is None:
            return
        while members.holding and members.open - members.holding < parallel:
            node = self._nodes[members.held.popleft()]
            if node.state != "held":
                continue  # it has ended without ever being released
            self._move(node, "released", cause, "")
            if node.open_needs == 0:
                self._needs_ended(node, cause)

    def _member_ended(self, group: Node, node: Node, cause: int | None) -> None:
        members = group.members
        if members is None or group.state != "running" or is_behind(node, group):
            return
        members.open -= 1
        members.ok += node.state == "ok"
        if group.spec.grows == "items":
            self._release_held(group, cause)
            self._count_votes(group, cause)
        if members.open == 0:
            self._check_group(group, cause)

    def _check_group(self, group: Node, cause: int | None) -> None:
        members = group.members
        if group.state != "running" or members is None or members.open:
            return
        kind, reason = end_of(group, self._nodes, self._consumers)
        if group.unneeded and kind in ("judge", "members_ok") and self._was_stopped(members):
            kind, reason = "members_skipped", group.unneeded
        if kind == "judge":
            self._to_judge[group.spec.id] = None
            return
        if group.spec.result is not None:
            result = self._nodes[group.spec.result]
            group.output = result.output
            if kind == "members_ok" and result.settled:
                reason = result.settled.removeprefix("not needed: ")
        self._move(group, kind, cause, "", reason)
        self._end(group)

    def _was_stopped(self, members: Members) -> bool:
        """Whether any of the members ended because nobody waited for it."""
        return any(
            self._nodes[member].state == "skipped" and self._nodes[member].unneeded for member in members.ids
        )

    def _count_votes(self, group: Node, cause: int | None) -> None:
        """Settle the consumers that asked for a number of members; stop the rest when all are settled."""
        group_id = group.spec.id
        settled = 0
        consumers = self._consumers[group_id]
        for consumer_id in consumers:
            consumer = self._nodes[consumer_id]
            if not self._waits(consumer_id, group_id):
                settled += 1
                continue
            quorum = consumer.spec.quorums.get(group_id) if consumer.spec.quorums else None
            if quorum is None or quorum.whole or standing(quorum, group) == "open":
                continue
            settled += 1
            self._decide(consumer, group_id, cause)
        if consumers and settled == len(consumers):
            self._stop_rest(group, consumers, cause)

    def _stop_rest(self, group: Node, consumers: Sequence[str], cause: int | None) -> None:
        """Every consumer is settled: no open member can change anything any more."""
        spec, members = group.spec, group.members
        assert members is not None
        if spec.rest == "keep" or spec.outputs_taken or members.stopped:
            return
        if self._cancelling:
            return  # consumers that were cancelled say nothing about `done` work, and the rest ends anyway
        members.stopped = True
        names = ", ".join(f"`{name}`" for name in consumers)
        total = len(members.ids)
        reason = f"not needed: {members.ok} of {total} ended ok, which settles it for {names}"
        for member in members.ids:
            self._stop_unneeded(self._nodes[member], cause, reason)

    def _decide(self, consumer: Node, need: str, cause: int | None) -> None:
        """The need is settled although it has not ended."""
        if consumer.decided is None:
            consumer.decided = set()
        consumer.decided.add(need)
        if self._nodes[need].state not in ENDED:
            consumer.open_needs -= 1
            if consumer.open_needs == 0 and consumer.state == "pending" and consumer.spec.settles is None:
                self._needs_ended(consumer, cause)

    def _stop_unneeded(self, node: Node, cause: int | None, reason: str) -> None:
        """Nobody waits for the node any more: it is skipped, or stopped if it runs."""
        if node.state in ENDED or node.unneeded:
            return
        node.unneeded = reason
        if node.starting:
            return
        if node.live is not None:
            self._commands.append(CancelAttempt(node.spec.id, node.live, False, "unneeded"))
        elif node.state == "running":
            self._stop_group(node, cause, reason)
        else:
            self._move(node, "unneeded", cause, "", reason)
            self._forget(node)
            self._end(node)

    def _stop_group(self, group: Node, cause: int | None, reason: str) -> None:
        members = group.members
        assert members is not None
        for member in members.ids:
            self._stop_unneeded(self._nodes[member], cause, reason)
        if members.open == 0:
            # It is between two rounds, or waits to be judged.
            self._move(group, "members_skipped", cause, "", reason)
            self._forget(group)
            self._end(group)

    # Settle rules

    def _ask_rule(self, join: Node, cause: int | None) -> None:
        """Ask the join's rule; settle its needs, or release those that are to come next."""
        if join.state != "pending" or (join.evaluating and join.spec.has_condition):
            return
        while True:
            needs = [self._nodes[need] for need, _ in join.spec.needs]
            held = [node for node in needs if node.state == "held"]
            still_open = [node for node in needs if node.state not in ENDED and node.state != "held"]
            found = self._rule_of(join)(
                Standing(
                    ended=tuple(Ended(n.spec.id, n.state, n.output) for n in needs if n.state in ENDED),
                    open=tuple(node.spec.id for node in still_open),
                    held=tuple(node.spec.id for node in held),
                    join=join.spec.id,
                    settings=join.spec.settings or {},
                )
            )
            if found.blocked:
                self._settle(join, [*still_open, *held], found.reason, cause, blocked=found.blocked)
                return
            if found.settled or (not held and not still_open):
                self._settle(join, [*still_open, *held], found.reason, cause)
                return
            wave = [self._nodes[name] for name in found.release if self._nodes[name].state == "held"]
            for node in wave:
                self._move(node, "released", cause, "")
            for node in wave:
                if node.open_needs == 0 and self._may_begin(node):
                    self._needs_ended(node, cause)
            for name in found.stop:
                self._stop_unneeded(self._nodes[name], cause, found.reason)
            if any(node.state not in ENDED for node in [*still_open, *wave]):
                return
            if not wave:
                # The rule waits for nothing that could still happen: what is held can change nothing.
                self._settle(join, held, found.reason or "no rule released it", cause)
                return

    def _settle(
        self, join: Node, rest: list[Node], reason: str, cause: int | None, *, blocked: str = ""
    ) -> None:
        join.decided = {need for need, _ in join.spec.needs}
        join.open_needs = 0
        join.settled = reason
        reason = reason or "its result can no longer change the outcome"
        # What only others of them wait for goes with these.
        kept = rest
        while kept:
            dropped = [node for node in kept if not self._who_waits(node)]
            for node in dropped:
                self._stop_unneeded(node, cause, reason)
            kept = [node for node in kept if node not in dropped]
            if not dropped:
                break
        for node in kept:
            if node.state == "held" and not any(one.spec.settles for one in self._who_waits(node)):
                # No rule is left that could release it, and somebody else needs it.
                self._release(node, cause)
        if blocked:
            self._move(join, "needs_failed", cause, "", blocked)
            self._end(join)
            return
        self._needs_ended(join, cause)

    def _who_waits(self, node: Node) -> list[Node]:
        """The consumers that still have to know how the node ends."""
        need = node.spec.id
        return [self._nodes[name] for name in self._consumers[need] if self._waits(name, need)]

    def _waits(self, consumer_id: str, need: str) -> bool:
        """Whether the consumer still has to know how the need ends."""
        consumer = self._nodes[consumer_id]
        return consumer.state not in ENDED and (consumer.decided is None or need not in consumer.decided)

    def _release(self, node: Node, cause: int | None) -> None:
        self._move(node, "released", cause, "")
        if node.open_needs == 0 and self._may_begin(node):
            self._needs_ended(node, cause)

    def _rule_of(self, join: Node) -> Rule:
        name = join.spec.settles or ""
        if name not in self._rules:
            raise InvariantBroken(f"there is no rule `{name}`, which `{join.spec.id}` names")
        return self._rules[name]

    def _may_begin(self, node: Node) -> bool:
        """Whether the group that the node is a member of has begun."""
        group = node.spec.group
        return group is None or self._nodes[group].state == "running"

    def _is_watched(self, node_id: str) -> bool:
        return any(self._nodes[name].spec.settles for name in self._consumers[node_id])
