"""The arguments of the commands."""

from typing import Any

from azure.cli.core.commands.parameters import file_type, get_enum_type


def load_arguments(self: Any, command: str) -> None:
    """Declare names, types and help of every argument."""
    with self.argument_context("aks diagnose-pull") as context:
        context.argument("name", options_list=["--name", "-n"], id_part="name", help="Name of the managed cluster.")
        context.argument(
            "acr",
            help="Registry to judge: its name, login server or resource ID, in any subscription of the login. "
            "Left out, it is taken from --image, else from the images of failing pods: then there is a report "
            "for every registry that they name.",
        )
        context.argument(
            "image",
            help="Full reference of the image to judge, also one that is not deployed yet, "
            "such as contosoreg.azurecr.io/team/app:1.2.",
        )
        context.argument("namespace", help="Look at the pods of this Kubernetes namespace only.")
        context.argument(
            "pod",
            help="Look at this pod only; without --namespace it is looked for in the namespace `default`.",
        )
        context.argument(
            "cluster_access",
            arg_type=get_enum_type(["auto", "direct", "none"], default="auto"),
            help="How to reach the Kubernetes API. `auto` and `direct` ask it from this machine, `none` does not ask "
            "it at all: pods, events and nodes are then not looked at.",
        )
        context.argument(
            "kubeconfig",
            type=file_type,
            help="Kubeconfig file to use for the Kubernetes API, instead of the credential that Azure hands out. "
            "The file's own sign-in program, such as kubelogin, is run.",
        )
        context.argument(
            "context", help="Context of the kubeconfig to use; without --kubeconfig that of the default file."
        )
        context.argument(
            "pull_secret",
            help="Also judge this pull secret, though no pod names it yet; it is looked for in --namespace, "
            "else in the namespace `default`.",
        )
        context.argument(
            "no_credential_test",
            action="store_true",
            help="Do not offer the credential of a pull secret to its registry, which alone proves it right or wrong. "
            "It is sent to the login server that Azure names and nowhere else.",
        )
        context.argument(
            "skip",
            nargs="+",
            help="Categories or ids of checks not to run, such as `network` or `registry.health`; "
            "they are reported as skipped.",
        )
        context.argument("expiry_days", type=int, help="Warn this many days before a credential ends.")
        context.argument(
            "check_acr",
            action="store_true",
            help="Also run `az aks check-acr`, which starts a root pod on one Linux node of the cluster.",
        )
        context.argument(
            "yes", options_list=["--yes", "-y"], action="store_true", help="Do not ask before starting pods."
        )
        context.argument(
            "fail_on",
            arg_type=get_enum_type(["error", "warning", "never"], default="error"),
            help="The least that gives a non-zero exit code: 4 for what was found, 5 where a decisive fact "
            "could not be read. With `never` the code is 0 once there is a report.",
        )
        context.argument("timeout", type=float, help="Seconds for the whole run.")

    with self.argument_context("aks explain-pull-error") as context:
        context.argument(
            "message", options_list=["--message", "-m"], help="Text of one event, container status or log line."
        )
        context.argument(
            "file", options_list=["--file", "-f"], help="File with one message a line; `-` is standard input."
        )

    if command == "aks list-pull-checks":
        from .listing import categories  # all checks, which the other commands have no use for here

        with self.argument_context(command) as context:
            context.argument("category", arg_type=get_enum_type(categories()))
