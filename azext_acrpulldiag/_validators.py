"""Refuse bad arguments before anything is asked of Azure."""

from __future__ import annotations

import re
from typing import Any

SEVERAL_CLUSTERS = "acrpulldiag_several_clusters"
_EXPIRY_DAYS = 30
_TIMEOUT_SECONDS = 60.0
_KUBERNETES_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def validate_diagnose_pull(cmd: Any, namespace: Any) -> None:
    """Check and complete the arguments of ``az aks diagnose-pull``.

    One validator for all of them: azure-cli runs validators of single arguments in no
    certain order. Remembers on the job's CLI context whether ``--ids`` named several
    clusters, since then no exception may leave a job.
    """
    namespace.expiry_days = _EXPIRY_DAYS if namespace.expiry_days is None else namespace.expiry_days
    namespace.timeout = _TIMEOUT_SECONDS if namespace.timeout is None else namespace.timeout
    _validate_numbers(namespace)
    several = len(getattr(namespace, "_ids", None) or []) > 1
    _validate_registry(cmd, namespace)
    _validate_access(namespace, several)
    _validate_scope(namespace)
    _validate_pull_secret(namespace)
    _validate_skip(namespace.skip or [])
    _validate_consent(namespace)
    cmd.cli_ctx.data[SEVERAL_CLUSTERS] = several


def _validate_numbers(namespace: Any) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    if namespace.expiry_days < 0:
        raise InvalidArgumentValueError(f"--expiry-days {namespace.expiry_days}: expected zero or more days.")
    if not 1 <= namespace.timeout <= 3600:
        raise InvalidArgumentValueError(f"--timeout {namespace.timeout:g}: expected 1 to 3600 seconds.")


def _validate_registry(cmd: Any, namespace: Any) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError, RequiredArgumentMissingError

    from .targets import parse_registry

    given = registry_of_image(namespace.image) if namespace.acr is None else namespace.acr
    if given is None:
        if namespace.cluster_access != "none":
            return  # failing pods may name one
        raise RequiredArgumentMissingError(
            "No registry was named, and with --cluster-access none no pod can name one.",
            "Give --acr with the registry's name, login server or resource ID, or --image with a full reference.",
        )
    try:
        parse_registry(given, login_server_suffix(cmd.cli_ctx))
    except ValueError as error:
        argument = "--image" if namespace.acr is None else "--acr"
        raise InvalidArgumentValueError(f"{argument}: {error}") from error


def _validate_access(namespace: Any, several: bool) -> None:
    from pathlib import Path

    from azure.cli.core.azclierror import FileOperationError, MutuallyExclusiveArgumentError

    by_file = [name for name in ("kubeconfig", "context") if getattr(namespace, name) is not None]
    if by_file and namespace.cluster_access == "none":
        raise MutuallyExclusiveArgumentError(f"--{by_file[0]} has no effect with --cluster-access none.")
    if by_file and several:
        raise MutuallyExclusiveArgumentError(f"--{by_file[0]} names one cluster, and --ids names several.")
    if namespace.kubeconfig is not None:
        namespace.kubeconfig = str(Path(namespace.kubeconfig).expanduser())
        if not Path(namespace.kubeconfig).is_file():
            raise FileOperationError(f"--kubeconfig: there is no file {namespace.kubeconfig!r}.")


def _validate_scope(namespace: Any) -> None:
    """Names as Kubernetes has them, so that none can be more than a name in a request."""
    from azure.cli.core.azclierror import InvalidArgumentValueError

    for argument, longest in (("namespace", 63), ("pod", 253), ("pull_secret", 253)):
        given = getattr(namespace, argument)
        if given is not None and not (len(given) <= longest and _KUBERNETES_NAME.fullmatch(given)):
            option = argument.replace("_", "-")
            raise InvalidArgumentValueError(
                f"--{option} {given!r}: expected at most {longest} lower-case letters, digits, '-' and '.'."
            )


def registry_of_image(image: str | None) -> str | None:
    """Return the host of a full image reference, or ``None`` where it names none."""
    host, slash, _ = (image or "").partition("/")
    return host if slash and ("." in host or ":" in host) else None


def login_server_suffix(cli_ctx: Any) -> str:
    """The active cloud's login server suffix, with its leading dot (``.azurecr.io``)."""
    return "." + str(cli_ctx.cloud.suffixes.acr_login_server_endpoint).lstrip(".")


def _validate_pull_secret(namespace: Any) -> None:
    from azure.cli.core.azclierror import MutuallyExclusiveArgumentError

    if namespace.pull_secret is not None:
        if namespace.cluster_access == "none":
            raise MutuallyExclusiveArgumentError("--pull-secret has no effect with --cluster-access none.")
        if "pull-secret" in (namespace.skip or []):
            raise MutuallyExclusiveArgumentError("--pull-secret has no effect with --skip pull-secret.")


def _validate_skip(skip: list[str]) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    from .checks import ALL

    known = {checked.id for checked in ALL} | {checked.category for checked in ALL}
    for word in skip:
        if word not in known:
            raise InvalidArgumentValueError(
                f"--skip {word!r} is no category or check id.", f"Known are: {', '.join(sorted(known))}."
            )


def _validate_consent(namespace: Any) -> None:
    """``--check-acr`` starts a pod, so somebody must have agreed."""
    import sys

    from azure.cli.core.azclierror import RequiredArgumentMissingError

    if namespace.check_acr and not namespace.yes and not sys.stdin.isatty():
        raise RequiredArgumentMissingError(
            "--check-acr starts a root pod on a node of the cluster, and nobody can be asked here.",
            "Add --yes to agree to it.",
        )
