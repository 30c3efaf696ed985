"""Who writes a secret, as far as the secret itself proves it: a controller that would undo any change to it.

* Owner references: the External Secrets Operator (``creationPolicy: Owner``) and Sealed Secrets set one.
* A secret that the operator writes without owning it has its label ``reconcile.external-secrets.io/managed``
  (``apis/externalsecrets/v1/externalsecret_types.go`` of https://github.com/external-secrets/external-secrets).
* Flux labels what its kustomize-controller applies, and puts back what was changed
  (https://fluxcd.io/flux/components/kustomize/kustomizations/).
* Argo CD names the application in an annotation
  (https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/).

Helm's labels prove nothing: Helm writes when somebody calls it.
"""

from __future__ import annotations

from ..ask.arm import Json
from ..members import Body, or_empty, shown

_MANAGED = "reconcile.external-secrets.io/managed"
_FLUX = ("kustomize.toolkit.fluxcd.io/name", "Kustomization")
_ARGO = "argocd.argoproj.io/tracking-id"


def owner_of_secret(content: Json) -> str | None:
    """Return kind and name of who writes the secret (``ExternalSecret/regcred``); ``None``: nobody is known to."""
    secret = Body(content)
    return _by_reference(secret) or _by_marks(secret)


def _by_reference(secret: Body) -> str | None:
    """The controller among the owners, else whoever is listed first."""
    listed = shown(secret.objects, "metadata", "ownerReferences")
    owners = listed if isinstance(listed, tuple) else ()
    first = next((each for each in owners if each.json.get("controller") is True), owners[0] if owners else None)
    return None if first is None else f"{or_empty(first.text, 'kind')}/{or_empty(first.text, 'name')}"


def _by_marks(secret: Body) -> str | None:
    """Who is named by labels and annotations. Argo CD writes ``application:group/kind:namespace/name``."""
    if or_empty(secret.text, "metadata", "labels", _MANAGED) == "true":
        return "an ExternalSecret"
    label, kind = _FLUX
    if name := or_empty(secret.text, "metadata", "labels", label):
        return f"{kind}/{name}"
    application = or_empty(secret.text, "metadata", "annotations", _ARGO).partition(":")[0]
    return f"Application/{application}" if application else None
