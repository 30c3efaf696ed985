"""Checks on pull secrets: existence, form, host, acceptance, and how a fault weighs."""

from dataclasses import replace

import pytest

from azext_acrpulldiag.checks import ALL
from azext_acrpulldiag.checks.access.pull_role import a_role_lets_the_puller_pull
from azext_acrpulldiag.checks.pull_secret import secrets as checks
from azext_acrpulldiag.diagnosis.evaluate import evaluate, judge
from azext_acrpulldiag.diagnosis.root_causes import diagnose
from azext_acrpulldiag.facts import Kubernetes, Offer, Unreadable
from azext_acrpulldiag.model import Confidence, Severity, Status, Symptom, Verdict
from tests import build
from tests.build.ids import GET_CREDENTIALS

FORBIDDEN = Unreadable("forbidden", "HTTP 403", "get secrets in namespace team", "get secrets in namespace team")
UNREACHED = Unreadable("unreachable", "No answer from contosoreg.azurecr.io")
REFUSED = Offer(False, 401, "token", "team/app")
GONE = build.pull_secret(exists=False, hosts=(), entries=(), secret_type=None)
BROKEN = build.pull_secret(
    malformed="auth of its entry for 'contosoreg.azurecr.io' is not base64",
    breaks_every_pull=True,
    hosts=(),
    entries=(),
)
OPAQUE = build.pull_secret(malformed="its type is 'Opaque'", hosts=(), entries=(), secret_type="Opaque")
OTHER_HOST = build.pull_secret(hosts=("otherreg.azurecr.io",), entries=())
MISSPELT_HOST = build.pull_secret(hosts=("https://contosoreg.azurecr.io/v1", "index.docker.io"), entries=())
BAD = build.pull_secret(build.secret_entry(offers=(REFUSED,)))
ON_ACCOUNT = ("serviceaccount/default",)

NO_ROLE = build.access(effective=(), at_scope=())
NOT_KNOWN = build.access(effective=FORBIDDEN)


def facts(*secrets, access=None, **changes):
    return build.pull_secret_facts(secrets, access=access or NO_ROLE, **changes)


def only(check, of):
    (finding,) = evaluate(check, of)
    return finding


CASES = [
    (checks.every_named_secret_exists, GONE, "pull-secret.missing"),
    (checks.every_secret_can_be_used, BROKEN, "pull-secret.malformed"),
    (checks.every_secret_can_be_used, OPAQUE, "pull-secret.malformed"),
    (
        checks.every_secret_can_be_used,
        build.pull_secret(build.secret_entry(unusable="it has no password", offers=())),
        "pull-secret.malformed",
    ),
    (checks.a_secret_has_an_entry_for_the_registry, MISSPELT_HOST, "pull-secret.wrong-registry"),
    (checks.a_secret_has_an_entry_for_the_registry, OTHER_HOST, "pull-secret.wrong-registry"),
    (checks.the_registry_accepts_every_credential, BAD, "pull-secret.credential-refused"),
]
CHECKS = tuple(dict.fromkeys(check for check, *_ in CASES))


@pytest.mark.parametrize(("check", "secret", "outcome"), CASES)
def test_what_is_wrong_with_the_only_way_to_pull_is_an_error(check, secret, outcome):
    finding = only(check, facts(secret))
    assert (finding.outcome, finding.severity) == (outcome, Severity.ERROR)
    assert finding.resource == "namespaces/team/secrets/regcred"
    assert finding.evidence["identity_may_pull"] is False
    assert "unauthorized-401" in finding.explains


@pytest.mark.parametrize("check", CHECKS)
def test_a_good_secret_passes(check):
    assert only(check, facts(build.pull_secret())).status is Status.PASS


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("secrets", [None, ()])
def test_without_a_secret_there_is_nothing_to_judge(check, secrets):
    assert only(check, replace(build.healthy_facts(), pull_secrets=secrets)).status is Status.SKIPPED


