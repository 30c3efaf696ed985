"""What bad input gets: az's own errors, the nearest names, and never a traceback."""

from __future__ import annotations

import re
import time

import pytest

from tests import build
from tests.azure.az import Az
from tests.azure.state import Cloud

from .running import assert_clean, assert_promises, cluster_id, run

COMMAND = ("aks", "diagnose-pull")
REGISTRY = ("--acr", "contosoreg")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("-g", "rg-app", "-n", "prd"), "Did you mean prod in rg-app?"),
        (("-g", "rg-ap", "-n", "prod"), "prod in rg-app"),
        (("-g", "rg-shared", "-n", "prod"), "prod in rg-app"),
        (("-g", "rg-ap", "-n", "something"), "rg-app"),
        (("-g", "nothing-like-it", "-n", "something"), "az aks list"),
    ],
)
def test_an_unknown_cluster_is_not_found_and_near_names_are_told(
    warm_az: Az, command: tuple[str, ...], said: str
) -> None:
    done = run(warm_az, *REGISTRY, command=(*COMMAND, *command))
    assert_clean(done)
    assert (done.result.code, done.result.out) == (3, "")
    assert "was not found in resource group" in done.result.err
    assert said in done.result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--acr", "/subscriptions/x/contosoreg"), "is not the resource ID of a registry"),
        (("--acr", build.REGISTRY_ID.replace("registries", "registry")), "is not the resource ID of a registry"),
        (("--acr", "contosoreg.azurecr.cn"), "is not a login server of this cloud"),
        (("--acr", "contosoreg.azurecr.io.evil.example"), "is not a login server of this cloud"),
        (("--acr", "https://contosoreg.azurecr.io"), "leave out scheme"),
        (("--acr", "contosoreg.azurecr.io/team/app:1.2"), "is not a login server"),
        (("--acr", "abc"), "5 to 50 letters and digits"),
        (("--acr", "contoso-reg"), "5 to 50 letters and digits"),
        (("--acr", ""), "The registry is empty"),
        (("--acr", "contosoreg", "--image", "shop/web:v1"), "would be pulled from docker.io"),
        (("--acr", "contosoreg", "--image", "docker.io/shop/web:v1"), "contosoreg.azurecr.io/shop/web:v1"),
        (("--acr", "contosoreg", "--image", "localhost/shop/web:v1"), "would be pulled from localhost"),
        (("--acr", "contosoreg", "--image", "Shop/web:v1"), "would be pulled from Shop"),
        (("--image", "shop/web:v1"), "REGISTRY.azurecr.io/shop/web:v1"),
        (("--image", "shop/Web:v1"), "upper-case letters"),
        (("--cluster-access", "none"), "No registry was named"),
        (("--acr", "contosoreg", "--skip", "nothing"), "--skip 'nothing' is no category or check id"),
        (("--acr", "contosoreg", "--timeout", "0"), "expected 1 to 3600 seconds"),
        (("--acr", "contosoreg", "--timeout", "nan"), "expected 1 to 3600 seconds"),
        (("--acr", "contosoreg", "--expiry-days", "-1"), "expected zero or more days"),
        (("--acr", "contosoreg", "--check-acr"), "Add --yes"),
    ],
)
def test_a_malformed_argument_is_a_usage_error(
    warm_az: Az, cloud: Cloud, arguments: tuple[str, ...], said: str
) -> None:
    done = run(warm_az, *arguments)
    assert_clean(done)
    assert (done.result.code in (1, 2), done.result.out) == (True, "")
    assert said in done.result.err
    assert not done.requests


def test_nobody_is_logged_in(az: Az) -> None:
    az.logged_in()
    az.run("account", "clear")
    done = run(az, *REGISTRY)
    assert_clean(done)
    assert (done.result.code, done.result.out) == (1, "")
    assert "Please run 'az login' to setup account." in done.result.err


def test_a_login_that_has_ended_is_told_in_azs_words(az: Az, cloud: Cloud) -> None:
    az.logged_in()
    forget_tokens(az)
    cloud.refuse_login()
    done = run(az, *REGISTRY)
    assert_clean(done)
    assert (done.result.code, done.result.out) == (1, "")
    assert "AADSTS7000222" in done.result.err
    assert "az login" in done.result.err


def test_no_network_is_azs_own_error(az: Az) -> None:
    az.logged_in()
    done = run(az, *REGISTRY, env={"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"})
    assert "Traceback" not in done.result.err
    assert (done.result.code, done.result.out) == (1, "")
    assert "proxy" in done.result.err.lower()


