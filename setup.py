"""Build of the Azure CLI extension ``acrpulldiag``."""

from pathlib import Path

from setuptools import find_packages, setup

VERSION = "1.0.0b1"

# Where the project is to be found, once it is: the one place that holds the address. Until then nothing prints one.
ADDRESS = None
PAGES = {
    "Documentation": "blob/main/README.md",
    "Changelog": "blob/main/HISTORY.rst",
    "Issues": "issues",
    "Security": "security/policy",
}

# The Azure CLI that loads the extension brings azure-cli-core, knack, requests and the SDKs.
# Whatever is named here is installed a second time, into the extension's own folder; see CONTRIBUTING.md.
DEPENDENCIES = ["kubernetes>=35,<36"]

CLASSIFIERS = [
    "Development Status :: 4 - Beta",
    "Environment :: Console",
    "Intended Audience :: Developers",
    "Intended Audience :: System Administrators",
    "Natural Language :: English",
    "Operating System :: OS Independent",
    "Programming Language :: Python",
    "Programming Language :: Python :: 3",
    "Programming Language :: Python :: 3 :: Only",
    "Programming Language :: Python :: 3.10",
    "Programming Language :: Python :: 3.11",
    "Programming Language :: Python :: 3.12",
    "Programming Language :: Python :: 3.13",
    "Topic :: System :: Systems Administration",
]

setup(
    name="acrpulldiag",
    version=VERSION,
    description="Find out why an AKS cluster cannot pull images from an Azure container registry.",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The acrpulldiag authors",
    url=ADDRESS,
    project_urls={name: f"{ADDRESS}/{page}" for name, page in PAGES.items()} if ADDRESS else {},
    keywords=[
        *("azure", "azure-cli", "aks", "acr", "kubernetes", "container-registry"),
        *("image-pull", "ImagePullBackOff", "ErrImagePull", "troubleshooting", "diagnostics"),
    ],
    license_expression="MIT",
    license_files=["LICENSE"],
    classifiers=CLASSIFIERS,
    python_requires=">=3.10",
    packages=find_packages(include=["azext_acrpulldiag", "azext_acrpulldiag.*"]),
    package_data={"azext_acrpulldiag": ["azext_metadata.json"]},
    install_requires=DEPENDENCIES,
)
