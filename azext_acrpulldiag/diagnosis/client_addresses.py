"""What the registry saw of nodes, held against what Azure alone shows of them. Pure.

Where it names a client in its answer to a pod, that is where the pod's node came from, whatever Azure shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..catalogue import unknown
from ..checks.network._clients import Client, clients_of, pools_of
from ..checks.network.private_dns import names_lead_to_the_endpoint
from ..facts import Facts, Registry, Unreadable
from ..model import Finding, Status
from ..path.reached import come_to_an_endpoint


def as_the_registry_saw(findings: Iterable[Finding], facts: Facts) -> tuple[Finding, ...]:
    """Take back that names lead nodes to the private endpoint, where the registry names a public address of theirs."""
    registry = facts.registry
    clients = () if isinstance(registry, Unreadable) else clients_of(facts, registry)
    public = tuple(each for each in clients if each.public)
    if isinstance(registry, Unreadable) or not public:
        return tuple(findings)
    return tuple(_answered(each, facts, registry, public) for each in findings)


def _answered(finding: Finding, facts: Facts, registry: Registry, clients: tuple[Client, ...]) -> Finding:
    """An unknown in place of a pass, for nodes that Azure leads to the endpoint and that did not come there."""
    pools = pools_of(clients)
    if finding.check != names_lead_to_the_endpoint.id or finding.status is not Status.PASS or not pools:
        return finding
    if come_to_an_endpoint(facts, None, pools) is not True:
        return finding
    why = (
        f"The registry names {clients[0].address} as the client of pods of {', '.join(pools)}. That is a public "
        "address, so nodes there came to its public endpoint, though zones, links and rules in Azure lead "
        f"{registry.login_server} to the private one. What the name resolves to on these nodes is not shown: look it "
        "up on one of them"
    )
    return _instead(finding, why)


def _instead(finding: Finding, why: str) -> Finding:
    """An unknown in place of a finding. It leaves nothing open: what the registry answered is judged by itself."""
    taken = unknown(finding.resource, Unreadable("not-shown", why), decisive=False)
    return replace(taken, check=finding.check, seen_from=finding.seen_from)
