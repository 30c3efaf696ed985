"""Check on images that nodes ask this registry for under another host's name: who do nodes come as?"""

from __future__ import annotations

from collections.abc import Iterator

from ...catalogue import Outcome, check, skipped
from ...facts import Facts, Unreadable, known
from ...images.mirrors import is_bootstrap_registry, is_mirrored
from ...images.references import host_of, parse_reference, resemblance_of, written
from ...model import Finding, Reach, SeenFrom, Severity
from ...pull_errors.symptoms import FailedPull, failed_pulls, scope_unread
from ...quoting import printable
from .._kubectl import Kubectl
from .._kubernetes import failing_pods_of, pod_names
from ._set_image import BY_ITS_WHOLE_NAME, OtherName, set_images

_REFUSED, _NOBODY = "unauthorized-401", "anonymous"
_NONE = "No failing pod is known to ask the registry under another host's name."


HOST_WITHOUT_CREDENTIAL = Outcome(
    id="image.host-without-credential",
    severity=Severity.ERROR,
    summary="Nodes ask {login_server} for {image} by way of the host {host}, and come as nobody: kubelet offers the "
    "cluster's credential only for images that name a host of Azure Container Registry.",
    url="https://learn.microsoft.com/azure/aks/cluster-container-registry-integration",
    seen_from=SeenFrom.KUBERNETES,
    details=(OtherName, Kubectl),
    repairs=BY_ITS_WHOLE_NAME,
    explains=(_REFUSED,),
)


@check(
    "image.credential-host",
    needs=("kubernetes", "registry", "cluster", "options"),
    outcomes=(HOST_WITHOUT_CREDENTIAL,),
    seen_from=SeenFrom.KUBERNETES,
)
def nodes_bring_their_credential(facts: Facts) -> Iterator[Finding]:
    """What nodes ask the registry for under another host's name is asked for with a credential.

    A mirror that is configured for containerd, or a proxy with a name of its own, leads nodes to this registry for an
    image that names another host. Kubelet chooses credentials by the host that the pod names, and asks its credential
    provider only for ``*.azurecr.io`` and its kin (``matchImages``, written by
    ``parts/linux/cloud-init/artifacts/cse_config.sh`` of https://github.com/Azure/AgentBaker), so such a pull is
    anonymous whatever role the identity has. Decided by the messages of failing pods: one that shows a request to this
    registry, of an image with another host, refused with 401 for want of a credential. Images of mcr.microsoft.com
    that a network-isolated cluster gets through its bootstrap registry are excepted: for these the provider is asked.
    """
    failing = failing_pods_of(facts)
    if isinstance(failing, Unreadable) or not failing:
        yield skipped(facts.targets.cluster.id, _NONE)
        return
    known(scope_unread(facts))
    server = known(facts.registry).login_server
    others = [pull for pull in failed_pulls(facts)[0] if _by_another_name(pull, server, facts)]
    if not others:
        yield skipped(facts.targets.cluster.id, _NONE)
    refused: dict[str, list[FailedPull]] = {}
    for pull in others:
        if pull.symptom_class == _REFUSED and pull.error.credential == _NOBODY:
            refused.setdefault(pull.container.image, []).append(pull)
    for image, pulls in refused.items():
        yield _without_credential(image, pulls, server, facts)


def _by_another_name(pull: FailedPull, login_server: str, facts: Facts) -> bool:
    """A host that is nearly the login server is misspelt, and told of as such."""
    text = pull.container.image
    if pull.asked is None or (is_mirrored(text) and is_bootstrap_registry(facts)):
        return False
    try:
        return resemblance_of(parse_reference(text), login_server) is None
    except ValueError:
        return False


def _without_credential(image: str, pulls: list[FailedPull], login_server: str, facts: Facts) -> Finding:
    asked = pulls[0].asked
    found = OtherName(
        image=printable(image),
        host=printable(host_of(image)),
        login_server=login_server,
        suggestion=written(asked) if asked else login_server,
        pods=pod_names(pull.container for pull in pulls),
        set_images=set_images(pull.container for pull in pulls),
    )
    return HOST_WITHOUT_CREDENTIAL.at(found.image, found, Kubectl.of(facts), reach=Reach(images=frozenset({image})))
