"""The arguments of the commands."""

from typing import Any

from azure.cli.core.commands.parameters import (
    file_type,
    get_enum_type,
    get_resource_name_completion_list,
)
from azure.cli.core.decorators import Completer


def _categories_and_checks(*_: Any) -> list[str]:
    """What ``--skip`` takes."""
    from ._validators import words_of_checks

    return list(words_of_checks())


def load_arguments(self: Any, command: str) -> None:
    """Declare names, types and help of every argument."""
    with self.argument_context("aks diagnose-pull") as context:
        context.argument(
            "name",
            options_list=["--name", "-n"],
            id_part="name",
            help="Name of the managed cluster.",
            completer=get_resource_name_completion_list("Microsoft.ContainerService/managedClusters"),
        )
        context.argument(
            "all_clusters",
            action="store_true",
            help="Diagnose every cluster that the login can see, in all of its subscriptions, instead of one. "
            "--resource-group and --subscription narrow that.",
        )
        context.argument(
            "acr",
            help="Registry to diagnose: its name, login server or resource ID, in any subscription of the login. "
            "Without it, it is taken from --image, else from the images of failing pods: then there is a report "
            "for every registry that they name.",
            completer=get_resource_name_completion_list("Microsoft.ContainerRegistry/registries"),
        )
        context.argument(
            "image",
            help="Full reference of the image to judge, also one that is not deployed yet, "
            "such as contosoreg.azurecr.io/team/app:1.2. An image of another registry is an error.",
        )
        _load_judgement(context)
        _load_kubernetes(context)
        _load_files(context)
        context.argument(
            "timeout",
            type=float,
            help="Seconds for the whole run: 60, or 300 with --probe; with --all-clusters for each cluster.",
        )

    with self.argument_context("aks explain-pull-error") as context:
        context.argument(
            "message", options_list=["--message", "-m"], help="Text of one event, container status or log line."
        )
        context.argument(
            "file",
            options_list=["--file", "-f"],
            help="File with what kubectl, a journal or a log printed; `-` is standard input, which is also read where "
            "neither argument is given and something is piped in.",
        )

    if command == "aks list-pull-checks":
        from .listing import categories, outcome_ids  # all checks, which the other commands have no use for here

        with self.argument_context(command) as context:
            context.argument("category", arg_type=get_enum_type(categories()))
            context.argument("outcome", completer=Completer(lambda *_: outcome_ids()))


def _load_judgement(context: Any) -> None:
    group = "What is diagnosed, and what counts as failed"
    context.argument(
        "skip",
        nargs="+",
        arg_group=group,
        completer=Completer(_categories_and_checks),
        help="Categories or ids of checks not to run, such as `network` or `registry.health`, with commas or spaces "
        "between them; they are reported as skipped, and what no other check needs is not read. `changes` leaves out "
        "what changed before a cause, which is asked of the Activity Log.",
    )
    context.argument(
        "only",
        nargs="+",
        arg_group=group,
        completer=Completer(_categories_and_checks),
        help="Categories or ids of checks to run alone, such as `access`; all others are reported as skipped.",
    )
    context.argument("expiry_days", type=int, arg_group=group, help="Warn this many days before a credential expires.")
    context.argument(
        "fail_on",
        arg_type=get_enum_type(["error", "warning", "unknown", "never"], default="error"),
        arg_group=group,
        help="The least severe result that gives a non-zero exit code: 4 for what was found, 5 where a decisive fact "
        "could not be read. With `unknown` warnings count, and anything that could not be read gives 5. "
        "With `never` the code is 0 once there is a report.",
    )
    context.argument(
        "check_acr",
        action="store_true",
        arg_group=group,
        help="Also run `az aks check-acr`, which starts a root pod on one Linux node of the cluster.",
    )
    context.argument(
        "probe",
        action="store_true",
        arg_group=group,
        help="Really pull the image on every node pool: starts one pod on each, whose image is pulled as the workload "
        "would and of which nothing runs, and deletes it. The image is --image, else that of a failing pod.",
    )
    context.argument(
        "yes",
        options_list=["--yes", "-y"],
        action="store_true",
        arg_group=group,
        help="Do not ask before starting pods (--probe, --check-acr, and --cluster-access command-invoke with "
        "--all-clusters).",
    )


def _load_kubernetes(context: Any) -> None:
    group = "Kubernetes"
    context.argument(
        "namespace",
        arg_group=group,
        help="Look at the pods of this Kubernetes namespace only; with --all-clusters in every cluster.",
    )
    context.argument(
        "pod",
        arg_group=group,
        help="Look at this pod only; without --namespace it is looked up in the namespace `default`.",
    )
    context.argument(
        "pull_secret",
        arg_group=group,
        help="Also check this pull secret, even if no pod names it yet; it is looked up in --namespace, "
        "else in the namespace `default`; with --all-clusters in every cluster.",
    )
    context.argument(
        "no_credential_test",
        action="store_true",
        arg_group=group,
        help="Do not offer the credential of a pull secret to its registry, which alone proves it right or wrong. "
        "It is sent to the login server that Azure names and nowhere else.",
    )
    context.argument(
        "cluster_access",
        arg_type=get_enum_type(["auto", "direct", "command-invoke", "none"], default="auto"),
        arg_group=group,
        help="How to reach the Kubernetes API. `auto` and `direct` read it from this machine. `command-invoke` is for "
        "private clusters: like `az aks command invoke` it has AKS start up to three pods that run kubectl in the "
        "cluster, reads no Secret, and is never chosen by `auto`; with --all-clusters it does so in every cluster, and "
        "asks first. `none` does not read it: pods, events and nodes are then unknown.",
    )
    context.argument(
        "kubeconfig",
        type=file_type,
        arg_group=group,
        help="Kubeconfig file to use for the Kubernetes API, instead of the cluster's user credential from Azure. "
        "The file's own sign-in program, such as kubelogin, is run.",
    )
    context.argument(
        "context",
        arg_group=group,
        help="Context of the kubeconfig to use; without --kubeconfig that of the default file.",
    )


def _load_files(context: Any) -> None:
    context.argument(
        "report",
        nargs="+",
        action="extend",
        type=file_type,
        arg_group="Report",
        help="File to write for others, once or several times, by its name a page for people (.html), a summary for a "
        "pipeline (.md) or results for its test tab (.xml, JUnit: a test a check, failed as --fail-on says). Several "
        "reports of a run are in one file, the worst first. It is written whole or not at all, also with exit codes "
        "4 and 5.",
    )
    group = "Snapshot"
    context.argument(
        "save_snapshot",
        type=file_type,
        arg_group=group,
        help="File to write what this run reads to, to be judged again with --snapshot: names, ids and addresses are "
        "in it unless --redact is given, and no secret. It is written whole or not at all, for its owner alone.",
    )
    context.argument(
        "snapshot",
        type=file_type,
        arg_group=group,
        help="File that --save-snapshot wrote, to judge in place of a cluster: it needs neither a login nor a network, "
        "and says what the run said, unless --skip, --only or --expiry-days say otherwise.",
    )
    context.argument(
        "redact",
        action="store_true",
        arg_group=group,
        help="Write names, ids, callers and hosts of your own as aliases, the same for the same, in the report, in "
        "--report and in --save-snapshot. Private addresses stay; public ones become others that lie to each other as "
        "they did.",
    )
