"""The document's own kubectl commands beside sindri: after each of them status, start, deploy and plan still work."""

from __future__ import annotations

import pytest
from environment import Environment, actions

from sindri_core.errors import ClusterError
from sindri_core.types import Action, State

UP = {State.RUNNING, State.STARTING, State.PENDING, State.DEGRADED}
DOWN = {State.STOPPED, State.STOPPING}
AWAY = {State.NOT_DEPLOYED}

COMMANDS = [
    ("scale deployment dev --replicas=0", DOWN),
    ("scale deployment dev --replicas=1", UP),
    ("rollout restart deployment dev", UP),
    ("delete deployment dev", AWAY),
    ("delete service dev", UP),
    ("delete serviceaccount dev", UP),
    ("delete configmap sindri-dev", UP),
    ("delete pod -l instance=dev", UP),
]


def kubectl(environment: Environment, command: str) -> None:
    """Type a command of the document."""
    environment.kubectl(*command.split(), "-n", environment.namespace)


def quiet(environment: Environment) -> None:
    """Deploying works, and after it the environment runs and nothing is left to do, nor at the next deploy."""
    environment.core().deploy()
    assert environment.core().start().state is State.RUNNING
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}
    assert environment.core().deploy().applied.written == ()


@pytest.mark.parametrize(("command", "states"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_after_a_command_everything_still_works(environment: Environment, command: str, states: set[State]) -> None:
    """Status is true, start starts or says what to do, deploy mends, destroy takes everything that we made."""
    environment.core().deploy()
    home = environment.get("pvc", "dev-home-pvc")["metadata"]["uid"]
    kubectl(environment, command)
    assert environment.core().status().state in states
    if states is AWAY:
        with pytest.raises(ClusterError) as caught:
            environment.core().start()
        assert (caught.value.code, caught.value.hint) == ("SND-K8S-115", "sindri deploy")
    else:
        assert environment.core().start().state is State.RUNNING
    quiet(environment)
    assert environment.get("pvc", "dev-home-pvc")["metadata"]["uid"] == home
    removal = environment.core().destroy(delete_data=True)
    assert f"Namespace/{environment.namespace}" in removal.removed


def test_a_deploy_leaves_power_to_kubectl(environment: Environment) -> None:
    """Scaled to nothing by hand it stays so through plan and deploy, also when the deploy changes something."""
    environment.core().deploy()
    kubectl(environment, "scale deployment dev --replicas=0")
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}
    assert environment.core(resources={"cpus": 2}).deploy().status.state is State.STOPPED
    assert environment.core().stop().state is State.STOPPED
    assert environment.core().start().state is State.RUNNING


def test_a_restart_by_kubectl_survives_the_next_deploy(environment: Environment) -> None:
    """The annotation of ``rollout restart`` is kubectl's: no drift, and no second restart when it would go."""
    environment.core().deploy()
    kubectl(environment, "rollout restart deployment dev")
    assert set(actions(environment.core().plan()).values()) == {Action.SAME}
    environment.core(resources={"cpus": 2}).deploy()
    annotations = environment.get("deploy")["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations


def test_the_documents_whole_clean_up_is_followed_by_a_new_environment(environment: Environment) -> None:
    """Deployment, claim and namespace deleted by hand, one after the other: each time deploy makes what is missing."""
    environment.core().deploy()
    first = environment.get("pvc", "dev-home-pvc")["metadata"]["uid"]
    kubectl(environment, "delete deployment dev --cascade=foreground")
    kubectl(environment, "delete pvc dev-home-pvc")
    assert environment.core().status().state is State.NOT_DEPLOYED
    assert environment.core().plan().changes.data == "A new home volume is made."
    quiet(environment)
    assert environment.get("pvc", "dev-home-pvc")["metadata"]["uid"] != first
    environment.kubectl("delete", "namespace", environment.namespace)
    assert environment.core().status().state is State.NOT_DEPLOYED
    assert environment.core().stop().state is State.NOT_DEPLOYED
    assert set(actions(environment.core().plan()).values()) == {Action.CREATE}
    quiet(environment)


def test_a_claim_deleted_under_a_running_environment(environment: Environment) -> None:
    """Until it stops it runs on; destroy lets the claim go, and the next deploy has a new home."""
    environment.core().deploy()
    kubectl(environment, "delete pvc dev-home-pvc --wait=false")
    assert environment.core().status().state in UP
    with pytest.raises(ClusterError) as caught:
        environment.core().deploy()
    assert caught.value.code == "SND-K8S-106"
    environment.core().destroy()
    quiet(environment)
