"""What the broken hops of name resolution rest on: a name, the endpoint it is meant for, zone, link and records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256

from ...arm_ids import group_of, name_of, subscription_of
from ...details import Details, internal
from ...facts import PrivateZone, Registry, Unreadable, known


@dataclass(frozen=True)
class PrivateName(Details):
    """A host's name under ``privatelink``, and the endpoint that it should resolve to."""

    registry: str
    private_name: str
    address: str | None
    """The endpoint's for the host; ``None``: there is none, or it could not be read."""
    endpoint: str | None
    endpoint_id: str | None
    endpoint_resource_group: str | None
    endpoint_subscription: str | None
    endpoint_zones: tuple[str, ...] | None
    """Those in which the endpoint keeps its records itself; ``None``: not read."""
    zone_label: str
    """The name of the registry's zone, as zone groups have it."""
    dns_servers: tuple[str, ...]
    """The network's own, in their order; none: Azure's DNS is asked."""
    has_endpoint: bool = internal()
    """An endpoint is approved, also where its name is not shown."""

    @property
    def has_no_endpoint(self) -> bool:
        """The registry has no approved endpoint, so the name is to be a public one."""
        return not self.has_endpoint

    @property
    def its_endpoint(self) -> str:
        """The endpoint in words."""
        return f"private endpoint {self.endpoint}" if self.endpoint else "the private endpoint of the registry"

    def may_be_kept_in(self, zone: str) -> bool:
        """Tell whether the endpoint may keep its records in ``zone``: it has one zone group at most, for its name."""
        return (
            self.endpoint is not None
            and self.endpoint_zones == ()
            and zone.replace(".", "-").lower() == self.zone_label
        )


@dataclass(frozen=True)
class ZoneNames(Details):
    """What commands call a private DNS zone."""

    zone: str
    zone_id: str
    zone_resource_group: str | None
    zone_subscription: str | None
    kept_by_endpoint: bool = internal(default=False)
    """The endpoint may keep its records in it, and keeps none elsewhere."""

    @property
    def kept_by_hand(self) -> bool:
        """Records have to be written one by one."""
        return not self.kept_by_endpoint

    @classmethod
    def of(cls, zone: PrivateZone, name: PrivateName) -> ZoneNames:
        """Name a zone in which ``name`` is to be."""
        return cls(zone.name, zone.id, group_of(zone.id), subscription_of(zone.id), name.may_be_kept_in(zone.name))


@dataclass(frozen=True)
class LinkNames(Details):
    """A zone's link to the network whose DNS is asked, or the link that it is to have."""

    network: str
    network_id: str
    link: str


_UNLESS = (
    " It is not so if a DNS forwarding ruleset that this login does not see is linked to the network and leads the "
    "name to the endpoint."
)


@dataclass(frozen=True)
class NoRule(Details):
    """Why no forwarding rule leads a name to its endpoint from a network that its zone is not linked to."""

    disabled_rule: str | None
    """A rule that would, if it were enabled; ``None``: there is none."""
    disabled_ruleset: str | None
    """The DNS forwarding ruleset that it is in."""
    disabled_ruleset_resource_group: str | None
    disabled_ruleset_subscription: str | None
    rulesets_unlisted: bool
    """The network's own list of rulesets was not read; none that this login sees has a rule for the name."""

    @property
    def caveat(self) -> str:
        """What would make it untrue, as a sentence to follow another; empty: nothing."""
        return _UNLESS if self.rulesets_unlisted else ""


