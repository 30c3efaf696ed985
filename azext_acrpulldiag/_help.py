"""The help of the commands."""

from knack.help_files import helps

helps["aks diagnose-pull"] = """
type: command
short-summary: Say why a cluster cannot pull images from a container registry.
long-summary: >
    Reads the cluster, its nodes, the registry, role assignments and the network with your own credentials,
    and reports the root cause, the evidence and the command that repairs it. Nothing is changed: the
    default run only reads. What could not be read is reported as unknown, with the permission that is missing.

    Nodes, containers that wait on their image and recent pulls are read from the Kubernetes API of the cluster,
    with the cluster's user credential from Azure, or your own sign-in where the cluster uses Entra ID (kubelogin
    is not needed). Where the API cannot be reached, as with a private cluster, the run says so within seconds and
    goes on with what Azure shows. With `--cluster-access command-invoke` it is read from inside the cluster instead,
    in pods that AKS starts for that, as for `az aks command invoke`; no Secret is read that way. Such a pod takes
    seconds to a minute to start, so give --timeout where it needs more.

    Without --acr and --image, the registries that failing pods pull from are judged: one report, or, where they
    name several registries, a list of reports.

    With --all-clusters, every cluster that the login can see is diagnosed, a few at a time: the result is a list, the
    worst first, standard error gets a line as each ends, and the exit code is that of the worst. --namespace and
    --pull-secret are looked at in each; --cluster-access command-invoke starts pods in each, and asks first.

    `az acr check-health` is run for the registry from this machine; its result never changes the verdict.

    Nothing proves a pull but a pull: --probe starts a pod on every node pool that has the image fetched by the node as
    the workload would (service account and pull secrets of the failing pod, or --pull-secret), runs nothing of it, and
    is deleted in any case: when the run ends, at Ctrl-C, or, were the command killed, by its own deadline and the next
    --probe. What a node pulled comes before what was inferred, for the same image, namespace and credentials.

    What a run reads can be saved (--save-snapshot) and judged again without a login (--snapshot); --redact makes
    names and ids aliases.

    --report writes files for others beside the result, which stays as it is: a page for people (.html), a summary for
    a pipeline (.md), results for its test tab (.xml, JUnit: a test a check, where one fails if and only if the exit
    code is not 0, but for --fail-on never). Several clusters or registries are in one file, the worst first.

    Exit codes: 0 nothing stops a pull; 4 a cause was found (or a warning, with `--fail-on warning`);
    5 nothing is proven broken but a decisive fact could not be read; 1, 2 and 3 are az's own (error, usage,
    cluster not found). The report is printed in full with 4 and 5.
examples:
  - name: Diagnose a cluster and a registry.
    text: az aks diagnose-pull --resource-group MyResourceGroup --name MyManagedCluster --acr myregistry
  - name: Read the findings as a table, worst first.
    text: az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry -o table
  - name: Name the registry by its login server and judge one image that is not deployed yet.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry.azurecr.io
        --image myregistry.azurecr.io/team/app:1.2
  - name: Print only the verdict, for a pipeline.
    text: az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry --query verdict -o tsv
  - name: Print only the id of the root cause.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry
        --query "rootCauses[0].outcome" -o tsv
  - name: Print the commands that repair it.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry
        --query 'rootCauses[].remedies[?option==`1`].command[]' -o tsv
  - name: List what fails.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry
        --query "findings[?status=='fail'].[check,summary]" -o table
  - name: Judge the registries that the failing pods of a namespace pull from.
    text: az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --namespace web
  - name: Look at one pod.
    text: az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry --namespace web --pod web-0
  - name: Reach the cluster with a kubeconfig of your own.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry
        --kubeconfig ~/.kube/config --context prod
  - name: Judge a pull secret before a pod names it, for the image that it is to pull.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --pull-secret regcred
        --image myregistry.azurecr.io/team/app:1.2
  - name: Do not test the credential of a pull secret at its registry.
    text: az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry --no-credential-test
  - name: Read the pods of a private cluster through commands that AKS runs in it.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry --cluster-access command-invoke
  - name: Also test the registry from a node of the cluster, without asking.
    text: az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry --check-acr --yes
  - name: Really pull an image on every node pool, without asking.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --image myregistry.azurecr.io/team/app:1.2
        --namespace web --probe --yes
  - name: Diagnose every cluster that the login can see with one registry, one row a cluster.
    text: az aks diagnose-pull --all-clusters --acr myregistry -o table
  - name: List the clusters of a subscription that cannot pull what their pods wait for, with the first cause.
    text: >
        az aks diagnose-pull --all-clusters --subscription MySubscription
        --query "[?verdict=='broken'].[target.cluster.name,rootCauses[0].outcome]" -o tsv
  - name: Save what the run read, with aliases for all names and ids, to show it to others.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --acr myregistry
        --save-snapshot run.json --redact
  - name: Judge an image before it is deployed, and write a pipeline's summary page and test results.
    text: >
        az aks diagnose-pull -g MyResourceGroup -n MyManagedCluster --image myregistry.azurecr.io/team/app:1.2
        --report summary.md results.xml
  - name: Judge what a run saved, without a login.
    text: az aks diagnose-pull --snapshot run.json -o table
"""