@pytest.mark.parametrize("check", CHECKS)
def test_secrets_that_could_not_be_read_are_unknown(check):
    finding = only(check, replace(facts(), pull_secrets=FORBIDDEN))
    assert (finding.status, finding.permission) == (Status.UNKNOWN, FORBIDDEN.permission)


# --- how a fault weighs -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "secret"),
    [(check, secret) for check, secret, _ in CASES if secret not in (BROKEN, OTHER_HOST)],
)
def test_beside_an_identity_that_may_pull_it_is_a_warning_and_never_a_cause(check, secret):
    finding = only(check, facts(secret, access=build.access()))
    assert (finding.severity, finding.explains) == (Severity.WARNING, ())


def test_where_everybody_may_pull_it_is_a_warning():
    of = facts(BAD, registry=build.registry(anonymous_pull=True))
    assert only(checks.the_registry_accepts_every_credential, of).severity is Severity.WARNING


def test_kubelet_gives_up_over_some_secrets_whatever_the_identity_may():
    finding = only(checks.every_secret_can_be_used, facts(BROKEN, access=build.access()))
    assert finding.severity is Severity.ERROR
    assert "credential-provider" in finding.explains
    assert finding.evidence["breaks_every_pull"]


def test_what_the_identity_may_not_being_known_the_fault_is_inferred_to_matter():
    finding = only(checks.the_registry_accepts_every_credential, facts(BAD, access=NOT_KNOWN))
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.INFERRED)
    assert finding.evidence["identity_may_pull"] is None


def test_a_secret_of_the_account_alone_is_for_pods_to_come():
    finding = only(checks.every_named_secret_exists, facts(replace(GONE, named_by=ON_ACCOUNT)))
    assert finding.severity is Severity.WARNING


def test_another_secret_of_the_pod_that_works_makes_it_a_warning():
    works = build.pull_secret(name="good")
    (finding,) = [each for each in evaluate(checks.the_registry_accepts_every_credential, facts(BAD, works))]
    assert finding.severity is Severity.WARNING


def test_a_secret_that_works_for_other_pods_is_no_help():
    works = build.pull_secret(name="good", named_by=("pod/web-2",))
    assert only(checks.the_registry_accepts_every_credential, facts(BAD, works)).severity is Severity.ERROR


def test_a_deny_assignment_takes_the_identity_away():
    denial = build.deny_assignment(build.KUBELET_OBJECT_ID)
    of = facts(BAD, access=build.access(denials=(denial,)))
    assert only(checks.the_registry_accepts_every_credential, of).severity is Severity.ERROR


# --- hosts ---------------------------------------------------------------------------------


def test_a_secret_for_another_registry_is_no_fault_where_the_identity_may_pull():
    finding = only(checks.a_secret_has_an_entry_for_the_registry, facts(OTHER_HOST, access=build.access()))
    assert finding.status is Status.PASS


def test_a_secret_for_another_registry_is_no_fault_beside_the_right_one():
    both = facts(OTHER_HOST, build.pull_secret(name="right"))
    assert only(checks.a_secret_has_an_entry_for_the_registry, both).status is Status.PASS


@pytest.mark.parametrize("other", [GONE, BROKEN, replace(GONE, exists=FORBIDDEN)])
def test_a_secret_that_may_be_the_right_one_leaves_the_other_alone(other):
    both = facts(replace(OTHER_HOST, name="hub"), other)
    assert only(checks.a_secret_has_an_entry_for_the_registry, both).status is Status.PASS


def test_a_secret_for_another_registry_leaves_a_missing_role_its_place():
    finding = only(checks.a_secret_has_an_entry_for_the_registry, facts(OTHER_HOST))
    assert finding.confidence is Confidence.INFERRED
    assert "access.pull-role-missing" not in finding.explains


def test_a_host_that_was_meant_for_the_registry_is_told():
    finding = only(checks.a_secret_has_an_entry_for_the_registry, facts(MISSPELT_HOST))
    assert finding.evidence["resembling"] == ["https://contosoreg.azurecr.io/v1"]
    assert finding.confidence is Confidence.OBSERVED


