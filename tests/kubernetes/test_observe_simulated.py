"""States, causes and waiting through the provider's own target, on the simulated cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sindri_core import HookSpecs, hookimpl
from sindri_core.context import CancelToken, Context, Deadline
from sindri_core.core import Core
from sindri_core.errors import NotReady
from sindri_core.events import Event, StatusChanged
from sindri_core.types import Patch, PluginInfo, State
from sindri_kubernetes import kubeconfig, resources
from sindri_kubernetes.api import Api
from sindri_kubernetes.testing import Pace, SimulatedCluster

if TYPE_CHECKING:
    from sindri_core.requests import AdjustRequest

WHERE = "dev-acme"
DEPLOYMENT = resources.path("Deployment", "demo", WHERE)

IMAGE = "sindri@sha256:" + "5" * 64


class Marks(HookSpecs):
    """Puts annotations on the pods, by which the simulated cluster lets them fail."""

    def __init__(self, **marks: str) -> None:
        self.marks = {f"testbed/{key}": value for key, value in marks.items()}

    @hookimpl
    def sindri_plugin_info(self) -> PluginInfo:
        return PluginInfo(id="marks", version="1.0", summary="marks pods")

    @hookimpl
    def sindri_adjust_manifests(self, ctx: Context, request: AdjustRequest) -> list[Patch]:
        deployment = next(m for m in request.manifests if m.kind == "Deployment")
        path = "/spec/template/metadata/annotations"
        return [Patch(manifest=deployment.id, op="add", path=path, value=self.marks, reason="a test")]


@pytest.fixture
def api(simulated_cluster: SimulatedCluster) -> Iterator[Api]:
    """The API of the simulated cluster, as its administrator."""
    access = kubeconfig.resolve({"KUBECONFIG": str(simulated_cluster.kubeconfig)})
    opened = Api(access, deadline=Deadline(30), cancel=CancelToken(), emit=lambda _: None, user_agent="test")
    yield opened
    opened.close()


def core(cluster: SimulatedCluster, state: Path, *more: object, **options: Any) -> Core:
    """Make a core for the cluster; keywords: ``kubernetes`` and ``resources`` of the configuration, ``on_event``."""
    from sindri_kubernetes import KubernetesPlugin

    config = {
        "name": "demo",
        "deployment": {"provider": "kubernetes", "image": IMAGE, "resources": options.get("resources", {})},
        "providers": {"kubernetes": {"namespace": WHERE, **options.get("kubernetes", {})}},
    }
    environ = {"KUBECONFIG": str(cluster.kubeconfig), "HOME": str(state)}
    plugins = (KubernetesPlugin(), *more)
    return Core(config, plugins=plugins, environ=environ, state_dir=state, on_event=options.get("on_event"))


def create(api: Api, kind: str, name: str, namespace: str = "", **body: Any) -> None:
    """Make an object as somebody else would."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **body.pop("metadata", {})}
    version = "v1" if kind != "StorageClass" else "storage.k8s.io/v1"
    made = {"apiVersion": version, "kind": kind, "metadata": metadata, **body}
    api.create(resources.path(kind, namespace=namespace), made)


def refused(sindri: Core, **options: Any) -> NotReady:
    """Deploy what cannot come up."""
    with pytest.raises(NotReady) as caught:
        sindri.deploy(**{"timeout": 40, **options})
    assert caught.value.finding is not None
    return caught.value


def test_a_whole_life_in_states(simulated_cluster: SimulatedCluster, tmp_path: Path) -> None:
    """Not deployed, on the way up, running, on the way down, stopped, running, not deployed."""
    told: list[State] = []

    def hear(event: Event) -> None:
        if isinstance(event, StatusChanged):
            told.append(event.status.state)

    with core(simulated_cluster, tmp_path, on_event=hear) as sindri:
        assert sindri.status().state is State.NOT_DEPLOYED
        running = sindri.deploy().status
        assert running.state is State.RUNNING
        assert running.image.startswith(IMAGE)
        assert running.node.startswith("node-")
        assert (running.restarts, running.replicas) == (0, 1)
        assert running.home is not None
        assert (running.home.phase, running.home.size) == ("Bound", "10Gi")
        assert running.last_deploy
        assert running.since
        assert sindri.stop().state is State.STOPPED
        assert sindri.start().state is State.RUNNING
        sindri.destroy()
        gone = sindri.status()
        assert (gone.state, gone.step) == (State.NOT_DEPLOYED, "the home is kept")
    assert set(told) <= {State.PENDING, State.STARTING, State.RUNNING, State.STOPPING, State.STOPPED}


