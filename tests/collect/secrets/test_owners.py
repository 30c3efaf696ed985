"""Who writes a secret: what proves it, and what does not."""

import pytest

from azext_acrpulldiag.collect.secrets.owners import owner_of_secret
from tests.recordings import body


def secret(**metadata):
    return {**body("k8s/docs_secret_dockerconfigjson"), "metadata": {"name": "regcred", **metadata}}


def owner(kind, name="regcred", **changes):
    return {"apiVersion": "v1", "kind": kind, "name": name, "uid": "1", **changes}


@pytest.mark.parametrize(
    ("metadata", "who"),
    [
        ({"ownerReferences": [owner("ExternalSecret", controller=True)]}, "ExternalSecret/regcred"),
        ({"ownerReferences": [owner("Other"), owner("SealedSecret", controller=True)]}, "SealedSecret/regcred"),
        ({"ownerReferences": [owner("ExternalSecret", "acr")]}, "ExternalSecret/acr"),
        ({"labels": {"reconcile.external-secrets.io/managed": "true"}}, "an ExternalSecret"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Kustomization/apps"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:/Secret:shop/regcred"}}, "Application/shop"),
        (
            {
                "ownerReferences": [owner("SealedSecret", controller=True)],
                "annotations": {"argocd.argoproj.io/tracking-id": "shop:/Secret:shop/regcred"},
            },
            "SealedSecret/regcred",
        ),
    ],
)
def test_a_controller_that_would_write_it_again(metadata, who):
    assert owner_of_secret(secret(**metadata)) == who


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": {"meta.helm.sh/release-name": "shop"}},
        {"labels": {"app.kubernetes.io/instance": "shop"}},
        {"labels": {"reconcile.external-secrets.io/managed": "false"}},
        {"annotations": {"argocd.argoproj.io/tracking-id": ""}},
        {"annotations": {"argocd.argoproj.io/tracking-id": ["a"]}, "labels": "x", "ownerReferences": {}},
        {"ownerReferences": []},
    ],
)
def test_what_proves_nothing(metadata):
    assert owner_of_secret(secret(**metadata)) is None