def test_a_secret_that_the_user_names_must_be_for_the_registry():
    named = replace(OTHER_HOST, named_by=("argument",))
    assert only(checks.a_secret_has_an_entry_for_the_registry, facts(named)).confidence is Confidence.OBSERVED


# --- what could not be read ----------------------------------------------------------------


@pytest.mark.parametrize(("access", "decisive"), [(NO_ROLE, None), (NOT_KNOWN, None), (build.access(), False)])
def test_a_secret_that_may_not_be_read_is_unknown(access, decisive):
    finding = only(checks.every_named_secret_exists, facts(replace(GONE, exists=FORBIDDEN), access=access))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, decisive)
    assert finding.permission == FORBIDDEN.permission


@pytest.mark.parametrize(("access", "decisive"), [(NO_ROLE, None), (build.access(), False)])
def test_a_registry_out_of_reach_is_unknown(access, decisive):
    secret = build.pull_secret(build.secret_entry(offers=(UNREACHED,)))
    finding = only(checks.the_registry_accepts_every_credential, facts(secret, access=access))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, decisive)


def test_the_admin_accounts_own_password_needs_no_other_proof():
    entry = build.secret_entry("contosoreg", "admin", admin_password_matches=True, offers=(UNREACHED,))
    assert only(checks.the_registry_accepts_every_credential, facts(build.pull_secret(entry))).status is Status.PASS


def test_a_credential_that_was_not_offered_is_skipped():
    secret = build.pull_secret(build.secret_entry(offers=()))
    assert only(checks.the_registry_accepts_every_credential, facts(secret)).status is Status.SKIPPED


def test_of_several_answers_a_refusal_decides_before_what_is_not_known():
    accepted = Offer(True, 200, "manifest", "team/web")
    for offers, status in (
        ((accepted, UNREACHED, REFUSED), Status.FAIL),
        ((accepted, UNREACHED), Status.UNKNOWN),
        ((accepted, accepted), Status.PASS),
    ):
        secret = build.pull_secret(build.secret_entry(offers=offers))
        assert only(checks.the_registry_accepts_every_credential, facts(secret)).status is status


def test_a_token_alone_is_no_acceptance():
    entry = build.secret_entry(offers=(Offer(True, 200, "token", "team/app"),))
    finding = only(checks.the_registry_accepts_every_credential, facts(build.pull_secret(entry)))
    assert finding.outcome == "pull-secret.credential-refused"


# --- repairs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("application", "az ad sp credential reset --id someone --append --query password --output tsv"),
        (
            "admin",
            f"az acr credential show --name contosoreg --subscription {build.SUBSCRIPTION} "
            '--query "passwords[0].value" --output tsv',
        ),
        (
            "token",
            f"az acr token credential generate --name someone --registry contosoreg --subscription "
            f'{build.SUBSCRIPTION} --password1 --query "passwords[0].value" --output tsv',
        ),
    ],
)
def test_a_refused_user_gets_a_new_password(kind, command):
    secret = build.pull_secret(build.secret_entry("someone", kind, offers=(REFUSED,), stray_white_space=True))
    finding = only(checks.the_registry_accepts_every_credential, facts(secret))
    commands = [remedy.command for remedy in finding.remedies]
    assert commands[:4] == [
        GET_CREDENTIALS,
        None,
        f"ACR_PASSWORD=$({command})",
        "kubectl --kubeconfig ./prod.kubeconfig create secret docker-registry regcred --namespace team "
        "--docker-server=contosoreg.azurecr.io --docker-username=someone "
        '--docker-password="${ACR_PASSWORD:?unset}" --dry-run=client -o yaml | '
        "kubectl --kubeconfig ./prod.kubeconfig apply --server-side --force-conflicts --namespace team -f -",
    ]
    assert commands[4].startswith("az role assignment create --assignee-object-id")
    assert len(commands) == 5
    assert [(remedy.option, remedy.step) for remedy in finding.remedies] == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]