def test_states_of_what_is_slow(tmp_path: Path) -> None:
    """A container that starts slowly is starting, one that ends slowly is stopping, a deletion is deleting."""
    with SimulatedCluster(pace=Pace(start=600, stop=600)) as cluster, core(cluster, tmp_path) as sindri:
        sindri.deploy(wait=False)
        for status in sindri.watch(timeout=30):
            if status.state is State.STARTING:
                break
        assert (status.state, status.step) == (State.STARTING, "ContainerCreating")
        assert sindri.stop(wait=False).state is State.STOPPING
        access = kubeconfig.resolve({"KUBECONFIG": str(cluster.kubeconfig)})
        api = Api(access, deadline=Deadline(30), cancel=CancelToken(), emit=lambda _: None, user_agent="test")
        api.delete(DEPLOYMENT)
        found = sindri.status()
        assert (found.state, found.step) == (State.DELETING, "waiting for the pod to end")
        api.close()


@pytest.mark.parametrize(
    ("marks", "code", "state"),
    [
        ({"waiting": "ErrImagePull", "message": "manifest unknown"}, "SND-K8S-226", State.DEGRADED),
        ({"waiting": "ErrImagePull", "message": "401 Unauthorized"}, "SND-K8S-227", State.DEGRADED),
        ({"waiting": "InvalidImageName"}, "SND-K8S-230", State.DEGRADED),
        ({"exit": "1"}, "SND-K8S-234", State.DEGRADED),
        ({"exit": "127"}, "SND-K8S-233", State.DEGRADED),
        ({"waiting": "CreateContainerConfigError", "message": 'secret "x" not found'}, "SND-K8S-231", State.DEGRADED),
    ],
)
def test_containers_that_cannot_start_end_the_deploy_early(
    simulated_cluster: SimulatedCluster, tmp_path: Path, marks: dict[str, str], code: str, state: State
) -> None:
    """Deploy stops long before its time with the cause; status says the same afterwards, with what belongs to it."""
    with core(simulated_cluster, tmp_path, Marks(**marks)) as sindri:
        assert refused(sindri).code == code
        found = sindri.status()
        assert found.state is state
        assert found.finding is not None
        assert found.finding.code == code
        assert found.home is not None
        assert found.node


def test_a_quota_ends_the_deploy_early(simulated_cluster: SimulatedCluster, tmp_path: Path, api: Api) -> None:
    """The quota is named, with what is left; after it was raised the environment comes up by itself."""
    create(api, "Namespace", WHERE)
    create(api, "ResourceQuota", "team", WHERE, spec={"hard": {"requests.cpu": "100m"}})
    with core(simulated_cluster, tmp_path) as sindri:
        error = refused(sindri)
        assert error.code == "SND-K8S-206"
        assert sindri.status().state is State.PENDING
        api.delete(resources.path("ResourceQuota", "team", WHERE))
        assert sindri.start(timeout=30).state is State.RUNNING


def test_pod_security_ends_the_deploy_early(simulated_cluster: SimulatedCluster, tmp_path: Path, api: Api) -> None:
    """The level is named; the profile that is proposed is the cure."""
    create(api, "Namespace", WHERE, metadata={"labels": {"pod-security.kubernetes.io/enforce": "restricted"}})
    with core(simulated_cluster, tmp_path) as sindri:
        error = refused(sindri)
    assert error.code == "SND-K8S-205"
    assert error.finding is not None
    assert "providers.kubernetes.security.profile: restricted" in error.finding.fix[0]
    with core(simulated_cluster, tmp_path, kubernetes={"security": {"profile": "restricted"}}) as sindri:
        assert sindri.deploy(timeout=30).status.state is State.RUNNING


def test_a_webhook_ends_the_deploy_early(simulated_cluster: SimulatedCluster, tmp_path: Path, api: Api) -> None:
    """The webhook's own words are told."""
    create(api, "Namespace", WHERE, metadata={"annotations": {"testbed/deny": "images come from registry.acme"}})
    with core(simulated_cluster, tmp_path) as sindri:
        error = refused(sindri)
    assert error.code == "SND-K8S-210"
    assert error.finding is not None
    assert error.finding.seen == ("images come from registry.acme",)


