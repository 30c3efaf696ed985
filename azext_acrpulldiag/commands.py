"""The commands of the extension."""

from typing import Any


def load_command_table(self: Any, _: Any) -> None:
    """Register the commands, all in preview as the extension is."""
    from azure.cli.core.commands import CliCommandType

    from ._format import pull_checks_table, report_table
    from ._validators import validate_diagnose_pull
    from .messages import explain_table

    messages = CliCommandType(operations_tmpl="azext_acrpulldiag.messages#{}")
    listing = CliCommandType(operations_tmpl="azext_acrpulldiag.listing#{}")
    with self.command_group("aks") as group:
        group.custom_command(
            "diagnose-pull",
            "diagnose_pull",
            validator=validate_diagnose_pull,
            table_transformer=report_table(self.cli_ctx),
            is_preview=True,
        )
    with self.command_group("aks", messages) as group:
        group.command("explain-pull-error", "explain_pull_error", table_transformer=explain_table, is_preview=True)
    with self.command_group("aks", listing) as group:
        group.command("list-pull-checks", "list_pull_checks", table_transformer=pull_checks_table, is_preview=True)
