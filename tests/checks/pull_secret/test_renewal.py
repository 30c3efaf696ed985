"""How a pull secret gets another credential: nothing is deleted, and no entry is lost."""

import json
import shlex
from dataclasses import replace

import pytest

from azext_acrpulldiag.checks.pull_secret import secrets as checks
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Kubernetes, Offer, Options
from tests import build
from tests.build.ids import GET_CREDENTIALS

KUBECTL = "kubectl --kubeconfig ./prod.kubeconfig"
REFUSED = Offer(False, 401, "token", "team/app")
BAD = build.pull_secret(build.secret_entry(offers=(REFUSED,)))
OTHERS = (*BAD.hosts, "index.docker.io")
MALFORMED = {"malformed": "its data is not JSON", "hosts": (), "entries": ()}
NO_ROLE = build.access(effective=(), at_scope=())


def remedies(secret, *pods, options=None, check=checks.the_registry_accepts_every_credential):
    of = build.pull_secret_facts((secret,), access=NO_ROLE, options=options or Options())
    if pods:
        of = replace(of, kubernetes=Kubernetes(nodes=(), failing=pods, pulled=()))
    return [each for found in evaluate(check, of) for each in found.remedies if each.option == 1]


def commands(secret, *pods, **more):
    return [each.command for each in remedies(secret, *pods, **more) if each.command]


def pod(name="web-1", **changes):
    return replace(build.failing_container(name), **changes)


def test_a_secret_of_one_entry_is_written_over():
    *_, last = commands(BAD)
    assert last.startswith(f"{KUBECTL} create secret docker-registry regcred --namespace team ")
    assert last.endswith(
        f"--dry-run=client -o yaml | {KUBECTL} apply --server-side --force-conflicts --namespace team -f -"
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"immutable": True}, "immutable"),
        ({"secret_type": "kubernetes.io/dockercfg"}, "type"),
        ({"hosts": OTHERS}, "entries for other hosts"),
        ({"hosts": ("*.azurecr.io",)}, "other registries"),
        ({"hosts": ("otherreg.azurecr.io",)}, "other registries"),
    ],
)
def test_any_other_is_left_as_it_is_and_one_is_made_beside_it(changes, why):
    steps = remedies(replace(BAD, **changes), pod(owner="Deployment/web", pull_secrets=("regcred", "hub")))
    create, patch = steps[-2:]
    assert why in create.description
    assert create.command.startswith(f"{KUBECTL} create secret docker-registry regcred-acr --namespace team ")
    assert "apply" not in create.command
    words = shlex.split(patch.command)
    assert words[3:8] == ["patch", "deployment/web", "--namespace", "team", "--type"]
    named = json.loads(words[-1])["spec"]["template"]["spec"]["imagePullSecrets"]
    assert named == [{"name": "regcred"}, {"name": "hub"}, {"name": "regcred-acr"}]
    assert not any("delete" in (each.command or "") for each in steps)


def test_one_that_breaks_every_pull_is_named_no_more_and_kept():
    broken = build.pull_secret(**MALFORMED, breaks_every_pull=True)
    steps = remedies(
        broken, pod(owner="StatefulSet/db", pull_secrets=("regcred",)), check=checks.every_secret_can_be_used
    )
    patch = json.loads(shlex.split(steps[-1].command)[-1])
    assert patch["spec"]["template"]["spec"]["imagePullSecrets"] == [
        {"name": "regcred-acr"},
        {"$patch": "delete", "name": "regcred"},
    ]
    assert steps[-1].description == "Name it in place of regcred in statefulset/db"


def test_a_service_account_gets_it_at_the_end_of_its_list():
    *_, patch = commands(replace(BAD, immutable=True, named_by=("pod/web-1", "serviceaccount/default")), pod())
    words = shlex.split(patch)
    assert (words[4], words[words.index("--type") + 1]) == ("serviceaccount/default", "json")
    addition = {"op": "add", "path": "/imagePullSecrets/-", "value": {"name": "regcred-acr"}}
    assert json.loads(words[-1]) == [addition]


@pytest.mark.parametrize("owner", [None, "Job/nightly", "Rollout/web"])
def test_whose_pods_cannot_be_changed_by_a_command_is_told_in_words(owner):
    last = remedies(replace(BAD, immutable=True), pod(owner=owner))[-1]
    assert (last.command, last.description) == (
        None,
        "Name regcred-acr beside regcred under imagePullSecrets of pod/web-1",
    )


def test_many_are_named_in_short():
    names = tuple(f"pod/web-{number}" for number in range(40))
    last = remedies(replace(BAD, immutable=True, named_by=names), pod("other"))[-1]
    assert last.description.endswith("pod/web-17, 30 more")


def test_what_a_controller_writes_is_mended_at_its_owner():
    steps = remedies(replace(BAD, owner="ExternalSecret/regcred"))
    assert not any("kubectl" in (each.command or "") for each in steps)
    assert "ExternalSecret/regcred" in steps[-1].description


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        (Options(kubeconfig="~/my file"), "--kubeconfig '~/my file'"),
        (Options(context="prod-admin"), "--context prod-admin"),
        (Options(kubeconfig="/k", context="c"), "--kubeconfig /k --context c"),
    ],
)
def test_the_users_own_kubeconfig_is_used(options, flags):
    given = commands(BAD, options=options)
    assert GET_CREDENTIALS not in given
    assert given[-1].count(f"kubectl {flags} ") == 2


def test_no_command_acts_on_whatever_context_is_current():
    for secret in (BAD, replace(BAD, immutable=True), replace(BAD, hosts=OTHERS)):
        first, *others = commands(secret, pod(owner="Deployment/web"))
        assert first == GET_CREDENTIALS
        for command in others:
            assert command.count("kubectl ") == command.count(f"{KUBECTL} ")
