"""Service tags with a region: ``AzureContainerRegistry.WestEurope``, ``AzureCloud.germanywc``. Pure.

Source: https://learn.microsoft.com/azure/virtual-network/service-tags-overview
"""

from __future__ import annotations

AZURE_CLOUD = "azurecloud"

# What AzureCloud calls these regions; other tags have their ordinary names.
_OF_AZURE_CLOUD = {
    "centralfrance": "francecentral",
    "southfrance": "francesouth",
    "germanyn": "germanynorth",
    "germanywc": "germanywestcentral",
    "norwaye": "norwayeast",
    "norwayw": "norwaywest",
    "switzerlandn": "switzerlandnorth",
    "switzerlandw": "switzerlandwest",
}
# https://learn.microsoft.com/azure/reliability/regions-list; those of a new region are in doubt until they are here.
# fmt: off
_REGIONS = frozenset((
    "australiacentral", "australiacentral2", "australiaeast", "australiasoutheast", "austriaeast", "belgiumcentral",
    "brazilsouth", "brazilsoutheast", "canadacentral", "canadaeast", "centralindia", "centralus", "chilecentral",
    "chinaeast", "chinaeast2", "chinaeast3", "chinanorth", "chinanorth2", "chinanorth3", "denmarkeast", "eastasia",
    "eastus", "eastus2", "francecentral", "francesouth", "germanynorth", "germanywestcentral", "indonesiacentral",
    "israelcentral", "italynorth", "japaneast", "japanwest", "jioindiacentral", "jioindiawest", "koreacentral",
    "koreasouth", "malaysiawest", "mexicocentral", "newzealandnorth", "northcentralus", "northeurope", "norwayeast",
    "norwaywest", "polandcentral", "qatarcentral", "southafricanorth", "southafricawest", "southcentralus",
    "southeastasia", "southindia", "spaincentral", "swedencentral", "swedensouth", "switzerlandnorth",
    "switzerlandwest", "uaecentral", "uaenorth", "uksouth", "ukwest", "usdodcentral", "usdodeast", "usgovarizona",
    "usgovtexas", "usgovvirginia", "westcentralus", "westeurope", "westindia", "westus", "westus2", "westus3",
))
# fmt: on


def tag_of(text: str) -> tuple[str, str]:
    """The name of a service tag and its region as ARM names it (empty: it has none), in lower case."""
    name, _, region = text.lower().replace(" ", "").partition(".")
    return name, _OF_AZURE_CLOUD.get(region, region) if name == AZURE_CLOUD else region


def is_known(region: str) -> bool:
    """Tell whether it is the name of a region. Another one may be what AzureCloud calls a region of ours."""
    return region in _REGIONS
