"""The page docs/permissions.md: what has to be granted, for what, and what stays unknown without it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from azext_acrpulldiag.catalogue import Check
from azext_acrpulldiag.permissions import every_right, fields_read_with, rights_of
from azext_acrpulldiag.rights import Kind, Right

from .markdown import KINDS, code, page, table

ROLE_NAME = "AKS image pull diagnosis"
ROLE_FILE = "pull-diagnosis-role.json"
CLUSTER_ROLE = "image-pull-diagnosis"
_KUBERNETES_DATA = "Microsoft.ContainerService/managedClusters"

_INTRODUCTION = """\
`az aks diagnose-pull` works with the rights of whoever runs it and changes nothing, unless `--check-acr`,
`--probe` or `--cluster-access command-invoke` has it start pods. What it may not read it reports as unknown, with the
right that is missing, and goes on with the rest. `az aks explain-pull-error` and `az aks list-pull-checks` need no
login at all."""

_BUILT_IN = """\
* Reader on the cluster, its node resource group, the registry and the networks of the nodes. Where role assignments
  are inherited, Reader at the registry shows those too.
* Azure Kubernetes Service Cluster User Role on the cluster. A cluster with Microsoft Entra ID wants more of whoever
  signs in: see *In the cluster*.
* AcrPull on the registry, or Container Registry Repository Reader where it has repository permissions, to look
  images up.
* For `--all-clusters` Reader at the subscriptions: a cluster that the login may not read is not seen. Resource Graph
  takes no right of its own.
* For a cluster that pulls as a service principal, and for pull secrets of one: *In Microsoft Entra ID*."""

_ROLE = f"""\
Save this as `{ROLE_FILE}`, with your own subscriptions as assignable scopes, and make the role of it. It can be
assigned at subscriptions and below: a role with data actions cannot be assigned at a management group. Assigned at
single resources it has to be at all those that the table below names.

```
az role definition create --role-definition @{ROLE_FILE}
az role assignment create --role "{ROLE_NAME}" --scope /subscriptions/SUBSCRIPTION_ID \\
    --assignee-object-id OBJECT_ID --assignee-principal-type User
```"""

_IN_THE_CLUSTER = """\
A cluster without Microsoft Entra ID hands out an administrator's credential, and nothing else is needed. With Entra
ID and Azure RBAC for Kubernetes the data actions of the role above are enough. With Entra ID and Kubernetes RBAC, bind
this to whoever runs the diagnosis:"""

_SECRETS = """\
Secrets are fetched by name and never listed. The name of a pull secret is known only when a pod names it, so a role
for all names would open every secret of the cluster; give this one in the namespaces and for the names that matter.
Without it the checks of pull secrets are unknown, and everything else still answers."""

_IN_ENTRA = """\
Applications are read from Microsoft Graph in the tenant of the cluster, or of the registry for those of pull secrets:
a user needs to be allowed to read applications (members of a tenant are by default, guests need the role Directory
Readers), an application needs"""

_NO_MORE = """\
Two things are not rights of Azure. Images and credentials are looked up at the registry's own login server, which may
not let this machine in; and the Kubernetes API may be out of this machine's reach. Both cost the checks that ask
there, and nothing else.

`--cluster-access command-invoke` reads it from inside, through pods that AKS starts in namespace `aks-command`. The
right to run commands is more than one to read: in a cluster without Microsoft Entra ID they run as its administrator,
in one with it as whoever asks. No Secret is read that way."""


def permission_page(checks: Sequence[Check]) -> str:
    """Return the page; ``checks`` are in order."""
    rights = every_right()
    left_out: dict[str, list[str]] = {}
    for right in rights:
        if right.left_out:
            left_out.setdefault(right.left_out, []).append(code(right.name))
    return page(
        "# Permissions",
        _INTRODUCTION,
        "## With built-in roles",
        _BUILT_IN,
        "## With a role of its own",
        _fenced("json", json.dumps(role(), indent=2)),
        _ROLE,
        "Left out of it on purpose:",
        "\n".join(f"* {', '.join(names)}: {reason}." for reason, names in left_out.items()),
        "## In the cluster",
        _IN_THE_CLUSTER,
        _fenced("yaml", cluster_role()),
        _SECRETS,
        _fenced("yaml", secret_role()),
        "## In Microsoft Entra ID",
        _IN_ENTRA + " " + ", ".join(code(right.name) for right in rights if right.kind is Kind.GRAPH) + ".",
        "## What stays unknown without each",
        table(
            ("right", "of", "at the", "asked for", "without it these may be unknown"),
            [_row(right, checks) for right in rights],
        ),
        _NO_MORE,
        "## What each check needs",
        table(("check", "rights"), [_needs(each) for each in checks]),
    )


def role() -> dict[str, Any]:
    """The custom role, as ``az role definition create`` takes it."""
    return {
        "Name": ROLE_NAME,
        "Description": "Read what az aks diagnose-pull reads, and nothing else.",
        "Actions": _names(Kind.ACTION),
        "DataActions": sorted({*_names(Kind.DATA_ACTION), *kubernetes_data_actions()}),
        "AssignableScopes": ["/subscriptions/SUBSCRIPTION_ID"],
    }


def kubernetes_data_actions() -> list[str]:
    """What stands for the rights in the cluster where it has Azure RBAC for Kubernetes."""
    return sorted({f"{_KUBERNETES_DATA}/{right.resource}/read" for right in _granted(Kind.KUBERNETES)})


def cluster_role() -> str:
    """The cluster role, as YAML; resources with the same verbs stand in one rule."""
    verbs: dict[str, list[str]] = {}
    for right in _granted(Kind.KUBERNETES):
        verbs.setdefault(right.resource, []).append(right.verb)
    by_verbs: dict[tuple[str, ...], list[str]] = {}
    for resource, allowed in verbs.items():
        by_verbs.setdefault(tuple(sorted(allowed)), []).append(resource)
    rules = [_rule(resources, allowed) for allowed, resources in sorted(by_verbs.items())]
    return "\n".join([*_head("ClusterRole"), "rules:", *rules])


def secret_role() -> str:
    """A role for the pull secrets of one namespace, as YAML; names in capitals are the reader's."""
    rule = _rule(["secrets"], ("get",))
    return "\n".join([*_head("Role", "NAMESPACE"), "rules:", rule, "  resourceNames: [PULL_SECRET]"])


def _head(kind: str, namespace: str = "") -> list[str]:
    lines = ["apiVersion: rbac.authorization.k8s.io/v1", f"kind: {kind}", "metadata:", f"  name: {CLUSTER_ROLE}"]
    return [*lines, f"  namespace: {namespace}"] if namespace else lines


def _rule(resources: Sequence[str], verbs: Sequence[str]) -> str:
    return f'- apiGroups: [""]\n  resources: [{", ".join(sorted(resources))}]\n  verbs: [{", ".join(verbs)}]'


def _granted(kind: Kind) -> list[Right]:
    return [right for right in every_right() if right.kind is kind and not right.left_out]


def _names(kind: Kind) -> list[str]:
    return sorted({right.name for right in _granted(kind)})


def _row(right: Right, checks: Sequence[Check]) -> tuple[str, ...]:
    lost = fields_read_with(right.name)
    unknown = [code(each.id) for each in checks if lost.intersection(each.needs)]
    asked = f"only where {right.when}" if right.when else "always"
    return code(right.name), KINDS[right.kind], right.where, asked, ", ".join(unknown) or "none"


def _needs(checked: Check) -> tuple[str, str]:
    return code(checked.id), "<br>".join(code(right.name) for right in rights_of(checked.needs)) or "none"


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"
