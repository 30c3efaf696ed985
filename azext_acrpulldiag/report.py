"""The report as plain data: schema version 1, written down in docs/report.schema.json.

Keys are only ever added within a schema version. Every list is sorted, so that two runs
compare line by line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from .diagnosis.paths import DrawnHop, DrawnPath, drawn
from .diagnosis.pools import PoolRow, pool_rows
from .facts import COMMAND_INVOKE, Cluster, Facts, Kubernetes, PoolProbe, ProbeReport, Registry, Unreadable
from .model import (
    Diagnosis,
    Finding,
    LeadsTo,
    PastChange,
    PlannedStep,
    Remedy,
    RepairPlan,
    RootCause,
    Status,
    Symptom,
    SymptomGroup,
)
from .quoting import printable, quoted

SCHEMA_VERSION = "1"
LONGEST_MESSAGE = 2000

Json = dict[str, Any]


@dataclass(frozen=True)
class Elapsed:
    """What a run cost: seconds, requests, the longest chain of them, seconds by collector."""

    seconds: float
    requests: int
    longest_chain: int
    collectors: Mapping[str, float] = field(default_factory=dict)


def report_of(facts: Facts, diagnosis: Diagnosis, elapsed: Elapsed) -> Json:
    """Return the whole report, JSON values only, every text of it printable: a snapshot is whatever a file says."""
    report: Json = _printable(_whole(facts, diagnosis, elapsed))
    return report


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(name): _printable(item) for name, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value


def _whole(facts: Facts, diagnosis: Diagnosis, elapsed: Elapsed) -> Json:
    return {
        "schemaVersion": SCHEMA_VERSION,
        "verdict": diagnosis.verdict.value,
        "summary": diagnosis.summary,
        "target": {
            "cluster": _cluster(facts),
            "registry": _registry(facts),
            "image": facts.options.image_text,
        },
        "rootCauses": [_root_cause(root) for root in diagnosis.root_causes],
        "repairPlan": _plan(diagnosis.repair_plan),
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "symptoms": [_symptom(symptom) for symptom in diagnosis.symptoms],
        "symptomGroups": [_group(group) for group in diagnosis.grouping.groups],
        "where": diagnosis.grouping.where,
        "outOfScope": [_symptom(symptom) for symptom in diagnosis.out_of_scope],
        "outOfScopeGroups": [{"host": group.host, **_group(group)} for group in diagnosis.grouping.outside],
        "paths": [_path(each) for each in drawn(facts, diagnosis.findings)],
        "pools": [_pool(each) for each in pool_rows(facts, diagnosis.symptoms)],
        "probe": _probe(facts.probe),
        "unknowns": [_unknown(finding) for finding in diagnosis.findings if finding.status is Status.UNKNOWN],
        "elapsed": {
            "seconds": round(elapsed.seconds, 3),
            "requests": elapsed.requests,
            "longestChain": elapsed.longest_chain,
            "collectors": {name: round(seconds, 3) for name, seconds in sorted(elapsed.collectors.items())},
        },
    }


def plain(value: Any) -> Any:
    """Turn facts into JSON values: dates as ISO 8601 UTC, what could not be read as ``None``."""
    if isinstance(value, Unreadable):
        return None
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    return value


def camel(name: str) -> str:
    """``other_holders`` as ``otherHolders``: the casing of every key that az answers with."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _cluster(facts: Facts) -> Json:
    target = facts.targets.cluster
    cluster = facts.cluster
    if not isinstance(cluster, Cluster):
        names = {"id": target.id, "name": target.name, "resourceGroup": target.resource_group}
        return {**names, "read": False, "access": _access(facts)}
    identity = cluster.kubelet_identity
    return {
        "id": cluster.id,
        "name": cluster.name,
        "resourceGroup": cluster.resource_group,
        "read": True,
        "location": cluster.location,
        "identityType": plain(cluster.identity_type),
        "kubeletIdentityObjectId": getattr(identity, "object_id", None),
        "servicePrincipalClientId": cluster.service_principal_client_id,
        "outboundType": plain(cluster.outbound_type),
        "access": _access(facts),
    }


def _access(facts: Facts) -> Json:
    """Which way the Kubernetes API was asked, and what of it was not seen."""
    options, kubernetes = facts.options, facts.kubernetes
    way = "none" if kubernetes is None else options.cluster_access
    if way in ("auto", "direct"):
        way = "direct" if options.kubeconfig is None and options.context is None else "kubeconfig"
    unseen: dict[str, object] = {}
    if isinstance(kubernetes, Kubernetes):
        unseen = {
            "nodes": kubernetes.nodes,
            "failing pods": kubernetes.failing,
            "failing pods that are not Pending": kubernetes.overlooked,
            "recent pulls": kubernetes.pulled,
            "workloads that a policy refuses": kubernetes.refused,
        }
    else:
        not_asked = Unreadable("unsupported", "It was not asked for (--cluster-access none)")
        unseen = dict.fromkeys(("nodes", "failing pods", "recent pulls"), kubernetes or not_asked)
    unseen["running pods"] = facts.running
    if way == COMMAND_INVOKE:
        unseen["pull secrets"] = Unreadable("unsupported", "No Secret is read through commands in the cluster")
    return {
        "way": way,
        "notSeen": [
            {"what": what, "code": why.reason, "reason": why.sentence}
            for what, why in sorted(unseen.items())
            if isinstance(why, Unreadable)
        ],
    }