def test_no_default_class_ends_the_deploy_early(simulated_cluster: SimulatedCluster, tmp_path: Path, api: Api) -> None:
    """Nobody makes the home where no class is the default."""
    api.delete(resources.path("StorageClass", "standard"))
    with core(simulated_cluster, tmp_path) as sindri:
        assert refused(sindri).code == "SND-K8S-217"
        found = sindri.status()
        assert found.state is State.PENDING
        assert found.home is not None
        assert found.home.phase == "Pending"


def test_a_class_that_does_not_exist_ends_the_deploy_early(simulated_cluster: SimulatedCluster, tmp_path: Path) -> None:
    """It is named beside those that exist."""
    with core(simulated_cluster, tmp_path, kubernetes={"storageClass": "standart"}) as sindri:
        error = refused(sindri)
    assert error.code == "SND-K8S-218"
    assert error.finding is not None
    assert "providers.kubernetes.storageClass: standard" in error.finding.fix[0]


def test_a_driver_that_does_not_run_is_waited_for(
    simulated_cluster: SimulatedCluster, tmp_path: Path, api: Api
) -> None:
    """A provisioner gets its minute: until then the environment is pending, and nothing is wrong."""
    create(api, "StorageClass", "csi", provisioner="csi.example.com", volumeBindingMode="WaitForFirstConsumer")
    with core(simulated_cluster, tmp_path, kubernetes={"storageClass": "csi"}) as sindri:
        sindri.deploy(wait=False)
        for status in sindri.watch(timeout=30):
            if status.step == "volume pending":
                break
    assert (status.state, status.finding) == (State.PENDING, None)


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"taints": [{"key": "dedicated", "value": "ml", "effect": "NoSchedule"}]}, "SND-K8S-212"),
        ({"unschedulable": True}, "SND-K8S-212"),
    ],
)
def test_nodes_that_keep_pods_away(
    simulated_cluster: SimulatedCluster, tmp_path: Path, api: Api, spec: dict[str, Any], code: str
) -> None:
    """A taint or a cordon on every node is found; it may pass within the first seconds, so the time ends the wait."""
    for node in api.list(resources.path("Node")):
        body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node["metadata"]["name"]}, "spec": spec}
        api.apply(resources.path("Node", node["metadata"]["name"]), body)
    with core(simulated_cluster, tmp_path) as sindri:
        assert refused(sindri, timeout=2).code == code


def test_no_room_at_the_deadline(simulated_cluster: SimulatedCluster, tmp_path: Path) -> None:
    """When the time is over the best finding is the reason, not the time."""
    with core(simulated_cluster, tmp_path, resources={"cpus": 100}) as sindri:
        error = refused(sindri, timeout=2)
    assert error.code == "SND-K8S-211"


def when(status: State, action: Callable[[], object]) -> Callable[[Event], None]:
    """Do something once, as soon as the environment is seen in a state."""
    done = threading.Event()

    def hear(event: Event) -> None:
        if isinstance(event, StatusChanged) and event.status.state is status and not done.is_set():
            done.set()
            action()

    return hear


def test_a_deployment_that_is_deleted_under_the_wait(tmp_path: Path) -> None:
    """Somebody deletes the Deployment while it starts: the wait ends at once and says so."""
    with SimulatedCluster(pace=Pace(start=600)) as cluster:
        access = kubeconfig.resolve({"KUBECONFIG": str(cluster.kubeconfig)})
        api = Api(access, deadline=Deadline(30), cancel=CancelToken(), emit=lambda _: None, user_agent="test")
        hear = when(State.STARTING, lambda: api.delete(DEPLOYMENT))
        with core(cluster, tmp_path, on_event=hear) as sindri, pytest.raises(NotReady) as caught:
            sindri.deploy(timeout=30)
        assert caught.value.code == "SND-RUN-004"
        api.close()


def test_watching_sees_the_cluster_go(tmp_path: Path) -> None:
    """A server that is away becomes the state unreachable, with the cause; it is no exception."""
    with SimulatedCluster() as cluster, core(cluster, tmp_path) as sindri:
        sindri.deploy(timeout=30)
        states = sindri.watch(timeout=60)
        assert next(states).state is State.RUNNING
        cluster.__exit__()
        away = next(states)
        assert away.state is State.UNREACHABLE
        assert away.finding is not None
        assert away.finding.code.startswith("SND-K8S-0")
