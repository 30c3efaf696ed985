"""What people paste into issues and chats, in the shapes that it has there; names changed."""

from __future__ import annotations

import json

import pytest

from azext_acrpulldiag.pasted import DocumentError, Reading, may_be_of_pull
from azext_acrpulldiag.pull_errors import classify
from azext_acrpulldiag.pull_errors.explain.answers import Answers
from tests.recordings import body
from tests.score import messages

IMAGE = "contosoreg.azurecr.io/web:1"
UNPACK = f'failed to pull and unpack image "{IMAGE}": '
TOKEN = (
    f'{UNPACK}failed to resolve reference "{IMAGE}": failed to authorize: failed to fetch anonymous token: unexpected '
    "status from GET request to https://contosoreg.azurecr.io/oauth2/token?scope=repository%3Aweb%3Apull&"
    "service=contosoreg.azurecr.io: 401 Unauthorized"
)
PULL_FAILED = f'Failed to pull image "{IMAGE}": '


def answered(text: str) -> tuple[list[tuple[str, str | None, int]], Reading]:
    """Class, image and count of each answer."""
    reading, answers = Reading(text.split("\n")), Answers()
    for message in reading:
        if not answers.add(message):
            reading.skip(message)
    return [(answer["class"], answer["image"], answer["count"]) for answer in answers.report()[0]], reading


