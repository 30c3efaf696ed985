"""What the registry saw of nodes, held against what Azure alone shows of them. Pure.

Where it names a client in its answer to a pod, that is where the pod's node came from, whatever Azure shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..catalogue import unknown
from ..checks.network._clients import Client, clients_of, pools_of, ways_of
from ..checks.network.private_dns import names_lead_to_the_endpoint
from ..checks.network.public_side import RefusedAddresses, nodes_leave_by_allowed_addresses
from ..facts import Facts, NetworkRules, Registry, Unreadable
from ..model import Finding, Status
from ..path.admission import addresses_of, refused, some
from ..path.proxy import proxy_for
from ..path.reached import come_to_an_endpoint
from ..path.routing.outbound import Egress

_NAMES, _ADDRESSES = names_lead_to_the_endpoint.id, nodes_leave_by_allowed_addresses.id


def as_the_registry_saw(findings: Iterable[Finding], facts: Facts) -> tuple[Finding, ...]:
    """Take back what is said from Azure alone of nodes of which the registry tells otherwise.

    That names lead them to the private endpoint, where it names a public address of theirs. And by which addresses they
    leave, where it names none of those that Azure shows, or one that no rule covers, which is a finding of its own.
    """
    found, registry = tuple(findings), facts.registry
    clients = () if isinstance(registry, Unreadable) else clients_of(facts, registry)
    if isinstance(registry, Unreadable) or not clients:
        return found
    found = tuple(_answered(each, facts, registry, clients) for each in found)
    return _left(found, facts, registry, clients) if _is_filtered(registry) else found


# --- what names resolve to ---------------------------------------------------------------


def _answered(finding: Finding, facts: Facts, registry: Registry, clients: tuple[Client, ...]) -> Finding:
    """An unknown in place of a pass, for nodes that Azure leads to the endpoint and that did not come there."""
    public = tuple(each for each in clients if each.public)
    pools = pools_of(public)
    if finding.check != _NAMES or finding.status is not Status.PASS or not pools:
        return finding
    if come_to_an_endpoint(facts, None, pools) is not True:
        return finding
    why = (
        f"The registry names {public[0].address} as the client of pods of {', '.join(pools)}. That is a public "
        "address, so nodes there came to its public endpoint, though zones, links and rules in Azure lead "
        f"{registry.login_server} to the private one. What the name resolves to on these nodes is not shown: look it "
        "up on one of them"
    )
    return _instead(finding, finding.resource, why)


# --- what nodes leave by -----------------------------------------------------------------


def _is_filtered(registry: Registry) -> bool:
    """Whether IP rules decide anything, as far as was read."""
    rules, access = registry.network_rules, registry.public_network_access
    enabled = isinstance(access, str) and access.lower() == "enabled"
    return enabled and isinstance(rules, NetworkRules) and rules.default_action.lower() == "deny"


def _left(
    findings: tuple[Finding, ...], facts: Facts, registry: Registry, clients: tuple[Client, ...]
) -> tuple[Finding, ...]:
    if isinstance(proxy_for(registry.login_server, facts.cluster), str):
        return tuple(
            replace(each, decisive=False) if each.check == _ADDRESSES and each.status is Status.UNKNOWN else each
            for each in findings
        )
    every = ways_of(facts)
    told = tuple(each for each in every if _is_told(each, registry, clients))
    here = {_place(each, facts) for each in told} - {_place(each, facts) for each in every if each not in told}
    gone = tuple(each for each in findings if _is_taken_back(each, told, here)) if told else ()
    if not gone:
        return findings
    kept = tuple(each for each in findings if each not in gone)
    return (
        *kept,
        *(_instead(gone[0], each.subnet_id or facts.targets.cluster.id, _why(each, clients)) for each in told),
    )


def _is_told(egress: Egress, registry: Registry, clients: tuple[Client, ...]) -> bool:
    """Whether the registry's answers say where these nodes come from, so that Azure's view of it adds nothing."""
    named = _named(egress, clients)
    assert isinstance(registry.network_rules, NetworkRules)
    if not named or egress.private_source is True:
        return False
    return {*named}.isdisjoint(addresses_of(egress)) or bool(refused(registry.network_rules.ip_rules, named))


def _named(egress: Egress, clients: Iterable[Client]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.address for each in clients if each.pool in egress.pools))


def _place(egress: Egress, facts: Facts) -> str:
    return (egress.subnet_id or facts.targets.cluster.id).lower()


def _is_taken_back(finding: Finding, told: tuple[Egress, ...], here: set[str]) -> bool:
    """Whether a finding is about nothing but ways out of which the registry tells; they are ``here`` alone."""
    if finding.check != _ADDRESSES or finding.status is Status.SKIPPED:
        return False
    if finding.status is Status.FAIL:
        return any(finding.detail(RefusedAddresses).pools == each.pools for each in told)
    return finding.status is Status.PASS or finding.resource.lower() in here


def _why(egress: Egress, clients: Iterable[Client]) -> str:
    """Why what Azure shows of a way out is not judged."""
    return (
        f"The registry itself names {some(_named(egress, clients))} as the client of pods of "
        f"{', '.join(egress.pools)}, which network.client-address judges. What Azure shows of their way out, "
        f"{some(addresses_of(egress)) or 'no address'}, decides nothing beside that"
    )


def _instead(finding: Finding, resource: str, why: str) -> Finding:
    """An unknown in place of a finding. It leaves nothing open: what the registry answered is judged by itself."""
    taken = unknown(resource, Unreadable("not-shown", why), decisive=False)
    return replace(taken, check=finding.check, seen_from=finding.seen_from)