@dataclass(frozen=True)
class ForwardedName(Details):
    """A forwarding rule that does not lead a name to its endpoint, and what would."""

    rule: str
    rule_id: str
    ruleset: str
    ruleset_id: str
    ruleset_resource_group: str | None
    ruleset_subscription: str | None
    domain: str
    """The domain that the rule is for."""
    servers: tuple[str, ...]
    """The DNS servers that it names."""
    ruleset_network: str
    """The network that the ruleset is linked to, and that the nodes' names are looked up in."""
    answer: str
    """What the servers make of the name, as a clause after "which"."""
    resolves: bool | None
    """The name is answered, with the registry's public address; false: not at all; ``None``: not known."""
    zone: str | None
    """The private DNS zone to link; ``None``: it is not known."""
    zone_id: str | None
    zone_resource_group: str | None
    zone_subscription: str | None
    network: str | None
    """The network to link it to: the first, on the way of the query, whose links are asked before rules; ``None``: it
    is not known."""
    network_id: str | None
    link: str | None
    right_server: str | None
    """An inbound endpoint's address that leads the name to its endpoint; ``None``: none is known."""
    rulesets_unlisted: bool
    """The list of rulesets of the network, or of that of the servers, was not read."""
    zone_wanted: str = internal()
    """What the zone is called, also where none is known."""

    @property
    def caveat(self) -> str:
        """What would make it untrue, as a sentence to follow another; empty: nothing."""
        return _UNLESS if self.rulesets_unlisted else ""

    @property
    def may_not_resolve(self) -> bool:
        """The name may not exist for the nodes."""
        return self.resolves is not True

    @property
    def may_be_public(self) -> bool:
        """The name may resolve to the registry's public endpoint for them."""
        return self.resolves is not False

    @property
    def right_servers(self) -> str | None:
        """That address as az's ``--target-dns-servers`` takes it."""
        return f"[{{ip-address:{self.right_server},port:53}}]" if self.right_server else None


@dataclass(frozen=True)
class Record(Details):
    """A record that a zone is to have; the address is ``None`` where it is not known."""

    name: str
    address: str | None


@dataclass(frozen=True)
class MissingRecords(Details):
    """The record that was asked for, and all of the registry that its zone lacks: they are one fault."""

    record: str
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Fallback(Details):
    """What the nodes are answered for a name that its zone has no record for."""

    falls_back: bool
    """The link sends them on to public DNS."""
    result: str

    @property
    def ends_there(self) -> bool:
        """The name does not exist for them."""
        return not self.falls_back


@dataclass(frozen=True)
class WrongRecord(Details):
    """A record with a wrong address."""

    name: str
    address: str | None
    """The addresses that it should have."""
    add: str | None
    """That address, where the record does not have it."""
    remove: tuple[str, ...]
    """What it has and ought not to."""

    kept: tuple[str, ...] = internal()
    """What it has and ought to have."""

    @property
    def right_addresses(self) -> str | None:
        """All that it is to have, as az's ``--set`` takes it; ``None``: it is not known.

        One address is set without JSON, whose quotes PowerShell would take away.
        """
        if self.add and not self.kept and len(self.remove) == 1:
            return f"aRecords[0].ipv4Address={self.add}"
        right = (*self.kept, self.add) if self.add else self.kept
        return f"aRecords={json.dumps([{'ipv4Address': each} for each in right])}" if right else None


@dataclass(frozen=True)
class WrongRecords(Details):
    """The record that was asked for, and all wrong ones of the registry in its zone."""

    record: str
    records: tuple[WrongRecord, ...]
    found: tuple[str, ...]
    stale: str | None


@dataclass(frozen=True)
class NotApproved(Details):
    """An endpoint's connection to the registry that is not approved. Of the endpoint, what is not known is ``None``."""

    registry: str
    registry_id: str
    resource_group: str
    subscription: str
    connection: str
    status: str
    endpoint: str
    endpoint_id: str | None
    endpoint_resource_group: str | None
    endpoint_subscription: str | None
    endpoint_subnet: str | None
    public_network_access: str

    @property
    def waits(self) -> bool:
        """It has not been decided on."""
        return self.status.lower() == "pending"

    @property
    def is_over(self) -> bool:
        """It was rejected or disconnected."""
        return not self.waits

    @property
    def another(self) -> str:
        """The name of an endpoint to create beside it: the same for the same connection, and nobody else's."""
        return f"{self.endpoint[:70]}-{sha256(self.connection.encode()).hexdigest()[:6]}"

    @classmethod
    def of(
        cls,
        registry: Registry,
        connection_id: str,
        status: str,
        endpoint_id: str | None,
        subnet_id: str | Unreadable | None,
    ) -> NotApproved:
        """Describe a connection; ``subnet_id`` is the endpoint's, as far as it was read."""
        return cls(
            registry=registry.name,
            registry_id=registry.id,
            resource_group=registry.resource_group,
            subscription=registry.subscription,
            connection=name_of(connection_id),
            status=status,
            endpoint=name_of(endpoint_id or connection_id),
            endpoint_id=endpoint_id,
            endpoint_resource_group=group_of(endpoint_id) if endpoint_id else None,
            endpoint_subscription=subscription_of(endpoint_id) if endpoint_id else None,
            endpoint_subnet=subnet_id if isinstance(subnet_id, str) else None,
            public_network_access=known(registry.public_network_access),
        )
