"""Pull secrets against the simulated Azure and registry: what is asked, of whom, and what becomes of it."""

import base64
import json
import pickle
from datetime import datetime, timedelta, timezone

import jwt
import pytest

from azext_acrpulldiag.access.standing import Held, may_pull
from azext_acrpulldiag.collect.ask.arm import ArmReader, ReadError
from azext_acrpulldiag.collect.azure.access import read_assignments_at, read_caller_permissions
from azext_acrpulldiag.collect.secrets.pull_secrets import (
    MAX_SECRETS,
    Asked,
    AzureSide,
    read_pull_secrets,
    served_images,
)
from azext_acrpulldiag.collect.secrets.users import (
    kind_of,
    matches_one,
    name_to_show,
    times_of_login_token,
    token_from,
)
from azext_acrpulldiag.facts import Image, Offer, RolesHeld, ServicePrincipal, Unreadable
from tests import build
from tests.azure import secrets as make
from tests.azure.changes_access import ago
from tests.collect.simulated import simulated_session
from tests.recordings import body

HOST = "contosoreg.azurecr.io"
IMAGE = Image(HOST, "team/app", "1.2", None)
NOBODY = "00000000-0000-0000-0000-000000000000"
FORBIDDEN = Unreadable("forbidden", "HTTP 403", "get secrets in namespace team", "get secrets")
ADMIN_PASSWORD = "sim-admin-two+ACRx2"
LIST_CREDENTIALS = "listCredentials"


class Kube:
    """The Kubernetes API of the simulated cloud, without the wire."""

    def __init__(self, cloud, refuse=()):
        self.objects = cloud.api.objects
        self.refuse = refuse
        self.asked = []

    def secret(self, namespace, name):
        return self._get("secrets", namespace, name)

    def service_account(self, namespace, name):
        return self._get("serviceaccounts", namespace, name)

    def _get(self, kind, namespace, name):
        self.asked.append((kind, namespace, name))
        if kind in self.refuse:
            raise ReadError(FORBIDDEN)
        return self.objects.get((kind, namespace, name))


@pytest.fixture
def session(simulated_azure, cloud, tmp_path, monkeypatch):
    with simulated_session(simulated_azure, tmp_path, monkeypatch) as session:
        yield session


POD = build.failing_container()


def read(session, cloud, kube=None, pods=(POD,), registry=None, **asked):
    reader = ArmReader(session)
    registry = registry or build.registry(admin_enabled=cloud.registry["properties"]["adminUserEnabled"])
    azure = AzureSide(
        session,
        reader,
        registry,
        read_assignments_at(session, registry.id),
        read_caller_permissions(reader, registry.id),
    )
    cloud.log.clear()
    return read_pull_secrets(kube or Kube(cloud), azure, Asked(failing=tuple(pods), **asked))


def one_entry(session, cloud, **more):
    (secret,) = read(session, cloud, **more)
    (entry,) = secret.entries
    return entry


def only_offer(entry):
    (offer,) = entry.offers
    return offer


def lines(cloud, *words):
    return [each.request.line for each in cloud.log if any(word in each.request.line for word in words)]


# --- who names a secret ----------------------------------------------------------------------


def test_secrets_are_fetched_by_name_and_once(session, cloud):
    make.pull_secret(cloud, "pull-app", "x")
    kube = Kube(cloud)
    pods = [build.failing_container(f"web-{number}") for number in range(3)]
    (secret,) = read(session, cloud, kube, pods)
    assert kube.asked == [("secrets", "team", "regcred")]
    assert secret.named_by == ("pod/web-0", "pod/web-1", "pod/web-2")
    assert (secret.exists, secret.hosts) == (True, (HOST,))


def test_only_pods_with_images_of_the_registry_count(session, cloud):
    pods = [build.failing_container(image=each) for each in ("nginx", "otherreg.azurecr.io/a:1", "///:::", "")]
    kube = Kube(cloud)
    assert read(session, cloud, kube, pods) == ()
    assert kube.asked == []
    kept = [build.failing_container(image=f"{host}/a") for host in (HOST, f"{HOST}:443")]
    assert [pod for pod, _ in served_images(kept, build.registry())] == kept