def test_a_page_of_a_proxys_is_no_answer_of_azures(warm_az: Az, cloud: Cloud) -> None:
    cloud.fault("/managedClusters/prod", "html")
    done = run(warm_az, *REGISTRY)
    assert_clean(done)
    assert (done.result.code, done.result.out) == (1, "")
    assert "in place of Azure Resource Manager" in done.result.err


def test_with_several_clusters_there_is_a_report_of_each_that_does_not_answer(warm_az: Az, cloud: Cloud) -> None:
    cloud.fault("/managedClusters/prod", "html")
    there = cloud.cluster["id"]
    command = ("aks", "diagnose-pull", "--ids", there, there.replace("/prod", "/gone"))
    done = run(warm_az, *REGISTRY, command=command)
    assert_clean(done)
    assert (done.result.code, len(done.report)) == (5, 2)
    assert {each["verdict"] for each in done.report} == {"inconclusive"}


def test_an_image_of_another_registry_does_not_pass_the_gate(warm_az: Az) -> None:
    done = run(warm_az, *REGISTRY, "--image", "nginx:1.29")
    assert_clean(done)
    assert (done.result.code, done.result.out) == (1, "")
    assert "docker.io" in done.result.err
    assert "contosoreg.azurecr.io/nginx:1.29" in done.result.err


def test_everything_left_out_is_refused(warm_az: Az) -> None:
    done = run(warm_az, *REGISTRY, "--only", "access", "--skip", "access")
    assert_clean(done)
    assert (done.result.code, done.result.out) == (1, "")
    assert "leave out every check" in done.result.err
    assert not done.requests


def test_what_is_judged_alone_is_said(warm_az: Az, cloud: Cloud) -> None:
    cloud.grant()
    done = run(warm_az, *REGISTRY, "--only", "cluster")
    assert_promises(done)
    assert done.report["verdict"] == "healthy"
    assert done.report["summary"].startswith("Of what was judged (only cluster): ")


def test_a_caller_without_any_right_learns_which_to_ask_for(warm_az: Az, cloud: Cloud) -> None:
    cloud.grant()
    cloud.caller_grants = []
    done = run(warm_az, *REGISTRY)
    assert_promises(done)
    assert (done.result.code, done.report["verdict"]) == (5, "inconclusive")
    permissions = {each["permission"] for each in done.report["unknowns"]}
    assert permissions == {
        "Microsoft.ContainerService/managedClusters/read",
        "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
        "Microsoft.ContainerRegistry/registries/read",
    }


@pytest.mark.parametrize("kind", ["timeout", "drip"])
def test_a_tiny_time_limit_ends_in_a_report_that_says_so(warm_az: Az, cloud: Cloud, kind: str) -> None:
    warm_az.logged_in()
    cloud.fault("management.azure.com", kind)
    began = time.monotonic()
    done = run(warm_az, *REGISTRY, "--timeout", "2")
    assert time.monotonic() - began < 2 + 60
    assert_promises(done)
    assert done.result.code == 5
    reasons = {each["reason"] for each in done.report["unknowns"]}
    assert all(re.search("time|timed out|slowly|did not finish", reason) for reason in reasons), reasons


def test_several_clusters_each_get_a_report_and_the_worst_code_counts(warm_az: Az, cloud: Cloud) -> None:
    done = run(warm_az, *REGISTRY, "--ids", cluster_id("prd"), cluster_id(), command=COMMAND)
    assert_clean(done)
    verdicts = {each["target"]["cluster"]["name"]: each["verdict"] for each in done.report}
    assert verdicts == {"prod": "broken", "prd": "inconclusive"}
    assert done.result.code == 4


def test_a_missing_cluster_among_several_is_inconclusive(warm_az: Az, cloud: Cloud) -> None:
    cloud.grant()
    done = run(warm_az, *REGISTRY, "--ids", cluster_id(), cluster_id("prd"), command=COMMAND)
    assert_clean(done)
    assert done.result.code == 5
    missing = next(each for each in done.report if each["target"]["cluster"]["name"] == "prd")
    assert "was not found" in missing["unknowns"][0]["reason"]


def forget_tokens(az: Az) -> None:
    """Make the next command ask for a token."""
    for cache in az.config.glob("msal_token_cache*"):
        cache.unlink()