QUOTED_IN_AN_ISSUE = f"""I have debug mode enabled but no errors for this problem
`kubectl describe pod web -n web`

> Events:
>   Type     Reason          Age                  From     Message
>   ----     ------          ----                 ----     -------
>   Normal   SandboxChanged  60m (x5 over 60m)    kubelet  Pod sandbox changed, it will be killed and re-created.
>   Normal   Pulling         59m (x3 over 60m)    kubelet  Pulling image "{IMAGE}"
>   Warning  Failed          59m (x3 over 60m)    kubelet  {PULL_FAILED}{TOKEN}
>   Warning  Failed          59m (x3 over 60m)    kubelet  Error: ErrImagePull
>   Normal   BackOff         45s (x261 over 60m)  kubelet  Back-off pulling image "{IMAGE}"
"""
IN_A_CHAT = f"""hey, our pods fail since this morning :( can somebody help?
```
Warning  Failed     4m (x4 over 5m)  kubelet            {PULL_FAILED}{TOKEN}
```
thanks!"""
BLANKS_LOST = f"""Type Reason Age From Message
---- ------ ---- ---- -------
Normal Scheduled 34s default-scheduler Successfully assigned default/web to aks-1
Warning Failed 18s (x2 over 33s) kubelet {PULL_FAILED}{TOKEN}
Warning Failed 18s (x2 over 33s) kubelet Error: ErrImagePull
"""
NODE_IN_FROM = f"""Events:
  Type     Reason     Age                From                             Message
  ----     ------     ----               ----                             -------
  Normal   Scheduled  36s                default-scheduler                Successfully assigned web/web to aks-pool1-0
  Warning  Failed     21s (x2 over 34s)  kubelet, aks-pool1-0-vmss000001  {PULL_FAILED}{TOKEN}
"""
SIX_COLUMNS = f"""  FirstSeen\tLastSeen\tCount\tFrom\t\t\tSubObjectPath\t\tType\t\tReason\t\tMessage
  ---------\t--------\t-----\t----\t\t\t-------------\t\t--------\t------\t\t-------
  2m\t\t2m\t\t1\tdefault-scheduler\t\t\tNormal\t\tScheduled\tSuccessfully assigned web-1 to aks-pool1-0
  2m\t\t32s\t\t4\tkubelet, aks-pool1-0\tspec.containers{{web}}\tWarning\t\tFailed\t\t{PULL_FAILED}{TOKEN}
"""
ROWS_ALONE = f"""2m12s       Normal    BackOff       pod/web-6c7b7fd9f8-6gf2t         Back-off pulling image "{IMAGE}"
2m10s       Warning   Failed        pod/web-6c7b7fd9f8-6gf2t         Error: ImagePullBackOff
66s         Normal    Scheduled     Pod                              Successfully assigned web/web to aks-pool1-0
2m16s       Warning   Failed        pod/web-6c7b7fd9f8-6gf2t         {PULL_FAILED}{TOKEN}
"""
ALIGNED_BY_HAND = f"""Events:
  Type     Reason   Age   From     Message
  ----     ------   ---   ----     -------
  Warning  Failed   60s   kubelet  {PULL_FAILED}{TOKEN[:30].rstrip()}
                                   {TOKEN[30:]}
  Warning  Failed   60s   kubelet  Error: ErrImagePull
"""
POWERSHELL = (
    "PS C:\\> kubectl get events\r\nLAST SEEN   TYPE      REASON   OBJECT    MESSAGE\r\n"
    f"4m          Warning   Failed   pod/web   {PULL_FAILED}{TOKEN}\r\n"
)
CRICTL = f"""root@aks-pool1-0:/# crictl --debug pull {IMAGE}
DEBU[0000] get image connection
DEBU[0000] PullImageRequest: &PullImageRequest{{Image:&ImageSpec{{Image:{IMAGE},Annotations:map[string]string{{}},}},}}
E1111 07:43:27.960158   43523 remote_image.go:242] "PullImage from image service failed" err={json.dumps(TOKEN)} \
image="{IMAGE}"
FATA[0030] pulling image: {TOKEN}
"""
DOCKER = f"""$ docker pull {IMAGE}
Error response from daemon: Head "https://contosoreg.azurecr.io/v2/web/manifests/1": unauthorized: authentication \
required, visit https://aka.ms/acr/authorization for more information.
"""
OLD_KUBELET = f"""Jun 19 22:36:33 aks-pool1-0 kubelet[29650]: I0619 22:36:33.421665   29650 provider.go:124] \
Refreshing cache for provider: *credentialprovider.defaultDockerConfigProvider
Jun 19 22:36:33 aks-pool1-0 kubelet[29650]: I0619 22:36:33.422137   29650 config.go:137] looking for config.json at /
Jun 19 22:36:34 aks-pool1-0 kubelet[29650]: E0619 22:36:34.022075   29650 remote_image.go:113] PullImage "{IMAGE}" \
from image service failed: rpc error: code = Unknown desc = {TOKEN}
"""
JQ = f'{json.dumps(PULL_FAILED + TOKEN)}\n"Error: ErrImagePull"\n'
LOG_ANALYTICS = json.dumps(
    [
        {"Name": "web", "Reason": "Failed", "Message": PULL_FAILED + TOKEN, "Count": 3},
        {"Name": "web", "Reason": "BackOff", "Message": f'Back-off pulling image "{IMAGE}"'},
    ],
    indent=1,
)
STATUS_ALONE = f"""  containerStatuses:
  - image: {IMAGE}
    imageID: ""
    lastState: {{}}
    name: web
    state:
      waiting:
        message: 'Back-off pulling image "{IMAGE}": ErrImagePull: {TOKEN[:60]}
          {TOKEN[60:]}'
        reason: ImagePullBackOff
  hostIP: 10.1.0.4
"""
CUT_OUT_OF_JSON = f"""        "state": {{
            "waiting": {{
                "message": {json.dumps(PULL_FAILED + TOKEN)},
                "reason": "ImagePullBackOff"
"""
FRAMED = "\n".join(f"\u2502 {line:400} \u2502" for line in NODE_IN_FROM.splitlines())
TERMINAL = "\n".join((PULL_FAILED + TOKEN)[at : at + 86] for at in range(0, len(PULL_FAILED + TOKEN), 86))
BY_HAND = f"{PULL_FAILED.rstrip()}\n{TOKEN}"