def test_a_pod_without_secrets_is_asked_about_its_account(session, cloud):
    make.service_account(cloud, ["from-account"])
    make.pull_secret(cloud, "pull-app", "x", name="from-account")
    (secret,) = read(session, cloud, pods=[build.failing_container(pull_secrets=())])
    assert (secret.name, secret.named_by) == ("from-account", ("serviceaccount/default",))
    assert secret.entries[0].offers == ()
    assert lines(cloud, HOST) == []


def test_an_account_that_is_gone_or_refused_names_nothing(session, cloud):
    pods = [build.failing_container(pull_secrets=())]
    assert read(session, cloud, pods=pods) == ()
    assert read(session, cloud, Kube(cloud, ("serviceaccounts",)), pods) == ()


def test_the_argument_names_a_secret_of_its_namespace(session, cloud):
    make.pull_secret(cloud, "contosoreg", "x", name="new", namespace="blue")
    (secret,) = read(session, cloud, pods=(), pull_secret="new", namespace="blue", image=IMAGE)
    assert (secret.namespace, secret.named_by) == ("blue", ("argument",))
    assert secret.entries[0].repositories == ("team/app",)
    assert isinstance(only_offer(secret.entries[0]), Offer)


def test_without_an_image_there_is_nothing_to_ask_for(session, cloud):
    make.pull_secret(cloud, "pull-app", "x", name="new", namespace="default")
    (secret,) = read(session, cloud, pods=(), pull_secret="new")
    (entry,) = secret.entries
    assert entry.repositories == ()
    assert "--image" in only_offer(entry).detail


def test_the_argument_takes_the_images_that_fail_in_its_namespace(session, cloud):
    make.pull_secret(cloud, "pull-app", "x", name="new")
    elsewhere = build.failing_container(namespace="x", image=f"{HOST}/other", pull_secrets=())
    pods = [build.failing_container(pull_secrets=()), elsewhere]
    (secret,) = read(session, cloud, pods=pods, pull_secret="new", namespace="team")
    assert secret.entries[0].repositories == ("team/app",)


def test_a_secret_that_is_not_there_or_not_shown(session, cloud):
    (secret,) = read(session, cloud)
    assert (secret.exists, secret.entries) == (False, ())
    (secret,) = read(session, cloud, Kube(cloud, ("secrets",)))
    assert secret.exists == FORBIDDEN
    (secret,) = read(session, cloud, FORBIDDEN, pods=(), pull_secret="new")
    assert secret.exists == FORBIDDEN


@pytest.mark.parametrize(
    ("document", "breaks"),
    [("Really really", True), ({"auths": {HOST: {"auth": "%"}}}, True), ({}, False)],
)
def test_a_malformed_secret_says_why_and_asks_nothing(session, cloud, document, breaks):
    make.raw_secret(cloud, document)
    (secret,) = read(session, cloud)
    assert secret.malformed
    assert secret.breaks_every_pull is breaks
    assert not list(cloud.log)


def test_an_entry_for_another_host_asks_nothing(session, cloud):
    make.pull_secret(cloud, "pull-app", "x", host="otherreg.azurecr.io")
    (secret,) = read(session, cloud)
    assert (secret.hosts, secret.entries) == (("otherreg.azurecr.io",), ())
    assert not list(cloud.log)


# --- whose it is -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        (NOBODY, "login-token"),
        (build.APP_ID, "application"),
        (build.APP_ID.upper(), "application"),
        ("contosoreg", "admin"),
        ("ContosoReg", "admin"),
        ("pull-app", "token"),
        ("tok", "other"),
        ("someone@contoso.com", "other"),
        ("a" * 51, "other"),
        ("../../etc", "other"),
        ("Zk8Q~notAuser+ACRx", "other"),
    ],
)
def test_the_form_of_a_user_tells_its_kind(user, kind):
    assert kind_of(user, "contosoreg") == kind
    assert (name_to_show(user, kind) == user) is (kind != "other")


