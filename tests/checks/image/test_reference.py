from __future__ import annotations

import pytest

from azext_acrpulldiag.checks.image import reference as checks
from azext_acrpulldiag.diagnosis.evaluate import evaluate
from azext_acrpulldiag.facts import Options, Unreadable
from azext_acrpulldiag.images.references import parse_reference
from azext_acrpulldiag.model import Confidence, Status
from azext_acrpulldiag.quoting import placeholders
from azext_acrpulldiag.repairs import steps_of
from tests.build import (
    CLUSTER_ID,
    SUBSCRIPTION,
    agent_pool,
    cluster,
    failing,
    failing_pods_facts,
    healthy_facts,
    registry,
    replication,
)

AT = f"--subscription {SUBSCRIPTION}"

ALL = (checks.reference_is_valid, checks.host_is_the_login_server, checks.nodes_know_regional_hosts)
FORBIDDEN = Unreadable("forbidden", "Not allowed to read it", permission="x/read")
LABELLED = registry(login_server="contosoreg-a1b2c3.azurecr.io")
REGIONAL = "contosoreg.westeurope.geo.azurecr.io/web:1"
OLD = "AKSUbuntu-2204gen2containerd-202607.28.0"


def facts(text: str, **changes: object):
    try:
        options = Options(image=parse_reference(text), image_text=text)
    except ValueError:
        options = Options(image=None, image_text=text)
    return healthy_facts(options=options, **changes)


def one(check, given):
    (finding,) = evaluate(check, given)
    return finding


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_without_an_image_nothing_applies(check):
    assert one(check, healthy_facts()).status is Status.SKIPPED


@pytest.mark.parametrize("text", ["contosoreg.azurecr.io/web:1", "nginx", "contosoreg.azureacr.io/web"])
def test_a_valid_reference_passes(text):
    assert one(checks.reference_is_valid, facts(text)).status is Status.PASS


@pytest.mark.parametrize("text", ["///:::", "https://contosoreg.azurecr.io/web", "contosoreg.azurecr.io/Web:1", ""])
def test_an_invalid_reference(text):
    finding = one(checks.reference_is_valid, facts(text))
    assert (finding.outcome, finding.evidence["image"]) == ("image.invalid-reference", text)
    assert finding.remedies[0].command == f"az acr repository list --name contosoreg {AT} --output table"


def test_an_invalid_reference_is_found_without_a_readable_registry():
    finding = one(checks.reference_is_valid, facts("///:::", registry=FORBIDDEN))
    assert (finding.outcome, finding.remedies[0].command) == ("image.invalid-reference", None)


@pytest.mark.parametrize(
    ("text", "outcome", "suggestion"),
    [
        ("contosoreg.azureacr.io/web:1", "image.login-server-typo", "contosoreg.azurecr.io/web:1"),
        ("contosoreg.azurecr.com/a/web:1", "image.login-server-typo", "contosoreg.azurecr.io/a/web:1"),
        ("contosoreg.azurecr.us/web:1", "image.login-server-typo", "contosoreg.azurecr.io/web:1"),
        ("contosoreg.privatelink.azurecr.io/web", "image.login-server-typo", "contosoreg.azurecr.io/web:latest"),
        ("contosoreg/web:1", "image.login-server-typo", "contosoreg.azurecr.io/web:1"),
        ("contosoreg.azurecr.io:443/web:1", "image.login-server-mismatch", "contosoreg.azurecr.io/web:1"),
        ("contosoreg.westeurope.data.azurecr.io/web:1", "image.login-server-mismatch", "contosoreg.azurecr.io/web:1"),
        ("contosreg.azurecr.io/web:1", "image.login-server-mismatch", "contosoreg.azurecr.io/web:1"),
    ],
)
def test_a_host_that_only_looks_like_the_login_server(text, outcome, suggestion):
    finding = one(checks.host_is_the_login_server, facts(text))
    assert (finding.outcome, finding.evidence["suggestion"]) == (outcome, suggestion)
    assert finding.remedies[0].command == (
        f"az acr repository show --name contosoreg --image {suggestion.partition('/')[2]} {AT}"
    )


