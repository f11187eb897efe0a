"""The user plane on Linux interfaces: what is made, changed and removed, and when."""

import json
from contextlib import suppress
from ipaddress import ip_address

from nef.network.linux import classes, commands, layout, rules
from nef.network.linux.commands import LinuxPlaneUnusable
from nef.network.linux.counting import (
    UE_KINDS,
    UPF_KINDS,
    Accounts,
    Queue,
    Reading,
    read_counters,
    read_queues,
)
from nef.network.linux.leftovers import remove, remove_leftovers
from nef.network.linux.names import RADIO, TABLE, IpAddress, Names
from nef.network.linux.numbers import FlowNumbers
from nef.network.linux.ownership import Ownership
from nef.network.linux.rules import RuleSet
from nef.network.userplane.classification import GrantTable
from nef.network.userplane.counters import RelayCounters

DEFAULT_QUEUE_LIMIT_BYTES = 1024 * 1024


class LinuxUserPlane:
    """A `UserPlane` of three namespaces; only `close` removes them.

    What a command refuses raises LinuxPlaneUnusable, and leaves the plane good for `close` alone.
    """

    def __init__(self, names: Names, queue_limit_bytes: int = DEFAULT_QUEUE_LIMIT_BYTES) -> None:
        """Make it, in place of what a dead owner left; nothing is carried before `enforce`.

        Raises LinuxPlaneUnusable where another process has it, or the machine does not let us.
        """
        commands.require()
        self._names, self._limit_bytes = names, queue_limit_bytes
        self._accounts, self._numbers = Accounts(), FlowNumbers()
        self._addresses: frozenset[IpAddress] = frozenset()
        self._rates_bps: dict[int, int] = {}
        self._upf_rules, self._ue_rules = RuleSet(), RuleSet()
        self._ownership = Ownership(names.name)
        try:
            remove_leftovers(names, self._ownership)
            self._ownership.claim()
            self._make()
        except BaseException:
            self._give_up()
            raise

    def enforce(self, table: GrantTable, now_ns: int) -> None:  # noqa: ARG002 - the kernel has a clock
        """Follow another table: first what it adds, then the rules at once, then what is gone."""
        flows = table.flows
        self._numbers.take(flows)
        numbers = {key: self._numbers.of[key] for key in flows}
        rates_bps = classes.rates_of(table, numbers)
        addresses = frozenset(ip_address(packed) for packed in table.by_address)
        self._readdress("add", addresses - self._addresses)
        added = classes.added_lines(self._rates_bps, rates_bps, self._limit_bytes)
        commands.tc_batch(added, self._names.upf)
        self._rule(rules.upf_rules(table, numbers), rules.ue_rules(table, numbers))
        # After the rules: packets that wait leave at their new rate under their new error rate.
        changed = classes.changed_lines(self._rates_bps, rates_bps)
        commands.tc_batch(changed, self._names.upf)
        self._remove_classes(rates_bps)
        self._readdress("del", self._addresses - addresses)
        self._addresses = addresses
        self._forget(self._numbers.of.keys() - flows.keys())

    def counted(self, now_ns: int) -> RelayCounters:  # noqa: ARG002 - the kernel has a clock
        """What the kernel counted until now."""
        self._look()
        return self._accounts.counters

    def close(self) -> None:
        """Remove everything, and let others have the name."""
        with self._ownership:
            remove(self._names)
            self._ownership.release()

    def _give_up(self) -> None:
        with suppress(LinuxPlaneUnusable), self._ownership:
            if self._ownership.is_claimed:
                remove(self._names)
                self._ownership.release()

    def _make(self) -> None:
        names = self._names
        _require_free(names)
        commands.nft(layout.host_rules(names))
        commands.ip_batch(layout.host_lines(names))
        commands.ip_batch(layout.data_network_lines(names), names.data_network)
        commands.ip_batch(layout.upf_lines(names), names.upf)
        commands.ip_batch(layout.ue_lines(), names.ue)
        commands.tc_batch(layout.queueing_lines(), names.upf)
        commands.nft(layout.upf_base(), names.upf)
        commands.nft(layout.ue_base(), names.ue)
        commands.enter(names.upf, "sh", "-c", layout.forwarding())

    def _readdress(self, verb: str, addresses: frozenset[IpAddress]) -> None:
        ordered = sorted(addresses, key=lambda address: address.packed)
        commands.ip_batch(layout.address_lines(verb, ordered, RADIO), self._names.ue)

    def _rule(self, upf: RuleSet, ue: RuleSet) -> None:
        # Losses first: a packet that already rides a flow finds the flow's counters there.
        commands.nft(rules.difference(self._ue_rules, ue), self._names.ue)
        self._ue_rules = ue
        commands.nft(rules.difference(self._upf_rules, upf), self._names.upf)
        self._upf_rules = upf

    def _remove_classes(self, rates_bps: dict[int, int]) -> None:
        removed = classes.removed_lines(self._rates_bps, rates_bps)
        if removed:
            queues = self._look().queues
            commands.tc_batch(removed, self._names.upf)
            for key, number in self._numbers.of.items():
                if number in self._rates_bps and number not in rates_bps:
                    self._accounts.queue_went(key, queues.get(number, Queue()))
        self._rates_bps = rates_bps

    def _forget(self, keys: set[str]) -> None:
        if not keys:
            return
        self._look()
        numbers = {self._numbers.of[key] for key in keys}
        commands.nft(rules.forgotten(numbers, UPF_KINDS), self._names.upf)
        commands.nft(rules.forgotten(numbers, UE_KINDS), self._names.ue)
        for key in sorted(keys):
            self._accounts.flow_went(key)
        self._numbers.give_back(keys)

    def _look(self) -> Reading:
        names, listed = self._names, ("counters", "table", *TABLE.split())
        counters = read_counters(commands.nft_list(names.upf, *listed))
        counters |= read_counters(commands.nft_list(names.ue, *listed))
        shown = commands.tc(names.upf, "-s", "-j", "qdisc", "show", "dev", RADIO)
        reading = Reading(counters, read_queues(shown))
        self._accounts.look(reading, self._numbers.of, self._rates_bps)
        return reading


def _require_free(names: Names) -> None:
    # The kernel would take an address twice, and send everything to the first interface.
    for link in json.loads(commands.ip("-j", "addr", "show")):
        for address in link["addr_info"]:
            if ip_address(address["local"]) in names.host_link:
                raise LinuxPlaneUnusable(
                    f"{names.host_link} is in use by {link['ifname']}: take another --host-link"
                )