@pytest.mark.parametrize(
    "paste",
    [
        QUOTED_IN_AN_ISSUE,
        IN_A_CHAT,
        BLANKS_LOST,
        NODE_IN_FROM,
        SIX_COLUMNS,
        ROWS_ALONE,
        ALIGNED_BY_HAND,
        POWERSHELL,
        CRICTL,
        DOCKER,
        OLD_KUBELET,
        JQ,
        LOG_ANALYTICS,
        STATUS_ALONE,
        CUT_OUT_OF_JSON,
        FRAMED,
        TERMINAL,
        BY_HAND,
    ],
    ids=[
        "issue",
        "chat",
        "blanks",
        "node",
        "columns",
        "rows",
        "aligned",
        "powershell",
        "crictl",
        "docker",
        "kubelet",
        "jq",
        "analytics",
        "status",
        "json",
        "framed",
        "terminal",
        "hand",
    ],
)
def test_one_error_is_one_answer_however_it_is_pasted(paste):
    ((symptom_class, image, count),), _ = answered(paste)
    assert (symptom_class, image) == ("unauthorized-401", IMAGE)
    assert count == (2 if paste is CRICTL else 1)


def test_what_an_application_logs_of_its_own_troubles_is_no_pull():
    log = """2026-11-22T12:00:01Z INFO starting
2026-11-22T12:00:02Z ERROR cannot reach the database: dial tcp 10.0.0.5:5432: connect: connection refused
java.lang.IllegalStateException: x
\tat com.contoso.App.main(App.java:5)
Caused by: java.net.UnknownHostException: db: Name or service not known"""
    answers, reading = answered(log)
    assert (answers, reading.skipped_lines) == ([], 5)


def test_a_table_of_pods_says_that_they_wait():
    table = """NAMESPACE   NAME              READY   STATUS                  RESTARTS   AGE
web         pull-1-kk58m      0/1     Init:ImagePullBackOff   0          25m
web         web-0             1/1     Running                 0          21m
web         publish-24633     0/1     ErrImagePull            0          2s
"""
    assert answered(table)[0] == [("backoff-only", None, 2)]


@pytest.mark.parametrize(
    ("why", "answers"), [("Container image quay.io/x:1 has not been allowed", 1), ("no limits", 0)]
)
def test_a_pod_that_was_refused_for_its_image(why, answers):
    row = (
        "  Warning  FailedCreate  110s (x14 over 3m)  replicaset-controller  Error creating: admission webhook "
        f'"validation.gatekeeper.sh" denied the request: [azurepolicy-k8sazurev2-5ee1] {why}'
    )
    assert len(answered(row)[0]) == answers


def test_steps_that_succeed_are_no_errors():
    check_acr = """[2026-11-22T12:00:01Z] Checking host name resolution (contosoreg.azurecr.io): SUCCEEDED
[2026-11-22T12:00:01Z] Validating managed identity existance: SUCCEEDED
[2026-11-22T12:00:02Z] ACR contosoreg.azurecr.io rejected token exchange: ACR token exchange endpoint returned error \
status: 401. body: {"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"""
    answers, reading = answered(check_acr)
    assert [each[0] for each in answers] == ["unauthorized-401"] and reading.skipped_lines == 2


@pytest.mark.parametrize("name", ["kubectl_describe_pod_image_pull_backoff", "kubectl_describe_pod_old_backoff_only"])
def test_real_descriptions(name):
    ((symptom_class, image, _),), reading = answered(body(f"k8s/{name}"))
    assert image == "yourcompany/crw:latest"
    assert symptom_class == ("backoff-only" if "old" in name else "unauthorized-401")
    assert reading.skipped_lines > 40


def test_what_ended_the_last_time_is_read():
    described = f"""    Image:          {IMAGE}
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       StartError
      Message:      failed to create containerd task: exec /app: exec format error
      Exit Code:    128
"""
    assert answered(described)[0] == [("platform-mismatch", IMAGE, 1)]


@pytest.mark.parametrize("blank", ["", "  ", "\n```", "\n$ kubectl get pods", "\nPS C:\\> kubectl get pods"])
def test_a_table_ends_at_a_blank_line_or_what_is_no_part_of_it(blank):
    head = "LAST SEEN   TYPE      REASON   OBJECT    MESSAGE"
    table = f"{head}\n4m          Warning   Failed   pod/web   {PULL_FAILED}{TOKEN}"
    reading = Reading(f"{table}\n{blank}\nand something else\n$ kubectl get nodes".split("\n"))
    assert [message.text for message in reading] == [PULL_FAILED + TOKEN]
    assert reading.skipped_lines == 2 + bool(blank.strip())