@pytest.mark.parametrize("password", ["sim-admin-one+ACRx1", ADMIN_PASSWORD])
def test_the_admin_accounts_passwords_are_compared(session, cloud, password):
    cloud.registry["properties"]["adminUserEnabled"] = True
    make.pull_secret(cloud, "contosoreg", password)
    entry = one_entry(session, cloud)
    assert (entry.user_kind, entry.admin_password_matches, only_offer(entry).accepted) == ("admin", True, True)
    assert len(lines(cloud, LIST_CREDENTIALS)) == 1


def test_a_wrong_admin_password(session, cloud):
    cloud.registry["properties"]["adminUserEnabled"] = True
    make.pull_secret(cloud, "contosoreg", ADMIN_PASSWORD + "\n")
    entry = one_entry(session, cloud)
    assert (entry.admin_password_matches, entry.stray_white_space) == (False, True)
    assert only_offer(entry) == Offer(False, 401, "token", "team/app")


@pytest.mark.parametrize("enabled", [False, FORBIDDEN])
def test_passwords_are_not_asked_for_where_the_admin_account_is_not_known_to_be_on(session, cloud, enabled):
    make.pull_secret(cloud, "contosoreg", ADMIN_PASSWORD)
    entry = one_entry(session, cloud, registry=build.registry(admin_enabled=enabled))
    assert entry.admin_password_matches == (FORBIDDEN if enabled is FORBIDDEN else None)
    assert lines(cloud, LIST_CREDENTIALS) == []


def test_passwords_are_not_asked_for_any_other_user(session, cloud):
    cloud.registry["properties"]["adminUserEnabled"] = True
    make.pull_secret(cloud, "pull-app", ADMIN_PASSWORD)
    one_entry(session, cloud)
    assert lines(cloud, LIST_CREDENTIALS) == []


def test_without_the_right_to_list_passwords_the_offer_still_decides(session, cloud):
    cloud.registry["properties"]["adminUserEnabled"] = True
    cloud.forbid("Microsoft.ContainerRegistry/registries/listCredentials/action")
    make.pull_secret(cloud, "contosoreg", ADMIN_PASSWORD)
    entry = one_entry(session, cloud)
    assert entry.admin_password_matches.permission == "Microsoft.ContainerRegistry/registries/listCredentials/action"
    assert only_offer(entry).accepted


@pytest.mark.parametrize("listed", [{}, {"passwords": []}, {"passwords": [{"name": "password"}]}, {"passwords": "x"}])
def test_an_answer_without_passwords_is_no_mismatch(listed):
    assert isinstance(matches_one(listed, "x"), Unreadable)


def test_the_recorded_passwords_are_understood():
    listed = body("acr/spec_registry_list_credentials_2025_11_01")
    assert matches_one(listed, "0" * 32) is True
    assert matches_one(listed, "0" * 31) is False
    assert matches_one(listed, "é") is False


def test_a_token_of_the_registry(session, cloud):
    make.registry_token(cloud, ends=(ago(days=1), ago(days=-1)))
    make.pull_secret(cloud, "pull-app", "sim-token-password+ACRt1")
    entry = one_entry(session, cloud)
    assert (entry.user_kind, entry.token.status, entry.token.scope_map) == ("token", "enabled", "pull-app-scope-map")
    assert entry.token.scope_map_actions == ("repositories/team/app/content/read",)
    assert [end > datetime.now(timezone.utc) for end in entry.token.password_ends] == [False, True]
    assert only_offer(entry).accepted


def test_a_token_that_does_not_exist(session, cloud):
    make.pull_secret(cloud, "pull-app", "x")
    entry = one_entry(session, cloud)
    assert (entry.token, only_offer(entry).accepted) == (None, False)


