"""What people read: whole answers as text."""

from __future__ import annotations

from datetime import UTC, datetime

from sindri_core.cli.render import text
from sindri_core.types import (
    Action,
    Change,
    Changes,
    ClusterCandidate,
    Destination,
    FieldChange,
    FieldConflict,
    Finding,
    Home,
    Issue,
    Kept,
    Patch,
    Plan,
    Removal,
    ResolvedImage,
    Severity,
    State,
    Status,
)

HERE = Destination(provider="kubernetes", context="work", namespace="team")
NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def planned(*changes: Change, issues: tuple[Issue, ...] = (), patches: tuple[Patch, ...] = ()) -> str:
    """Render a plan of these changes."""
    return text.plan(
        Plan(
            name="dev",
            destination=HERE,
            cluster=ClusterCandidate(
                kind="kind", name="dev", rank=90, evidence=("kindnet",), version="v1.34.4", nodes=2
            ),
            image=ResolvedImage(reference="app:1", deployed="app:1", why="the reference in the file"),
            verifications=(),
            changes=Changes(items=changes, data="A new home volume is made."),
            manifests=(),
            adjustments=patches,
            issues=issues,
            intent="",
            plugins={},
            offline=False,
        )
    )


def change(action: Action, kind: str, **more: object) -> Change:
    """Make a change of an object called dev."""
    return Change(action=action, kind=kind, name="dev", scope="team", **more)  # type: ignore[arg-type] # by keyword


def test_a_plan_that_creates() -> None:
    """A remark that all objects share stands once, below them; a warning has its remedy under it."""
    note = "the server's own checks run once the namespace exists"
    warning = Issue(code="SND-IMG-004", severity=Severity.WARNING, path="", message="not pinned", hint="write it\nso")
    changes = [change(Action.CREATE, kind, note=note) for kind in ("Service", "Deployment")]
    assert planned(change(Action.CREATE, "Namespace"), *changes, issues=(warning,)) == (
        "dev → work / team (kind, 2 nodes, v1.34.4; kindnet)\n"
        "\n"
        "  image      app:1\n"
        "             the reference in the file\n"
        "  verified   no: nothing is required of the image\n"
        "\n"
        "  +   Namespace              dev\n"
        "  +   Service                dev\n"
        "  +   Deployment             dev\n"
        "\n"
        "  the server's own checks run once the namespace exists\n"
        "\n"
        "  3 to create. A new home volume is made.\n"
        "  ! not pinned [SND-IMG-004]\n"
        "      write it\n"
        "      so"
    )


def test_a_plan_that_changes() -> None:
    """Fields with before and after, what restarts, conflicts with their manager, drift, and who adjusted what."""
    field = FieldChange(path="containers[sindri].resources.limits.cpu", before="1", after="2", note="")
    conflict = FieldConflict(path="containers[sindri].image", manager="other", live="b", wanted="a")
    drift = FieldChange(path="type", before="NodePort", after="ClusterIP", note="")
    patch = Patch(manifest="Service/dev", op="add", path="/metadata/labels/a", value="b", reason="ours", plugin="acme")
    assert planned(
        change(Action.CHANGE, "Deployment", fields=(field,), restarts=True),
        change(Action.CONFLICT, "Pod", conflicts=(conflict,), hint="--force-conflicts takes it"),
        change(Action.SAME, "Service", drift=(drift,)),
        patches=(patch,),
    ).splitlines()[5:] == [
        "  adjusted   Service/dev /metadata/labels/a by acme  ours",
        "",
        "  ~   Deployment             dev                          restarts the environment",
        "        containers[sindri].resources.limits.cpu       1 → 2",
        "  !   Pod                    dev",
        "        containers[sindri].image                      b by other, wanted a",
        "        --force-conflicts takes it",
        "  =   Service                dev",
        "        drift: type                                   NodePort → ClusterIP",
        "",
        "  1 to change, 1 in conflict, 1 same. A new home volume is made.",
    ]


def test_a_status_with_a_cause() -> None:
    """Everything that is known, ages counted to now, and the cause with what was seen and the fix."""
    finding = Finding(
        code="SND-K8S-230", message="no image", object="Pod/dev-1", seen=("404",), cause="mistyped", fix=("write it",)
    )
    status = Status(
        name="dev",
        state=State.PENDING,
        destination=HERE,
        step="pulling",
        image="app:1",
        instance="dev-1",
        node="node-1",
        restarts=2,
        since="2026-01-02T11:58:00Z",
        last_deploy="2025-12-31T12:00:00Z",
        home=Home(name="dev-home-pvc", size="10Gi", phase="Bound"),
        finding=finding,
    )
    assert text.status(status, NOW) == (
        "dev\n"
        "  state      pending (pulling)\n"
        "  where      work / team\n"
        "  image      app:1\n"
        "  pod        dev-1 on node-1\n"
        "  since      2026-01-02T11:58:00Z   2 min ago\n"
        "  restarts   2\n"
        "  home       dev-home-pvc  10Gi  Bound\n"
        "  deployed   2025-12-31T12:00:00Z   2 d ago\n"
        "\n"
        "  SND-K8S-230: no image\n"
        "    seen   404\n"
        "    cause  mistyped\n"
        "    fix    write it"
    )


def test_a_moment_to_come_has_no_age() -> None:
    """A node whose clock is ahead makes no negative age."""
    status = Status(name="dev", state=State.RUNNING, destination=HERE, since="2026-01-02T12:00:09Z")
    assert "  since      2026-01-02T12:00:09Z\n" in text.status(status, NOW) + "\n"


def test_what_went_and_what_stayed() -> None:
    """Each object that stays says why and how it goes."""
    kept = Kept(object="PersistentVolumeClaim/home", reason="it holds your data", hint="sindri destroy --delete-data")
    assert text.removal(Removal(removed=("Deployment/dev",), kept=(kept,))) == (
        "  - Deployment/dev\n  = PersistentVolumeClaim/home   it holds your data\n      sindri destroy --delete-data"
    )
    assert text.removal(Removal(removed=(), kept=())) == "  nothing is there"


def test_the_table_of_environments() -> None:
    """Columns are as wide as their widest cell; none says so."""
    rows = [Status(name=name, state=State.STOPPED, destination=HERE, image="") for name in ("a", "longer-name")]
    assert text.environments(rows) == (
        "NAME         NAMESPACE  STATE    IMAGE  DEPLOYED\n"
        "a            team       stopped  -      -\n"
        "longer-name  team       stopped  -      -"
    )
    assert text.environments([]) == "no environments here"
