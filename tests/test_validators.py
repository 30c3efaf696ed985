"""Arguments are refused before anything is asked of Azure, in every cloud by its own names."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from azext_acrpulldiag._validators import (
    GIVEN_SUBSCRIPTION,
    SEVERAL_CLUSTERS,
    login_server_suffix,
    narrowed,
    registry_of_image,
    validate_diagnose_pull,
)
from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.diagnosis.evaluate import left_out

errors = pytest.importorskip("azure.cli.core.azclierror", reason="azure-cli is not installed")
clouds = pytest.importorskip("azure.cli.core.cloud")


def command(cloud=clouds.AZURE_PUBLIC_CLOUD):
    return SimpleNamespace(cli_ctx=SimpleNamespace(cloud=cloud, data={}))


def arguments(**given):
    defaults = {"acr": "contosoreg", "image": None, "skip": None, "only": None, "check_acr": False, "yes": False}
    defaults["probe"] = False
    of_pods = {"namespace": None, "pod": None, "cluster_access": "auto", "kubeconfig": None, "context": None}
    of_all = {"all_clusters": False}
    of_secrets = {"pull_secret": None, "no_credential_test": False}
    of_cluster = {"resource_group_name": "rg-app", "name": "prod", "snapshot": None, "save_snapshot": None}
    of_cluster["report"] = None
    return SimpleNamespace(
        **{**defaults, **of_cluster, **of_all, **of_pods, **of_secrets, "expiry_days": None, "timeout": None, **given}
    )


def refused(error, cmd=None, **given):
    with pytest.raises(error) as raised:
        validate_diagnose_pull(cmd or command(), arguments(**given))
    return str(raised.value)


CLOUDS = [
    (clouds.AZURE_PUBLIC_CLOUD, ".azurecr.io"),
    (clouds.AZURE_US_GOV_CLOUD, ".azurecr.us"),
    (clouds.AZURE_CHINA_CLOUD, ".azurecr.cn"),
]
each_cloud = pytest.mark.parametrize(("cloud", "suffix"), CLOUDS, ids=lambda value: getattr(value, "name", None))


@each_cloud
def test_login_servers_are_those_of_the_active_cloud(cloud, suffix):
    assert login_server_suffix(command(cloud).cli_ctx) == suffix
    validate_diagnose_pull(command(cloud), arguments(acr=f"contosoreg-a1b2c3{suffix}"))
    validate_diagnose_pull(command(cloud), arguments(acr=None, image=f"contosoreg{suffix}/team/app:1.2"))


@each_cloud
def test_another_clouds_login_server_is_refused(cloud, suffix):
    for other in {other for _, other in CLOUDS} - {suffix}:
        said = refused(errors.InvalidArgumentValueError, command(cloud), acr=f"contosoreg{other}")
        assert said.startswith("--acr")
        assert repr(suffix) in said


def test_no_registry_is_named():
    validate_diagnose_pull(command(), arguments(acr=None))  # failing pods may name one
    said = refused(errors.RequiredArgumentMissingError, acr=None, cluster_access="none")
    assert said.startswith("No registry was named")


@pytest.mark.parametrize(
    ("acr", "image", "host", "meant"),
    [
        (None, "nginx", "docker.io", "REGISTRY.azurecr.io/nginx:latest"),
        (None, "team/app:1.2", "docker.io", "REGISTRY.azurecr.io/team/app:1.2"),
        ("contosoreg", "nginx", "docker.io", "contosoreg.azurecr.io/nginx:latest"),
        ("contosoreg", "shop/web:v1", "docker.io", "contosoreg.azurecr.io/shop/web:v1"),
        ("contosoreg", "docker.io/shop/web:v1", "docker.io", "contosoreg.azurecr.io/shop/web:v1"),
        ("contosoreg", "localhost/shop/web:v1", "localhost", "contosoreg.azurecr.io/shop/web:v1"),
        ("contosoreg", "localhost:5000/web:v1", "localhost:5000", "contosoreg.azurecr.io/web:v1"),
        ("contosoreg", "Shop/web:v1", "Shop", "contosoreg.azurecr.io/shop/web:v1"),
        ("contosoreg", "otherreg.azurecr.io/app:1", "otherreg.azurecr.io", "--acr otherreg.azurecr.io"),
        (None, "Shop/web:v1", "Shop", "REGISTRY.azurecr.io/shop/web:v1"),
        ("contosoreg", "ghcr.io/team/app:1.2", "ghcr.io", "contosoreg.azurecr.io/team/app:1.2"),
        ("contosoreg", "otherreg.azurecr.io/app:1", "otherreg.azurecr.io", "contosoreg.azurecr.io/app:1"),
        (
            "contosoreg-a1b2.azurecr.io",
            "mcr.microsoft.com/app:1",
            "mcr.microsoft.com",
            "contosoreg-a1b2.azurecr.io/app:1",
        ),
    ],
)
def test_an_image_that_another_registry_serves_is_refused(acr, image, host, meant):
    with pytest.raises(errors.InvalidArgumentValueError) as raised:
        validate_diagnose_pull(command(), arguments(acr=acr, image=image))
    assert host in str(raised.value)
    assert meant in str(raised.value.recommendations)


@pytest.mark.parametrize(
    ("acr", "image"),
    [
        ("contosoreg", "contosoreg.azurecr.io/team/app:1.2"),
        ("contosoreg", "contosoreg-a1b2.azurecr.io/team/app:1.2"),
        ("contosoreg-a1b2.azurecr.io", "contosoreg.azurecr.io/team/app:1.2"),
        ("contosoreg", "contosoreg.westeurope.geo.azurecr.io/team/app:1.2"),
        ("contosoreg", "contosoreg.azureacr.io/team/app:1.2"),
        ("contosoreg", "contosoreg/team/app:1.2"),
        ("contosoreg", "contosoreg.azurecr.io/Team/App:1.2"),
        ("contosoreg", "contosoreg.westeurope.data.azurecr.io/team/app:1.2"),
        (None, "contosoreg.azurecr.io/team/app:1.2"),
        (None, "contosoreg.azurecr.io/Team/App:1.2"),
        (None, "contosoreg.westeurope.geo.azurecr.io/team/app:1.2"),
        (None, "contosoreg.westeurope.data.azurecr.io/team/app:1.2"),
    ],
)
def test_an_image_of_the_registry_or_one_that_misspells_it_is_judged(acr, image):
    validate_diagnose_pull(command(), arguments(acr=acr, image=image))


@pytest.mark.parametrize("image", ["shop/Web:v1", "Shop/Web:v1", "shop/web:", "///:::", "", "web v1", "a" * 64])
def test_an_image_that_is_none_and_names_no_registry_is_refused(image):
    assert refused(errors.InvalidArgumentValueError, acr=None, image=image).startswith("--image: ")


def test_the_registry_of_a_regional_host_is_the_registry():
    assert registry_of_image("contosoreg.westeurope.geo.azurecr.io/a:1", ".azurecr.io") == "contosoreg.azurecr.io"
    assert registry_of_image("contosoreg.geo.azurecr.io.example.com/a:1", ".azurecr.io").endswith("example.com")
    assert registry_of_image("shop/web:v1", ".azurecr.io") is None


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"namespace": "Web"}, "--namespace"),
        ({"namespace": "w" * 64}, "--namespace"),
        ({"namespace": ""}, "--namespace"),
        ({"pod": "web,status.phase=Failed"}, "--pod"),
        ({"pod": "../secrets/x"}, "--pod"),
        ({"pod": "-web"}, "--pod"),
    ],
)
def test_names_are_those_that_kubernetes_allows(given, word):
    assert refused(errors.InvalidArgumentValueError, **given).startswith(word)


def test_names_of_kubernetes():
    validate_diagnose_pull(command(), arguments(namespace="kube-system", pod="web.example-0"))


def test_a_kubeconfig_names_one_cluster_and_is_used(tmp_path):
    path = tmp_path / "config"
    assert str(path) in refused(errors.FileOperationError, kubeconfig=str(path))
    path.write_text("{}", encoding="utf-8")
    validate_diagnose_pull(command(), arguments(kubeconfig=str(path), context="prod"))
    for wrong in ({"cluster_access": "none"}, {"cluster_access": "command-invoke"}, {"_ids": ["/a", "/b"]}):
        assert refused(errors.MutuallyExclusiveArgumentError, context="prod", **wrong).startswith("--context")


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"name": "prod"}, "--name"),
        ({"pod": "web-0"}, "--pod"),
        ({"check_acr": True}, "--check-acr"),
        ({"probe": True}, "--probe"),
        ({"kubeconfig": "config"}, "--kubeconfig"),
        ({"context": "prod"}, "--context"),
        ({"snapshot": "run.json"}, "--snapshot"),
        ({"_ids": ["/a"], "name": "prod"}, "--ids"),
    ],
)
def test_all_clusters_are_none_in_particular(given, option):
    said = refused(errors.MutuallyExclusiveArgumentError, all_clusters=True, **{"name": None, **given})
    assert said == f"{option} cannot be given with --all-clusters."


@pytest.mark.parametrize("given", [{"resource_group_name"}, set()])
def test_a_group_narrows_all_clusters_and_one_of_the_configuration_does_not(given):
    parser = SimpleNamespace(specified_arguments=given)
    asked = arguments(all_clusters=True, name=None, namespace="web", _parser=parser, _subscription="s1")
    cmd = command()
    validate_diagnose_pull(cmd, asked)
    assert asked.resource_group_name == ("rg-app" if given else None)
    assert cmd.cli_ctx.data[GIVEN_SUBSCRIPTION] == "s1"


def test_an_image_of_another_registry_is_no_registry_to_judge():
    said = refused(errors.InvalidArgumentValueError, acr=None, image="ghcr.io/team/app:1.2")
    assert said.startswith("--image")


def test_what_is_left_out_gets_its_default():
    given = arguments()
    validate_diagnose_pull(command(), given)
    assert (given.expiry_days, given.timeout) == (30, 60.0)


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({"expiry_days": -1}, "--expiry-days -1"),
        ({"timeout": 0.5}, "--timeout 0.5"),
        ({"timeout": 3601.0}, "--timeout 3601"),
        ({"timeout": float("nan")}, "--timeout nan"),
        ({"skip": ["network", "netwrok"]}, "--skip 'netwrok'"),
        ({"skip": ["network,netwrok"]}, "--skip 'netwrok'"),
    ],
)
def test_a_value_out_of_range_is_named(given, argument):
    assert refused(errors.InvalidArgumentValueError, **given).startswith(argument)


def test_categories_and_checks_may_be_skipped():
    given = arguments(skip=["network,registry.health", "image"], timeout=3600.0, expiry_days=0)
    validate_diagnose_pull(command(), given)
    assert given.skip == ["network", "registry.health", "image"]


def test_the_nearest_words_are_told():
    with pytest.raises(errors.InvalidArgumentValueError) as raised:
        validate_diagnose_pull(command(), arguments(skip=["netwrok"]))
    assert raised.value.recommendations[0].startswith("Did you mean network")


IN_ALL = {"all_clusters": True, "name": None, "cluster_access": "command-invoke"}


@pytest.mark.parametrize(("yes", "terminal"), [(True, False), (True, True), (False, True)])
def test_somebody_can_agree_to_start_a_pod(yes, terminal, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal, raising=False)
    validate_diagnose_pull(command(), arguments(check_acr=True, yes=yes))
    validate_diagnose_pull(command(), arguments(probe=True, yes=yes))
    validate_diagnose_pull(command(), arguments(**IN_ALL, yes=yes))


@pytest.mark.parametrize("stdin", [None, SimpleNamespace(isatty=lambda: False)])
@pytest.mark.parametrize("asked", [{"check_acr": True}, {"probe": True}, IN_ALL])
def test_nobody_can_agree_to_start_a_pod(asked, stdin, monkeypatch):
    monkeypatch.setattr(sys, "stdin", stdin)
    assert "nobody can be asked" in refused(errors.RequiredArgumentMissingError, **asked)


def test_who_names_one_cluster_and_the_way_through_commands_has_agreed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    validate_diagnose_pull(command(), arguments(cluster_access="command-invoke"))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"cluster_access": "none"}, "--cluster-access none does not ask it"),
        ({"cluster_access": "command-invoke"}, "--cluster-access command-invoke does not ask it"),
        ({"_ids": ["/a", "/b"]}, "--ids names several"),
        ({"skip": ["probe"]}, "leave its check out"),
        ({"only": ["access"]}, "leave its check out"),
    ],
)
def test_a_probe_that_could_start_no_pod_or_not_delete_it_is_refused(other, said):
    assert said in refused(errors.MutuallyExclusiveArgumentError, probe=True, yes=True, **other)


@pytest.mark.parametrize(
    ("given", "seconds"), [({}, 60.0), ({"probe": True}, 300.0), ({"probe": True, "timeout": 40.0}, 40.0)]
)
def test_a_run_that_pulls_takes_longer(given, seconds):
    checked = arguments(yes=True, **given)
    validate_diagnose_pull(command(), checked)
    assert checked.timeout == seconds


@pytest.mark.parametrize(("ids", "several"), [(None, False), (["/a"], False), (["/a", "/b"], True)])
def test_several_clusters_are_remembered(ids, several):
    cmd = command()
    validate_diagnose_pull(cmd, arguments(_ids=ids))
    assert cmd.cli_ctx.data[SEVERAL_CLUSTERS] is several


@pytest.mark.parametrize("name", ["", "Reg", "-a", "a-", "a/b", "../x", "a" * 254, "$(x)", "@file", "a\nb"])
def test_a_pull_secret_is_a_name(name):
    assert refused(errors.InvalidArgumentValueError, pull_secret=name).startswith("--pull-secret")


@pytest.mark.parametrize("name", ["a", "regcred", "acr.pull-1", "a" * 253])
def test_a_pull_secret_may_be_named(name):
    validate_diagnose_pull(command(), arguments(pull_secret=name))


@pytest.mark.parametrize(
    "other", [{"cluster_access": "none"}, {"cluster_access": "command-invoke"}, {"skip": ["pull-secret"]}]
)
def test_a_pull_secret_that_would_not_be_looked_at_is_refused(other):
    said = refused(errors.MutuallyExclusiveArgumentError, pull_secret="regcred", **other)
    assert said.startswith("--pull-secret has no effect")


def test_only_leaves_out_everything_else():
    given = arguments(only=["access,registry.health"], skip=["access.tenants"])
    validate_diagnose_pull(command(), given)
    ran = [checked.id for checked in ALL if not left_out(checked.id, given.skip)]
    assert "registry.health" in ran
    assert "access.tenants" not in ran
    assert {each.partition(".")[0] for each in ran} == {"access", "registry"}
    assert narrowed(given.skip, given.only) == "only access, registry.health"


@pytest.mark.parametrize(
    "given",
    [{"skip": sorted({checked.category for checked in ALL})}, {"only": ["access"], "skip": ["access"]}],
)
def test_nothing_left_to_judge_is_refused(given):
    assert "leave out every check" in refused(errors.InvalidArgumentValueError, **given)


def test_a_pull_secret_that_only_leaves_out_is_refused():
    said = refused(errors.MutuallyExclusiveArgumentError, only=["access"], pull_secret="x")
    assert "--only" in said


@pytest.mark.parametrize("word", ["changes", "changes.activity-log"])
def test_what_changed_before_may_be_left_out_and_narrows_no_verdict(word):
    given = arguments(skip=[word])
    validate_diagnose_pull(command(), given)
    assert given.skip == [word]
    assert narrowed(given.skip, given.only) == ""
    assert narrowed([word, "network"], None) == "all but network"


def test_a_word_near_to_changes_is_told():
    with pytest.raises(errors.InvalidArgumentValueError) as raised:
        validate_diagnose_pull(command(), arguments(skip=["chanegs"]))
    assert "changes" in " ".join(raised.value.recommendations)


def test_only_certain_checks_ask_for_no_changes():
    given = arguments(only=["access"])
    validate_diagnose_pull(command(), given)
    assert left_out("changes.activity-log", given.skip)
    given = arguments(only=["access", "changes"])
    validate_diagnose_pull(command(), given)
    assert not left_out("changes.activity-log", given.skip)


def test_what_changed_alone_judges_nothing():
    assert "leave out every check" in refused(errors.InvalidArgumentValueError, only=["changes"])
