"""Refuse bad arguments before anything is asked of Azure."""

from __future__ import annotations

from typing import Any

SEVERAL_CLUSTERS = "acrpulldiag_several_clusters"
_EXPIRY_DAYS = 30
_TIMEOUT_SECONDS = 60.0


def validate_diagnose_pull(cmd: Any, namespace: Any) -> None:
    """Check and complete the arguments of ``az aks diagnose-pull``.

    One validator for all of them: azure-cli runs validators of single arguments in no
    certain order. Remembers on the job's CLI context whether ``--ids`` named several
    clusters, since then no exception may leave a job.
    """
    namespace.expiry_days = _EXPIRY_DAYS if namespace.expiry_days is None else namespace.expiry_days
    namespace.timeout = _TIMEOUT_SECONDS if namespace.timeout is None else namespace.timeout
    _validate_numbers(namespace)
    _validate_registry(cmd, namespace)
    _validate_skip(namespace.skip or [])
    _validate_consent(namespace)
    cmd.cli_ctx.data[SEVERAL_CLUSTERS] = len(getattr(namespace, "_ids", None) or []) > 1


def _validate_numbers(namespace: Any) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    if namespace.expiry_days < 0:
        raise InvalidArgumentValueError(f"--expiry-days {namespace.expiry_days}: expected zero or more days.")
    if not 1 <= namespace.timeout <= 3600:
        raise InvalidArgumentValueError(f"--timeout {namespace.timeout:g}: expected 1 to 3600 seconds.")


def _validate_registry(cmd: Any, namespace: Any) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError, RequiredArgumentMissingError

    from .targets import parse_registry

    given = namespace.acr or registry_of_image(namespace.image)
    if given is None:
        raise RequiredArgumentMissingError(
            "No registry was named.",
            "Give --acr with the registry's name, login server or resource ID, or --image with a full reference.",
        )
    try:
        parse_registry(given, login_server_suffix(cmd.cli_ctx))
    except ValueError as error:
        argument = "--acr" if namespace.acr else "--image"
        raise InvalidArgumentValueError(f"{argument}: {error}") from error


def registry_of_image(image: str | None) -> str | None:
    """Return the host of a full image reference, or ``None`` where it names none."""
    host, slash, _ = (image or "").partition("/")
    return host if slash and ("." in host or ":" in host) else None


def login_server_suffix(cli_ctx: Any) -> str:
    """The active cloud's login server suffix, with its leading dot (``.azurecr.io``)."""
    return "." + str(cli_ctx.cloud.suffixes.acr_login_server_endpoint).lstrip(".")


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