def test_a_digest_is_looked_up_without_its_tag():
    digest = "sha256:" + "a" * 64
    finding = one(checks.host_is_the_login_server, facts(f"contosoreg.azureacr.io/web:1@{digest}"))
    assert finding.evidence["path"] == f"web@{digest}"


def test_the_short_form_of_a_labelled_host_is_a_mismatch():
    finding = one(checks.host_is_the_login_server, facts("contosoreg.azurecr.io/web:1", registry=LABELLED))
    assert finding.outcome == "image.login-server-mismatch"
    assert finding.confidence is Confidence.OBSERVED


@pytest.mark.parametrize("text", ["contosreg.azurecr.io/web:1", "contosoreg.azurecr.io:443/web:1"])
def test_one_letter_or_a_port_is_an_inference(text):
    finding = one(checks.host_is_the_login_server, facts(text))
    assert finding.confidence is Confidence.INFERRED


@pytest.mark.parametrize("text", ["contosoreg.azurecr.io/web:1", "ContosoReg.azurecr.io/web:1", REGIONAL])
def test_hosts_of_the_registry_pass(text):
    assert one(checks.host_is_the_login_server, facts(text)).status is Status.PASS


@pytest.mark.parametrize("text", ["nginx", "fabrikam.azurecr.io/web:1", "contosoreg2.azurecr.io/web:1"])
def test_a_plainly_different_registry_is_out_of_scope(text):
    assert one(checks.host_is_the_login_server, facts(text)).status is Status.SKIPPED


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("contosoreg-zzz.azurecr.io/web:1", registry()),
        ("contosoreg-zzz.azurecr.io/web:1", LABELLED),
    ],
)
def test_the_image_that_was_named_is_at_the_registry_that_was_named(text, found):
    finding = one(checks.host_is_the_login_server, facts(text, registry=found))
    assert finding.outcome == "image.login-server-mismatch"
    assert finding.evidence["suggestion"] == f"{found.login_server}/web:1"


def test_a_pods_registry_with_another_label_is_another():
    waiting = failing_pods_facts((failing(image="contosoreg-zzz.azurecr.io/web:1"),))
    assert one(checks.host_is_the_login_server, waiting).status is Status.SKIPPED


@pytest.mark.parametrize("check", ALL[1:], ids=lambda check: check.id)
def test_an_unreadable_registry_leaves_the_host_unknown(check):
    assert one(check, facts(REGIONAL, registry=FORBIDDEN)).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "version", [OLD, "AKSWindows-2022-containerd-20348.1787.230614", "AKSAzureLinux-V3gen2-202512.30.1"]
)
def test_old_node_images_do_not_know_regional_hosts(version):
    pools = (agent_pool("pool1"), agent_pool("old", node_image_version=version))
    finding = one(checks.nodes_know_regional_hosts, facts(REGIONAL, cluster=cluster(agent_pools=pools)))
    assert (finding.outcome, finding.resource) == ("image.regional-host-unsupported", f"{CLUSTER_ID}/agentPools/old")
    assert finding.remedies[0].command == (
        f"az aks nodepool upgrade --resource-group rg-app --cluster-name prod --name old {AT} --node-image-only"
    )


@pytest.mark.parametrize(
    "version", ["AKSUbuntu-2204gen2containerd-202607.29.0", "AKSWindows-2022-containerd-20348.1.260729"]
)
def test_newer_node_images_pass(version):
    pools = (agent_pool(node_image_version=version),)
    finding = one(checks.nodes_know_regional_hosts, facts(REGIONAL, cluster=cluster(agent_pools=pools)))
    assert finding.status is Status.PASS


def test_regional_hosts_are_judged_only_where_one_is_named():
    pools = (agent_pool(node_image_version=OLD),)
    given = facts("contosoreg.azurecr.io/web:1", cluster=cluster(agent_pools=pools))
    assert one(checks.nodes_know_regional_hosts, given).status is Status.SKIPPED


