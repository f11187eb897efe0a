"""Which flow a packet rides and whether it is lost, as rules of nftables; pure.

Two namespaces know the same chains: the UPF finds the class of a packet before it queues, and the
device's side loses it after it has used its share of the rate, as a radio would. What is written is
the difference of two rule sets, as one transaction: no packet ever sees half a table.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from ipaddress import ip_address

from nef.network.linux.classes import is_held
from nef.network.linux.filters import matches_of
from nef.network.linux.names import TABLE, IpAddress
from nef.network.userplane.classification import GrantTable, QosFlow

#: Error rates have one digit and an exponent of nine at most.
_FINEST = 10**9

_Verdict = Callable[[QosFlow, int], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules by chain, and named counters; chains come after those that they lead to."""

    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    counters: frozenset[str] = frozenset()


def upf_rules(table: GrantTable, numbers: Mapping[str, int]) -> RuleSet:
    """The classes of packets: `meta priority` is the class of htb."""
    return _rules(table, numbers, _queued, ("in", "refused"))


def ue_rules(table: GrantTable, numbers: Mapping[str, int]) -> RuleSet:
    """The losses of packets."""
    return _rules(table, numbers, _lost_or_sent, ("lost", "sent"))


def difference(old: RuleSet, new: RuleSet) -> str:
    """Write the transaction that makes `new` of `old`; empty where nothing changes.

    Counters of flows that are gone stay, so that their last packets can still be read.
    """
    made = [f"add counter {TABLE} {name}" for name in sorted(new.counters - old.counters)]
    made += [f"add chain {TABLE} {name}" for name in new.chains if name not in old.chains]
    changed = [name for name, rules in new.chains.items() if old.chains.get(name) != rules]
    gone = [name for name in old.chains if name not in new.chains]
    emptied = [f"flush chain {TABLE} {name}" for name in (*changed, *gone) if name in old.chains]
    filled = [f"add rule {TABLE} {name} {rule}" for name in changed for rule in new.chains[name]]
    removed = [f"delete chain {TABLE} {name}" for name in reversed(gone)]
    return "".join(f"{line}\n" for line in (*made, *emptied, *filled, *removed))


def forgotten(numbers: Collection[int], kinds: Collection[str]) -> str:
    """Write the transaction that removes the counters of flows."""
    names = sorted(_counter(kind, number) for kind in kinds for number in numbers)
    return "".join(f"delete counter {TABLE} {name}\n" for name in names)


def loss_of(error_rate: float) -> tuple[int, int]:
    """Return k and n: of n packets k are lost."""
    share = Fraction(error_rate).limit_denominator(_FINEST)
    return share.numerator, share.denominator


def _rules(
    table: GrantTable, numbers: Mapping[str, int], verdict: _Verdict, kinds: Collection[str]
) -> RuleSet:
    flows = table.flows
    chains = {_flow_chain(numbers[key]): verdict(flow, numbers[key]) for key, flow in flows.items()}
    addresses = {ip_address(packed): flows_of for packed, flows_of in table.by_address.items()}
    for address, flows_of in addresses.items():
        chains[_ue_chain(address)] = tuple(
            f"{match} goto {_flow_chain(numbers[flow.key])}".lstrip()
            for flow in flows_of
            for match in matches_of(flow, address)
        )
    chains["dispatch"] = tuple(_dispatch(addresses))
    counters = frozenset(_counter(kind, numbers[key]) for kind in kinds for key in flows)
    return RuleSet(chains, counters)


def _queued(flow: QosFlow, number: int) -> tuple[str, ...]:
    counted = f'counter name "{_counter("in", number)}"'
    if is_held(flow):
        return (f'{counted} counter name "{_counter("refused", number)}" drop',)
    return (f"{counted} meta priority set 1:{number:x} accept",)


def _lost_or_sent(flow: QosFlow, number: int) -> tuple[str, ...]:
    lost, of = loss_of(flow.error_rate)
    sent = f'counter name "{_counter("sent", number)}" accept'
    if lost == 0:
        return (sent,)
    drawn = f"numgen random mod {of} < {lost} " if lost < of else ""
    return (f'{drawn}counter name "{_counter("lost", number)}" drop', sent)


def _dispatch(addresses: Collection[IpAddress]) -> Iterator[str]:
    for version, family in ((4, "ip"), (6, "ip6")):
        # In the order of the octets, so that the same addresses are the same rule.
        ours = sorted((a for a in addresses if a.version == version), key=lambda a: a.packed)
        if ours:
            parts = ", ".join(f"{address} : goto {_ue_chain(address)}" for address in ours)
            yield f"{family} daddr vmap {{ {parts} }}"


def _flow_chain(number: int) -> str:
    return f"flow_{number:x}"


def _ue_chain(address: IpAddress) -> str:
    return f"to_{address.packed.hex()}"


def _counter(kind: str, number: int) -> str:
    return f"{kind}_{number:x}"