@pytest.mark.parametrize("kind", ["login-token", "other"])
def test_a_refused_user_that_cannot_stay_is_replaced(kind):
    secret = build.pull_secret(build.secret_entry("someone", kind, offers=(REFUSED,)))
    remedies = only(checks.the_registry_accepts_every_credential, facts(secret)).remedies
    assert [(remedy.option, (remedy.command or "").split("=")[0]) for remedy in remedies[:3]] == [
        (1, GET_CREDENTIALS),
        (1, "ACR_USER"),
        (1, "ACR_PASSWORD"),
    ]
    assert '--docker-username="${ACR_USER:?unset}"' in remedies[3].command


def test_a_missing_secret_is_made_with_a_token_that_is_made_before():
    remedies = only(checks.every_named_secret_exists, facts(GONE)).remedies
    assert [(remedy.option, remedy.step, remedy.command.split()[0].split("=")[0]) for remedy in remedies] == [
        (1, 1, "az"),
        (1, 2, "ACR_USER"),
        (1, 3, "ACR_PASSWORD"),
        (1, 4, "kubectl"),
        (2, 1, "az"),
    ]


def test_the_role_is_a_repair_only_where_the_identity_lacks_it():
    for access in (build.access(), NOT_KNOWN):
        finding = only(checks.the_registry_accepts_every_credential, facts(BAD, access=access))
        assert not any("az role" in (remedy.command or "") for remedy in finding.remedies)


def test_the_role_fits_the_registrys_mode():
    of = facts(BAD, registry=build.registry(role_assignment_mode="AbacRepositoryPermissions"))
    (role,) = [
        remedy.command
        for remedy in only(checks.the_registry_accepts_every_credential, of).remedies
        if "az role" in (remedy.command or "")
    ]
    assert '--role "Container Registry Repository Reader"' in role


@pytest.mark.parametrize("name", ["$(reboot)", "a;b", "@file", "--all", "a\nb", "'"])
def test_a_hostile_name_stays_one_argument(name):
    import shlex

    for remedy in only(checks.every_named_secret_exists, facts(replace(GONE, name=name))).remedies:
        if remedy.command and "kubectl" in remedy.command:
            assert shlex.split(remedy.command)[6] == name


# --- one root cause ------------------------------------------------------------------------


def diagnosis(of, symptom_class="unauthorized-401"):
    symptom = Symptom("team", "web-1", "web", build.IMAGE, None, None, symptom_class, "401", 1, None)
    return diagnose(ALL, judge(ALL, of), [symptom])


def roots(of, **more):
    return [root.finding.outcome for root in diagnosis(of, **more).root_causes]


@pytest.mark.parametrize("secret", [GONE, BROKEN, OPAQUE, MISSPELT_HOST, BAD])
def test_a_bad_secret_that_a_failing_pod_names_outranks_the_missing_role(secret):
    found = diagnosis(facts(secret))
    (root,) = found.root_causes
    assert root.finding.outcome.startswith("pull-secret.")
    assert "access.pull-role-missing" in root.explains


@pytest.mark.parametrize("secret", [GONE, OPAQUE, MISSPELT_HOST, BAD])
def test_a_bad_secret_is_no_cause_beside_an_identity_that_may_pull(secret):
    """Kubelet tries the identity after the secret, so the pods' 401 has another cause, which is not known."""
    of = facts(secret, access=build.access())
    assert roots(of) == ["symptom.unexplained"]
    assert diagnose(ALL, judge(ALL, replace(of, kubernetes=None))).verdict is Verdict.AT_RISK


def test_a_secret_for_another_registry_does_not_outrank_the_missing_role():
    assert roots(facts(OTHER_HOST))[0] == "access.pull-role-missing"


def test_a_bad_secret_that_no_pod_names_yet_does_not_outrank_the_missing_role():
    named = replace(BAD, named_by=("argument",), name="new")
    live = facts(named, kubernetes=Kubernetes((), (build.failing_container(pull_secrets=()),), ()))
    assert roots(live) == ["access.pull-role-missing", "pull-secret.credential-refused"]