helps["aks explain-pull-error"] = """
type: command
short-summary: Explain the error messages of failed image pulls.
long-summary: >
    Shows, for each error, its class, the stage of the pull, what it means, the likely causes and the fact that decides
    between them; then the command that shows the page of the likeliest cause, and for an image of Azure Container
    Registry the `az aks diagnose-pull` that finds the cause in your cluster. Needs no login and sends nothing anywhere.

    Give what you have: the text of one event, lines of them, or the output of `kubectl describe pod`,
    `kubectl get events` and `kubectl get pods` (tables, JSON or YAML), journals and logs of kubelet, containerd, crictl
    and dockerd. A text of several lines stays one message. What says nothing of an image pull that fails is counted on
    standard error and not answered; an error that repeats is answered once, with its `count`. Passwords, tokens and
    signatures in a text are masked.

    Lines are read at any length and number. A JSON or YAML document of more than 20 MB, and more than 10,000 different
    errors, are refused.
examples:
  - name: Explain one message.
    text: >-
        az aks explain-pull-error --message 'Failed to pull image "contosoreg.azurecr.io/web:1": pull QPS exceeded'
  - name: Explain why the pod web does not start, as a table.
    text: kubectl describe pod web | az aks explain-pull-error --output table
  - name: Explain every failed pull in the events of the cluster.
    text: kubectl get events --all-namespaces --output json | az aks explain-pull-error
  - name: Explain what the journal of a node says.
    text: journalctl --unit kubelet --unit containerd --since today | az aks explain-pull-error --output table
  - name: Explain what was saved in a file, and print the class of each error.
    text: az aks explain-pull-error --file events.txt --query "[].class" --output tsv
  - name: Print the commands that find the causes in the cluster.
    text: az aks explain-pull-error --file events.txt --query "[?next].next" --output tsv
"""

helps["aks list-pull-checks"] = """
type: command
short-summary: List what `az aks diagnose-pull` checks and what it can find.
long-summary: >-
    One row for every outcome, with its check, the healthy condition, how severe it is, what pods report then,
    the permissions that the check reads with, the section of Microsoft's troubleshooting article and a link.
    Needs no login and sends no request to Azure. Ids of checks and categories are what `--skip` takes.
parameters:
  - name: --category
    short-summary: "List the checks of this category only: the part of their ids before the dot."
  - name: --outcome
    short-summary: "Show the page of this outcome: what it means, why, how it is decided, repairs, permissions."
examples:
  - name: List all checks as a table.
    text: az aks list-pull-checks --output table
  - name: Read the page of one outcome.
    text: az aks list-pull-checks --outcome pull-secret.token-expired --output table
  - name: List the checks of the network path to the registry.
    text: az aks list-pull-checks --category network --output table
  - name: Print the permissions that one outcome is decided with.
    text: >-
        az aks list-pull-checks
        --query "[?outcome=='network.outbound-ip-not-allowed'].needs[].right" --output tsv
  - name: Print every Azure action that a custom role for the diagnosis may have.
    text: az aks list-pull-checks --query "[].needs[] | [?kind=='azure-action'].right" --output tsv | sort -u
  - name: Find what may be behind a class of errors that explain-pull-error names.
    text: az aks list-pull-checks --query "[?contains(symptoms, 'forbidden-403')].outcome" --output tsv
"""