def test_a_token_outside_its_scope_is_refused_at_the_manifest(session, cloud):
    make.registry_token(cloud, actions=("repositories/other/content/read",))
    make.pull_secret(cloud, "pull-app", "sim-token-password+ACRt1")
    assert only_offer(one_entry(session, cloud)) == Offer(False, 401, "manifest", "team/app")


def test_a_token_that_may_not_be_read(session, cloud):
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", "sim-token-password+ACRt1")
    cloud.forbid("Microsoft.ContainerRegistry/registries/tokens/read")
    entry = one_entry(session, cloud)
    assert entry.token.permission == "Microsoft.ContainerRegistry/registries/tokens/read"
    assert only_offer(entry).accepted


def test_a_scope_map_that_may_not_be_read(session, cloud):
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", "x")
    cloud.forbid("Microsoft.ContainerRegistry/registries/scopeMaps/read")
    assert one_entry(session, cloud).token.scope_map_actions.reason == "forbidden"


def test_recorded_tokens():
    gone = Unreadable("not-found", "gone")
    documented = token_from("myToken", body("acr/spec_token_get_2025_11_01"), gone)
    assert (documented.status, documented.scope_map) == ("enabled", "myScopeMap")
    assert documented.password_ends.reason == "not-shown"
    bare = token_from("acr-token", body("acr/token_get_new_no_password"), body("acr/scopemap_get_user_defined"))
    assert (bare.password_ends, bare.scope_map_actions) == ((), ("repositories/foo/content/read",))
    odd = body("acr/token_get_new_no_password")
    odd["properties"]["credentials"]["passwords"] = [{"name": "password1", "expiry": "soon"}]
    assert token_from("acr-token", odd, gone).password_ends.reason == "malformed"


def login_token(**claims):
    return jwt.encode({**body("acr-dataplane/docs_refresh_token_claims"), **claims}, "k" * 32, algorithm="HS256")


def test_the_times_of_a_login_token_are_read_from_it(session, cloud):
    ends = datetime(2026, 11, 20, 3, 0, tzinfo=timezone.utc)
    issued = ends - timedelta(minutes=75)
    make.pull_secret(cloud, NOBODY, login_token(exp=int(ends.timestamp()), iat=int(issued.timestamp())))
    entry = one_entry(session, cloud)
    assert (entry.user_kind, entry.login_token_ends, only_offer(entry).accepted) == ("login-token", ends, False)
    assert entry.login_token_issued == issued


def test_a_recorded_refresh_token_says_when_it_was_issued():
    claims = body("acr-dataplane/oauth2_exchange_refresh_token_claims")
    times = times_of_login_token(jwt.encode(claims, "k" * 32, algorithm="HS256"))
    assert times.ends - times.issued == timedelta(minutes=195)


@pytest.mark.parametrize("password", ["", "x", "a.b.c", "a." + "x" * 5, "..", "a.e30", "a.W10.c", "é.é.é"])
def test_what_is_no_token_names_no_end(password):
    times = times_of_login_token(password)
    for each in (times.ends, times.issued):
        assert each is None if password == "a.e30" else isinstance(each, Unreadable)


@pytest.mark.parametrize("claim", ["exp", "iat"])
@pytest.mark.parametrize("ends", ["soon", 10**30, [], True, float("nan"), None])
def test_a_claim_that_is_no_time(claim, ends):
    payload = base64.urlsafe_b64encode(json.dumps({claim: ends}).encode()).decode().rstrip("=")
    times = times_of_login_token(f"a.{payload}.c")
    found, other = (times.ends, times.issued) if claim == "exp" else (times.issued, times.ends)
    assert found is None if ends is None else isinstance(found, Unreadable)
    assert other is None


def test_a_part_of_a_second_is_a_time():
    payload = base64.urlsafe_b64encode(b'{"exp": 1763600400.5}').decode().rstrip("=")
    assert times_of_login_token(f"a.{payload}.c").ends.second == 0