def _registry(facts: Facts) -> Json | None:
    registry = facts.registry
    if not facts.targets.registry.is_named:
        return None
    if not isinstance(registry, Registry):
        return {"id": None, "given": facts.targets.registry.given, "read": False}
    return {
        "id": registry.id,
        "given": facts.targets.registry.given,
        "read": True,
        "loginServer": registry.login_server,
        "sku": plain(registry.sku),
        "location": registry.location,
        "roleAssignmentMode": plain(registry.role_assignment_mode),
        "publicNetworkAccess": plain(registry.public_network_access),
    }


def _finding(finding: Finding) -> Json:
    return {
        "check": finding.check,
        "outcome": finding.outcome,
        "category": finding.category,
        "status": finding.status.value,
        "severity": plain(finding.severity),
        "confidence": finding.confidence.value,
        "resource": finding.resource,
        "summary": finding.summary,
        "evidence": {camel(name): plain(value) for name, value in finding.evidence.items()},
        "remedies": [_remedy(remedy) for remedy in finding.remedies],
        "url": finding.url,
        "seenFrom": finding.seen_from.value,
        "changes": [_change(change) for change in finding.changes],
        "furtherChanges": finding.further_changes,
    }


def _change(change: PastChange) -> Json:
    return {
        "operation": change.operation,
        "resource": change.resource,
        "when": plain(change.when),
        "by": change.by,
        "correlationId": change.correlation_id,
        "status": change.status,
        "proven": change.proven,
        "summary": change.summary,
    }


def _remedy(remedy: Remedy) -> Json:
    return {
        "description": remedy.description,
        "command": remedy.command,
        "option": remedy.option,
        "step": remedy.step,
        "changes": remedy.changes,
        "requires": list(remedy.requires),
        "leadsTo": _leads_to(remedy.leads_to),
        "notTold": remedy.not_told,
    }


def _probe(found: ProbeReport | Unreadable | None) -> Json | None:
    if found is None:
        return None
    if isinstance(found, Unreadable):
        return {
            "notRun": found.sentence,
            "image": None,
            "namespace": None,
            "serviceAccount": None,
            "pullSecrets": [],
            "pools": [],
            "podsLeft": [],
        }
    subject = found.subject
    return {
        "notRun": None,
        "image": printable(subject.image),
        "namespace": printable(subject.namespace),
        "serviceAccount": printable(subject.service_account),
        "pullSecrets": sorted(map(printable, subject.pull_secrets)),
        "pools": [_of_pool(each) for each in found.pools],
        "podsLeft": [{"namespace": each.namespace, "pod": each.pod} for each in sorted(found.left)],
    }


def _of_pool(found: PoolProbe) -> Json:
    return {
        "pool": found.pool and printable(found.pool),
        "nodeImage": found.node_image and printable(found.node_image),
        "node": found.node and printable(found.node),
        "result": found.result,
        "layersFetched": found.layers,
        "milliseconds": found.milliseconds,
        "sizeBytes": found.size,
        "policy": found.policy and printable(found.policy),
        "message": quoted(found.message, LONGEST_MESSAGE) if found.message else None,
    }


def _leads_to(after: LeadsTo | None) -> Json | None:
    return None if after is None else {"verdict": after.verdict.value, "rootCauses": list(after.root_causes)}


def _plan(plan: RepairPlan | None) -> Json | None:
    if plan is None:
        return None
    steps = [_planned(step) for step in plan.steps]
    return {"steps": steps, "leadsTo": _leads_to(plan.leads_to), "notTold": plan.not_told}


def _planned(step: PlannedStep) -> Json:
    remedy = step.remedy
    place = {"outcome": step.outcome, "resource": step.resource, "option": remedy.option, "step": remedy.step}
    return {**place, "description": remedy.description, "command": remedy.command}


def _root_cause(root: RootCause) -> Json:
    return {**_finding(root.finding), "explains": list(root.explains)}


def _unknown(finding: Finding) -> Json:
    return {
        "check": finding.check,
        "resource": finding.resource,
        "code": finding.code,
        "reason": finding.reason,
        "operation": finding.operation,
        "permission": finding.permission,
        "decisive": bool(finding.decisive),
    }


def _symptom(symptom: Symptom) -> Json:
    return {
        "namespace": symptom.namespace,
        "pod": symptom.pod,
        "container": symptom.container,
        "image": symptom.image,
        "node": symptom.node,
        "nodePool": symptom.node_pool,
        "class": symptom.symptom_class,
        "message": symptom.message,
        "count": symptom.count,
        "lastSeen": plain(symptom.last_seen),
    }


def _group(group: SymptomGroup) -> Json:
    return {
        "class": group.symptom_class,
        "count": group.count,
        "pods": group.pods,
        "nodePools": list(group.node_pools),
        "nodes": list(group.nodes),
        "images": list(group.images),
        "namespaces": list(group.namespaces),
        "only": group.only,
    }


def _path(path: DrawnPath) -> Json:
    return {
        "pools": list(path.pools),
        "subnets": list(path.subnets),
        "host": path.host,
        "leadsTo": path.leads_to,
        "addresses": list(path.addresses),
        "state": path.state,
        "hops": [_hop(hop) for hop in path.hops],
    }


def _hop(hop: DrawnHop) -> Json:
    found = [{"check": each.check, "outcome": each.outcome, "status": each.status.value} for each in hop.findings]
    return {
        "kind": hop.kind,
        "name": hop.name,
        "resource": hop.resource,
        "state": hop.state,
        "why": hop.why,
        "rule": hop.rule,
        "findings": found,
    }


def _pool(row: PoolRow) -> Json:
    return {camel(each.name): getattr(row, each.name) for each in fields(row)}