def test_in_the_preflight_the_secret_that_the_user_names_outranks_the_missing_role():
    named = replace(BAD, named_by=("argument",))
    preflight = facts(named, kubernetes=Kubernetes((), (), ()))
    (root,) = diagnose(ALL, judge(ALL, preflight)).root_causes
    assert root.finding.outcome == "pull-secret.credential-refused"


# --- the role beside a secret that works ---------------------------------------------------


def role(of):
    return only(a_role_lets_the_puller_pull, of).severity


def test_a_working_secret_makes_a_missing_role_a_warning():
    assert role(facts(build.pull_secret())) is Severity.WARNING
    admin = build.secret_entry("contosoreg", "admin", admin_password_matches=True, offers=(UNREACHED,))
    assert role(facts(build.pull_secret(admin))) is Severity.WARNING


@pytest.mark.parametrize(
    "secrets",
    [
        (),
        (BAD,),
        (build.pull_secret(build.secret_entry(offers=())),),
        (build.pull_secret(build.secret_entry(offers=(UNREACHED,))),),
        (build.pull_secret(build.secret_entry(offers=(Offer(True, 200, "token"),))),),
        (build.pull_secret(build.secret_entry(repositories=("other/app",))),),
        (build.pull_secret(named_by=("pod/web-2",)),),
        (build.pull_secret(named_by=ON_ACCOUNT),),
        (build.pull_secret(namespace="other"),),
    ],
)
def test_a_secret_that_is_not_proven_for_the_pod_leaves_the_missing_role_an_error(secrets):
    assert role(facts(*secrets)) is Severity.ERROR


def test_one_pod_without_a_working_secret_is_enough_for_an_error():
    pods = (build.failing_container(), build.failing_container("web-2", pull_secrets=()))
    assert role(facts(build.pull_secret(), kubernetes=Kubernetes((), pods, ()))) is Severity.ERROR


def test_pods_of_other_registries_do_not_count():
    pods = (build.failing_container(), build.failing_container("hub", image="nginx", pull_secrets=()))
    assert role(facts(build.pull_secret(), kubernetes=Kubernetes((), pods, ()))) is Severity.WARNING


def test_in_the_preflight_only_the_secret_that_the_user_names_counts():
    none = Kubernetes((), (), ())
    assert role(facts(build.pull_secret(named_by=("argument",)), kubernetes=none)) is Severity.WARNING
    assert role(facts(build.pull_secret(named_by=ON_ACCOUNT), kubernetes=none)) is Severity.ERROR
    assert role(facts(kubernetes=none)) is Severity.ERROR


def test_unreadable_roles_leave_nothing_open_beside_a_working_secret():
    finding = only(a_role_lets_the_puller_pull, facts(build.pull_secret(), access=NOT_KNOWN))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, False)
    finding = only(a_role_lets_the_puller_pull, facts(BAD, access=NOT_KNOWN))
    assert (finding.status, finding.decisive) == (Status.UNKNOWN, None)


# --- many ------------------------------------------------------------------------------------


def test_one_reason_for_many_unread_secrets_is_told_once():
    many = tuple(replace(GONE, name=f"s{number}", exists=FORBIDDEN) for number in range(50))
    assert only(checks.every_named_secret_exists, facts(*many)).status is Status.UNKNOWN


def test_a_secret_that_fifty_thousand_pods_name_is_judged_at_once():
    import time

    pods = tuple(build.failing_container(f"web-{number}") for number in range(50_000))
    names = tuple(f"pod/{pod.pod}" for pod in pods)
    began = time.process_time()
    for secret in (replace(GONE, named_by=names), build.pull_secret(named_by=names)):
        of = facts(secret, kubernetes=Kubernetes((), pods, ()))
        evaluate(checks.every_named_secret_exists, of)
        assert role(of) is (Severity.WARNING if secret.entries else Severity.ERROR)
    assert time.process_time() - began < 5