# --- applications ----------------------------------------------------------------------------

PASSWORD = "Zk8Q~sim-client-secret"


def allowed(entry):
    """What the roles that were read let the application do."""
    held = Held(build.SP_OBJECT_ID, entry.roles.effective, entry.roles.definitions, ())
    return may_pull(build.registry(), held, entry.repositories)


def application_secret(cloud, **changes):
    cloud.application(secrets=[(ago(days=10), ago(days=-10))], **changes)
    make.application_password(cloud, build.APP_ID, PASSWORD)
    make.pull_secret(cloud, build.APP_ID, PASSWORD)


def test_an_application_with_a_role(session, cloud):
    application_secret(cloud)
    cloud.grant(build.SP_OBJECT_ID)
    entry = one_entry(session, cloud)
    assert (entry.user_kind, entry.application_id, allowed(entry)) == ("application", build.APP_ID, True)
    assert isinstance(entry.principal, ServicePrincipal)
    assert only_offer(entry).accepted


def test_an_application_with_a_role_through_a_group(session, cloud):
    application_secret(cloud)
    cloud.grant(cloud.group([build.SP_OBJECT_ID]), principal_type="Group")
    assert allowed(one_entry(session, cloud)) is True


def test_an_application_without_a_role(session, cloud):
    application_secret(cloud)
    entry = one_entry(session, cloud)
    assert entry.roles == RolesHeld((), {})
    assert (allowed(entry), only_offer(entry).accepted) == (False, False)


def test_an_empty_list_of_roles_proves_nothing_to_who_may_not_read_it(session, cloud):
    application_secret(cloud)
    cloud.hide_role_assignments()
    cloud.caller_permissions(["Microsoft.ContainerRegistry/registries/read"])
    assert one_entry(session, cloud).roles.effective.permission == "Microsoft.Authorization/roleAssignments/read"


def test_an_application_that_does_not_exist(session, cloud):
    make.pull_secret(cloud, build.APP_ID, PASSWORD)
    entry = one_entry(session, cloud)
    assert (entry.principal.object_id, entry.roles) == (None, None)


def test_an_application_that_may_not_be_looked_up(session, cloud):
    application_secret(cloud)
    cloud.graph_forbidden = True
    entry = one_entry(session, cloud)
    assert isinstance(entry.principal.object_id, Unreadable)
    assert entry.roles is None


# --- the offer -------------------------------------------------------------------------------


def test_a_credential_goes_to_the_login_server_alone_and_as_a_node_sends_it(session, cloud):
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", "sim-token-password+ACRt1", host="*.azurecr.io")
    one_entry(session, cloud)
    basic = [each for each in cloud.log if each.request.headers.get("authorization", "").startswith("Basic ")]
    assert {each.request.host for each in basic} == {HOST}
    assert [line.partition("?")[0] for line in lines(cloud, f"{HOST}/")] == [
        f"GET {HOST}/oauth2/token",
        f"HEAD {HOST}/v2/team/app/manifests/1.2",
    ]


def test_no_offer_is_made_where_it_is_switched_off(session, cloud):
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", "x")
    assert one_entry(session, cloud, offer=False).offers == ()
    assert lines(cloud, HOST) == []


def test_a_registry_that_refuses_this_machine_proves_nothing(session, cloud):
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", "x")
    cloud.refuse_this_machine()
    offer = only_offer(one_entry(session, cloud))
    assert isinstance(offer, Unreadable)
    assert "this machine" in offer.detail


@pytest.mark.parametrize("kind", ["reset", "429", "503", "html", "cut"])
def test_a_registry_that_fails_proves_nothing(session, cloud, kind):
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", "x")
    cloud.fault(f"{HOST}/", kind)
    assert isinstance(only_offer(one_entry(session, cloud)), Unreadable)