@pytest.mark.parametrize("version", [FORBIDDEN, "custom-image"])
def test_a_pool_without_a_date_is_unknown_and_the_others_are_judged(version):
    pools = (agent_pool("odd", node_image_version=version), agent_pool("old", node_image_version=OLD))
    found = evaluate(checks.nodes_know_regional_hosts, facts(REGIONAL, cluster=cluster(agent_pools=pools)))
    assert [finding.status for finding in found] == [Status.UNKNOWN, Status.FAIL]


@pytest.mark.parametrize("changes", [{"cluster": FORBIDDEN}, {"cluster": cluster(agent_pools=FORBIDDEN)}])
def test_unreadable_pools_are_unknown(changes):
    assert one(checks.nodes_know_regional_hosts, facts(REGIONAL, **changes)).status is Status.UNKNOWN


@pytest.mark.parametrize("outcome", [outcome for check in ALL for outcome in check.outcomes], ids=lambda o: o.id)
def test_templates_use_evidence_keys(outcome):
    wanted = placeholders(outcome.summary).union(*(step.names for step in steps_of(outcome.repairs)))
    assert wanted <= set(outcome.evidence_keys)


# --- regional hosts ------------------------------------------------------------------------

ELSEWHERE = "contosoreg.northeurope.geo.azurecr.io/web:1"


def test_a_regional_host_is_one_where_the_registry_has_a_replica():
    there = (replication("westeurope"), replication("northeurope"))
    assert one(checks.host_is_the_login_server, facts(ELSEWHERE, replications=there)).status is Status.PASS
    finding = one(checks.host_is_the_login_server, facts(ELSEWHERE))
    assert (finding.outcome, finding.evidence["suggestion"]) == (
        "image.login-server-mismatch",
        "contosoreg.azurecr.io/web:1",
    )
    assert "no replica in northeurope" in finding.summary


def test_a_regional_host_that_the_registry_shows_needs_no_replications():
    listed = registry(regional_hosts=("contosoreg.NorthEurope.geo.azurecr.io",))
    by_data = registry(data_endpoint_hosts=("contosoreg.northeurope.data.azurecr.io",))
    for shown in (listed, by_data):
        given = facts(ELSEWHERE, registry=shown, replications=FORBIDDEN)
        assert one(checks.host_is_the_login_server, given).status is Status.PASS
    assert one(checks.host_is_the_login_server, facts(ELSEWHERE, replications=FORBIDDEN)).status is Status.UNKNOWN


# --- what pods name ----------------------------------------------------------------------


def waiting_on(*images: str, **changes: object):
    return failing_pods_facts(tuple(failing(image=image, pod=f"web-{n}") for n, image in enumerate(images)), **changes)


def test_an_invalid_reference_of_a_pod():
    finding = one(checks.reference_is_valid, waiting_on("contosoreg.azurecr.io/Web:1"))
    assert finding.outcome == "image.invalid-reference"
    assert finding.reach.images == {"contosoreg.azurecr.io/Web:1"}


def test_a_misspelt_host_of_pods_is_one_finding_about_all_its_images():
    typo = [f"contosoreg.azureacr.io/web:{tag}" for tag in (1, 2)]
    finding = one(checks.host_is_the_login_server, waiting_on(*typo, "contosoreg.azurecr.io/web:1"))
    assert (finding.outcome, finding.reach.images) == ("image.login-server-typo", set(typo))


def test_a_regional_host_of_pods():
    pools = (agent_pool(node_image_version=OLD),)
    finding = one(checks.nodes_know_regional_hosts, waiting_on(REGIONAL, cluster=cluster(agent_pools=pools)))
    assert (finding.outcome, finding.reach.pools, finding.reach.images) == (
        "image.regional-host-unsupported",
        {"pool1"},
        {REGIONAL},
    )


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_images_of_other_registries_are_no_matter(check):
    pods = (failing("manifest unknown", image="docker.io/Nginx:1"), failing("", image="fabrikam.azurecr.io/a"))
    assert one(check, failing_pods_facts(pods)).status is Status.SKIPPED


@pytest.mark.parametrize("check", ALL[:2], ids=lambda check: check.id)
def test_pods_that_were_not_read_leave_their_images_unknown(check):
    (finding,) = evaluate(check, facts("contosoreg.azurecr.io/web:1", kubernetes=FORBIDDEN))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)