@pytest.mark.parametrize("below", ["kube-proxy started", "unknown: x", f"{PULL_FAILED}{TOKEN}"])
def test_lines_of_messages_are_messages_each(below):
    answers, _ = answered(f"pull QPS exceeded\n{below}")
    assert answers[0] == ("kubelet-qps", None, 1)


def test_every_recorded_failure_gets_as_far_as_the_classifier():
    known = [each["message"] for name in ("messages", "paraphrases") for each in messages(name)]
    texts = [text for text in known if classify(text).symptom_class != "negative" and text]
    assert texts and [text for text in texts if not may_be_of_pull(text)] == []
    for text in texts:
        answers, _ = answered(text)
        assert answers, text


@pytest.mark.parametrize(
    "text",
    [
        '{"kind": "Pod", "status": ',
        "kind: Pod\nstatus: [",
        '{"level":"error","msg":"a',
        "message: rpc error: code = Unknown desc = a: b",
        "---\nwhat follows is no YAML: at: all\n",
        "state: a\nstate: b",
        "[{[{",
        "{" * 300,
    ],
)
def test_what_only_looks_like_a_document_within_lines_is_text(text):
    answers, reading = answered(f"first\n{text}\npull QPS exceeded")
    assert ("kubelet-qps", None, 1) in answers
    assert reading.skipped_lines >= 1


def test_a_bracket_in_a_log_opens_no_document():
    line = "2026-11-22T12:00:01Z app started\n"
    answers, reading = answered(f"{line}{{\n{20 * line}2026-11-22T12:00:01Z {PULL_FAILED}{TOKEN}\n")
    assert answers == [("unauthorized-401", IMAGE, 1)] and reading.skipped_lines == 22


def test_documents_follow_each_other():
    event = {"kind": "Event", "reason": "Failed", "message": "pull QPS exceeded"}
    one, pretty = json.dumps(event), json.dumps(event, indent=4)
    yaml = "---\nkind: Event\nmessage: pull QPS exceeded\n---\nkind: Event\nnote: pull QPS exceeded"
    text = f"{one}{one}\n{pretty}\n{pretty}\n{yaml}"
    answers, reading = answered(text)
    assert answers == [("kubelet-qps", None, 6)] and reading.structured


def test_an_error_of_a_registry_keeps_its_code():
    error = {"errors": [{"code": "DENIED", "message": "client with IP '203.0.113.40' is not allowed access"}]}
    reading = Reading([json.dumps(error)])
    assert [message.text for message in reading] == ["DENIED: client with IP '203.0.113.40' is not allowed access"]


@pytest.mark.parametrize(
    "entry",
    [
        {"error": "invalid_client", "error_description": "AADSTS7000222: The provided client secret keys are expired."},
        {"level": "error", "msg": "pull", "err": "unexpected status: 401 Unauthorized"},
        {"severity": "ERROR", "what": f"{PULL_FAILED}401 Unauthorized"},
    ],
)
def test_logs_in_json_have_many_forms(entry):
    assert len(answered(f"first\n{json.dumps(entry)}")[0]) == 1


@pytest.mark.parametrize("text", ["a: &x [1]\nb: *x", "kind: &a\n  b: *a"])
def test_aliases_are_refused(text):
    with pytest.raises(DocumentError, match="alias"):
        list(Reading(f"kind: Pod\n{text}".split("\n")))


@pytest.mark.parametrize("quote", ["", "> "])
def test_a_message_that_a_chat_broke_between_words_is_one(quote):
    lines = [
        'Failed to pull image "contosoreg.azurecr.io/shop/api:v3": failed to resolve reference',
        '"contosoreg.azurecr.io/shop/api:v3": failed to do request: Head',
        '"https://contosoreg.azurecr.io/v2/shop/api/manifests/v3": dial tcp',
        "20.42.65.90:443: i/o timeout",
    ]
    pasted = "\n".join(["Dana, 10:15", *(quote + line for line in lines), "Lee, 10:16", "thx, will look at the NSG"])
    answers, _ = answered(pasted)
    assert answers == [("timeout-network", "contosoreg.azurecr.io/shop/api:v3", 1)]