def test_one_user_is_asked_about_once_for_many_namespaces(session, cloud):
    make.registry_token(cloud)
    spaces = [f"team-{number}" for number in range(8)]
    for space in spaces:
        make.pull_secret(cloud, "pull-app", "sim-token-password+ACRt1", namespace=space)
    found = read(session, cloud, pods=[build.failing_container(namespace=space) for space in spaces])
    assert [secret.namespace for secret in found] == spaces
    assert all(only_offer(secret.entries[0]).accepted for secret in found)
    assert len(lines(cloud, "/tokens/", "/scopeMaps/", HOST)) == 4


def test_the_credential_is_offered_for_every_repository(session, cloud):
    make.registry_token(cloud)
    make.pull_secret(cloud, "pull-app", "sim-token-password+ACRt1")
    pods = [build.failing_container(), build.failing_container("web-2", image=f"{HOST}/other:1")]
    entry = one_entry(session, cloud, pods=pods)
    assert entry.repositories == ("other", "team/app")
    assert sorted((offer.repository, offer.accepted) for offer in entry.offers) == [
        ("other", False),
        ("team/app", True),
    ]


# --- nothing leaks ---------------------------------------------------------------------------

CANARY = "CanarY~0+pass/word=="


def planted(cloud):
    cloud.registry["properties"]["adminUserEnabled"] = True
    cloud.data_plane().admin_passwords = (CANARY + "one", CANARY + "two")
    cloud.application(secrets=[(ago(days=10), ago(days=-10))])
    make.registry_token(cloud, password=CANARY)
    users = ["contosoreg", "pull-app", build.APP_ID, NOBODY, CANARY]
    for number, user in enumerate(users):
        make.pull_secret(cloud, user, CANARY, name=f"s{number}")
    make.raw_secret(cloud, {"auths": {HOST: {"auth": CANARY}}}, name="s5")
    make.raw_secret(cloud, {"auths": {HOST: {"username": "a", "password": [CANARY]}}}, name="s6")
    make.raw_secret(cloud, f'{{"auths": {CANARY}', name="s7")
    return [build.failing_container(f"p{number}", pull_secrets=(f"s{number}",)) for number in range(8)]


@pytest.mark.parametrize("fault", [None, "reset", "500", "html", "cut", "mistyped"])
def test_no_value_of_a_secret_gets_into_facts_or_logs(session, cloud, debug_log, capfd, fault):
    pods = planted(cloud)
    if fault:
        cloud.fault(f"listCredentials|/tokens/|{HOST}/", fault)
    found = read(session, cloud, pods=pods)
    assert len(found) == 8
    printed = capfd.readouterr()
    said = (repr(found), pickle.dumps(found).decode("latin-1"), debug_log.text, printed.out, printed.err)
    for user in ("contosoreg", "pull-app", build.APP_ID, NOBODY, "a"):
        hidden = [CANARY, base64.b64encode(CANARY.encode()).decode()[:-4]]
        hidden.append(base64.b64encode(f"{user}:{CANARY}".encode()).decode()[:-4])
        for text in said:
            assert not [word for word in hidden if word in text]
    assert CANARY[:10] not in "".join(said)


def test_old_tokens_are_told_by_their_end(session, cloud):
    late = datetime.now(timezone.utc) - timedelta(hours=1)
    make.pull_secret(cloud, NOBODY, login_token(exp=int(late.timestamp())))
    assert one_entry(session, cloud).login_token_ends < datetime.now(timezone.utc)


def test_of_many_secrets_those_that_most_pods_name_are_read(session, cloud):
    spaces = [f"n-{number:03}" for number in range(MAX_SECRETS + 3)]
    pods = [build.failing_container(namespace=space) for space in spaces]
    pods += [build.failing_container("web-2", namespace=spaces[-1])]
    kube = Kube(cloud)
    found = read(session, cloud, kube, pods)
    unread = [secret.namespace for secret in found if isinstance(secret.exists, Unreadable)]
    assert len(found) == MAX_SECRETS + 3
    assert unread == spaces[-4:-1]
    assert len(kube.asked) == MAX_SECRETS
