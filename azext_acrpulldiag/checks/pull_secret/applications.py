"""Check on the applications in pull secrets: does each exist, is it valid and may it pull the repository?

What the registry itself accepts is not judged again: an accepted credential is right, whatever
a list says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...access.credentials import DISABLED, EXPIRED, LOST, fault_of, shown_passwords
from ...access.grants import ABAC_MODE
from ...catalogue import Outcome, check
from ...details import Details, internal
from ...effects.access import granted
from ...effects.credentials import application_enabled, role_heeded
from ...effects.pull_secret import retried
from ...facts import Facts, PullSecret, SecretEntry, ServicePrincipal, Unreadable, known
from ...model import Finding, Severity
from ...repairs import Step
from .._kubectl import Kubectl
from .._roles import ABAC_ROLE, LEGACY_ROLE, grant_pull
from ._renewal import Renewal
from ._repairs import NEW_CLIENT_SECRET, ROLE_INSTEAD, renewals, renewed_by_new_token
from ._users import EXPLAINS, NEEDS, NothingHolds, last_of, none_of
from ._weight import NamedSecret, UsedEntry, entries_of, found, ignorance

_SERVICE_PRINCIPAL = "https://learn.microsoft.com/azure/container-registry/container-registry-auth-service-principal"


@dataclass(frozen=True)
class Principal(Details):
    """An application without a service principal that may sign in."""

    problem: str
    lost: bool = internal()
    """It does not exist; else it is disabled."""

    @property
    def disabled(self) -> bool:
        """It exists and may not sign in."""
        return not self.lost


@dataclass(frozen=True)
class NoRole(Details):
    """An application that may not pull."""

    object_id: str
    mode: str | None

    @property
    def in_abac_mode(self) -> bool:
        """The registry is in ABAC mode."""
        return self.mode == ABAC_MODE

    @property
    def in_legacy_mode(self) -> bool:
        """The registry is in the other mode, as far as is known."""
        return not self.in_abac_mode


SERVICE_PRINCIPAL_UNKNOWN = Outcome(
    id="pull-secret.service-principal-unknown",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as application {user}, whose service "
    "principal {problem}.",
    url=_SERVICE_PRINCIPAL,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, Principal),
    repairs=(
        Step(
            "If the application still exists: create its service principal, and assign it a pull role at the registry",
            "az ad sp create --id {user}",
            when="lost",
            requires=("Application.ReadWrite.All",),
            untold="Whether the application still exists is not known, and the new service principal has no role yet.",
        ),
        Step(
            "Enable it again",
            "az ad sp update --id {user} --set accountEnabled=true",
            when="disabled",
            requires=("Application.ReadWrite.All",),
            changes="the application may sign in everywhere again",
            effect=retried(application_enabled),
        ),
        *renewed_by_new_token(),
        *ROLE_INSTEAD,
    ),
    explains=EXPLAINS,
    article="1.5",
)
SERVICE_PRINCIPAL_EXPIRED = Outcome(
    id="pull-secret.service-principal-expired",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as application {user}, "
    "{no_valid_client_secret}.",
    url=_SERVICE_PRINCIPAL,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, NothingHolds),
    repairs=(*renewals(NEW_CLIENT_SECRET), *ROLE_INSTEAD),
    explains=EXPLAINS,
    article="1.5",
)


def _grant(role: str, mode: str, when: str) -> Step:
    words = f"Assign the application the role {role} on {{registry}} ({mode})"
    step = grant_pull(words, role, principal="object_id", when=when)
    return replace(step, effect=retried(role_heeded(granted(role, "object_id"))))


SERVICE_PRINCIPAL_NO_ROLE = Outcome(
    id="pull-secret.service-principal-no-role",
    severity=Severity.ERROR,
    summary="The pull secret {secret} in namespace {namespace} signs in as application {user}, which has no role "
    "assignment that allows pulls from {registry}.",
    url=_SERVICE_PRINCIPAL,
    details=(NamedSecret, Renewal, Kubectl, UsedEntry, NoRole),
    repairs=(
        _grant(LEGACY_ROLE, "registry mode RBAC", when="in_legacy_mode"),
        _grant(ABAC_ROLE, "registry mode RBAC + ABAC", when="in_abac_mode"),
        *ROLE_INSTEAD,
    ),
    explains=EXPLAINS,
    article="1.5",
)


@check(
    "pull-secret.service-principal",
    needs=NEEDS,
    outcomes=(SERVICE_PRINCIPAL_UNKNOWN, SERVICE_PRINCIPAL_EXPIRED, SERVICE_PRINCIPAL_NO_ROLE),
)
def applications_in_secrets_may_pull(facts: Facts) -> Iterator[Finding]:
    """Every application that a pull secret signs in as exists, has a valid client secret and may pull.

    The registry has Microsoft Entra ID check the application id and the client secret, and then asks
    what the application may do: each of the three is refused with the same 401.

    Decided by Microsoft Graph in the registry's tenant, and by the role assignments of the service
    principal at the registry, judged from their role definitions. Graph never says which client secret the
    pull secret contains, so only *all expired* proves a fault. A managed identity has no client secret at
    all: its client id does not work as a user.
    """
    yield from none_of(facts, "application")
    for secret, entry in entries_of(facts, "application"):
        fault = fault_of(facts, entry)
        if isinstance(fault, Unreadable):
            yield ignorance(facts, secret, fault)
        elif fault is not None and isinstance(entry.principal, ServicePrincipal):
            yield _faulty(facts, secret, entry, entry.principal, fault)


def _faulty(facts: Facts, secret: PullSecret, entry: SecretEntry, principal: ServicePrincipal, fault: str) -> Finding:
    used = UsedEntry.of(entry)
    if fault in (LOST, DISABLED):
        lost = fault == LOST
        problem = "does not exist in the registry's tenant" if lost else "is disabled"
        return found(SERVICE_PRINCIPAL_UNKNOWN, facts, secret, used, Principal(problem, lost))
    if fault == EXPIRED:
        ends = [one.end for one in shown_passwords(principal)]
        return found(SERVICE_PRINCIPAL_EXPIRED, facts, secret, used, NothingHolds(len(ends), last_of(ends)))
    mode = known(facts.registry).role_assignment_mode
    lacking = NoRole(known(principal.object_id) or "", None if isinstance(mode, Unreadable) else mode)
    return found(SERVICE_PRINCIPAL_NO_ROLE, facts, secret, used, lacking)
