"""The check on the registry's own refusals: from which addresses do nodes come that its firewall does not allow?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...catalogue import check, passed, skipped
from ...facts import Facts, NetworkRules, Registry, Unreadable, known
from ...model import Finding, SeenFrom
from ...path.admission import refused, some
from ...pull_errors.symptoms import scope_unread
from .._kubernetes import failing_pods_of, not_seen
from ._clients import ANSWER, Client, Told, by_way, clients_of, not_shown, pools_of, ways_of
from .public_side import OUTBOUND_IP_NOT_ALLOWED, Leaving, not_allowed


@check(
    "network.client-address",
    needs=("registry", "outbound", "network", "cluster", "kubernetes"),
    outcomes=(OUTBOUND_IP_NOT_ALLOWED,),
    seen_from=SeenFrom.KUBERNETES,
)
def no_node_is_refused_by_its_address(facts: Facts) -> Iterator[Finding]:
    """The registry's firewall refuses no node by its address.

    A registry's 403 names the address that the client came from. Where pods report it, that is where the nodes come
    from, observed, whatever Azure shows as their outbound IP: a firewall, gateway or proxy on the way may have another.

    Decided by the client's address in the messages of failing pods, where the registry itself answered, and the IP
    rules. A private address among them came by a service endpoint or a private network, where IP rules do not count
    (network.service-endpoint). An address that a rule allows by now was refused before the rule took effect, which
    takes a few minutes. IP rules take IPv4 only. Does not apply to a registry whose SKU has no firewall, or with public
    network access disabled: then no rule would help.

    Sources: https://learn.microsoft.com/azure/container-registry/container-registry-troubleshoot-access,
    https://learn.microsoft.com/azure/container-registry/container-registry-ipv6-dual-stack,
    https://learn.microsoft.com/powershell/module/az.containerregistry/new-azcontainerregistryipruleobject (IPv4 only)
    """
    failing = failing_pods_of(facts)
    if failing is None or isinstance(failing, Unreadable):
        yield not_seen(facts, failing)
        return
    registry = known(facts.registry)
    if registry.network_rules is None:
        yield skipped(registry.id, f"The SKU of registry {registry.name} has no firewall: every address is allowed.")
        return
    rules = known(registry.network_rules)
    if known(registry.public_network_access).lower() == "disabled":
        yield skipped(
            registry.id, f"Registry {registry.name} has public network access disabled, so its IP rules have no effect."
        )
        return
    every = clients_of(facts, registry)
    clients = tuple(each for each in every if each.public)
    met = clients if rules.default_action.lower() != "allow" else ()
    met = tuple(each for each in met if refused(rules.ip_rules, (each.address,)))
    if met:
        yield from _refused(facts, registry, rules, met)
    elif clients:
        yield passed(
            registry.id,
            f"The firewall of registry {registry.name} allows {some(_addresses(clients))} by now, which it refused "
            "when pods asked last: a change of its rules takes a few minutes, and shows at kubelet's next try.",
        )
    elif every:
        yield skipped(
            registry.id,
            f"Registry {registry.name} refused {some(_addresses(every))}, which is private and no matter of IP rules: "
            "such traffic comes by a service endpoint or a private network.",
        )
    known(scope_unread(facts))


def _refused(facts: Facts, registry: Registry, rules: NetworkRules, met: tuple[Client, ...]) -> Iterator[Finding]:
    """One finding for each way out that Azure shows too, with its other addresses, and one for all that it does not."""
    for egress in ways_of(facts):
        here = by_way(met, egress)
        if here:
            resource = egress.subnet_id or facts.targets.cluster.id
            yield not_allowed(resource, registry, rules, Leaving.by(egress), Told.of(facts, registry, here))
    others = not_shown(facts, met)
    if others:
        leaving = Leaving(pools_of(others), None, ANSWER, None, _addresses(others))
        yield not_allowed(facts.targets.cluster.id, registry, rules, leaving, Told.of(facts, registry, others))


def _addresses(clients: Iterable[Client]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.address for each in clients))
