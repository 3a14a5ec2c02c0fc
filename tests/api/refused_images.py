"""Images that must not get through for what their registry serves, or where it sends us."""

from __future__ import annotations

import json

import signing
from refusals import REPOSITORY, Play, Scene, also, scene
from registry import BUNDLE, OCI_INDEX, OCI_MANIFEST, Asked, Reply


@scene("01 a tag that moves to the signed image after its first answer")
def _(s: Scene) -> None:
    s.sign()
    signed = s.registry.repositories[REPOSITORY][s.digest]
    other = s.registry.image(REPOSITORY, "1.2.0", content=b"other")
    unsigned = s.registry.repositories[REPOSITORY][other]
    answers = [unsigned]

    def move(asked: Asked) -> None:
        if asked.path.endswith("/manifests/1.2.0"):
            s.registry.repositories[REPOSITORY]["1.2.0"] = answers.pop() if answers else signed

    s.registry.misbehave = move


@scene("02 bytes that are not those of the digest", said="other content")
def _(s: Scene) -> None:
    s.image |= {"tag_override": "", "digest": s.digest}
    kind, content = s.registry.repositories[REPOSITORY][s.digest]
    s.registry.repositories[REPOSITORY][s.digest] = (kind, content + b" ")


@scene("03 a tag of the signed image beside a digest of another")
def _(s: Scene) -> None:
    s.sign()
    other = s.registry.image(REPOSITORY, content=b"unsigned")
    demand = {"images": ["*"], "require": ["signature"], "public_keys": s.image["public_keys"]}
    s.config = {"deployment": {"image": f"{s.image['registry']}:1.2.0@{other}"}, "trust": {"policies": [demand]}}


@scene("04 a signed digest that the repository lost")
def _(s: Scene) -> None:
    s.sign()
    s.image |= {"tag_override": "", "digest": s.digest}
    del s.registry.repositories[REPOSITORY][s.digest]


@scene("04 a digest that the repository lost after it was verified")
def _(s: Scene) -> None:
    s.sign()
    s.image |= {"tag_override": "", "digest": s.digest}
    s.then = lambda: s.registry.repositories[REPOSITORY].pop(s.digest)


also(
    "05 a signature of another image",
    lambda s: s.sign_legacy("sha256:" + "1" * 64),
    lambda s: s.sign("sha256:" + "1" * 64),
)
also(
    "06 a copy in a repository that is not allowed",
    lambda s: s.sign(),
    lambda s: s.image.update(allowed_repositories=["ghcr.io/acme/*"]),
)
also(
    "07 a signature for another repository",
    lambda s: s.sign_legacy(repository="ghcr.io/other/app"),
    lambda s: s.image.update(match_reference=True),
)


@scene("08 an old signed image under a new tag")
def _(s: Scene) -> None:
    s.attest(ref="refs/tags/v1.0.0")
    s.demand_provenance(source_ref="refs/tags/v{tag}")


@scene("09 an image of a signed index, deployed on its own")
def _(s: Scene) -> None:
    index = s.registry.index(REPOSITORY, "2.0.0")
    s.attach(signing.bundle(s.key, signing.statement(index)), index)
    child = json.loads(s.registry.repositories[REPOSITORY][index][1])["manifests"][0]["digest"]
    s.image |= {"tag_override": "", "digest": child}


@scene("10 a document that is image and index", code="SND-IMG-008")
def _(s: Scene) -> None:
    document = json.loads(s.registry.repositories[REPOSITORY][s.digest][1]) | {"manifests": []}
    s.registry.put(REPOSITORY, document, "1.2.0")


@scene("10 an artifact that is no image", code="SND-IMG-008")
def _(s: Scene) -> None:
    document = json.loads(s.registry.repositories[REPOSITORY][s.digest][1])
    document["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
    s.registry.put(REPOSITORY, document, "1.2.0")


@scene("11 an index of indexes", code="SND-IMG-008")
def _(s: Scene) -> None:
    inner = s.registry.index(REPOSITORY)
    entry = {"mediaType": OCI_INDEX, "digest": inner, "size": 10}
    s.registry.put(REPOSITORY, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}, "1.2.0")


@scene("11 two images for one platform", code="SND-IMG-008")
def _(s: Scene) -> None:
    s.registry.index(REPOSITORY, "1.2.0", platforms=("linux/amd64", "linux/amd64"))


@scene("11 no image for the platform of the nodes", code="SND-IMG-016")
def _(s: Scene) -> None:
    s.registry.index(REPOSITORY, "1.2.0", platforms=("linux/s390x", "windows/amd64"))


@scene("26 a list of signatures that fails", said="fails (500)")
def _(s: Scene) -> None:
    s.sign_legacy()
    s.registry.misbehave = lambda asked: Reply(status=500) if "referrers" in asked.path else None


def realm(address: str) -> Play:
    """The registry sends us there for a token."""

    def play(s: Scene) -> None:
        challenge = {"WWW-Authenticate": f'Bearer realm="{address}"'}
        s.registry.misbehave = lambda _: Reply(status=401, headers=challenge)

    return play


also("27 a token service at the metadata address", realm("http://169.254.169.254/token"), code="SND-IMG-012")
also("27 a token service with a name before the @", realm("http://a:b@127.0.0.1/token"), code="SND-IMG-012")


@scene("28 a redirect into our own network", code="SND-IMG-012")
def _(s: Scene) -> None:
    s.registry.misbehave = lambda _: Reply(status=307, headers={"Location": "http://10.0.0.1/secret"})


@scene("29 pages that lead elsewhere", code="SND-IMG-012")
def _(s: Scene) -> None:
    s.image |= {"tag_override": "", "version": "^1.0.0"}
    link = {"Link": '<http://evil.example/v2/x/tags/list>; rel="next"'}
    s.registry.misbehave = lambda asked: (
        Reply(headers=link, content=b'{"tags":["1.2.0"]}') if asked.path.endswith("tags/list") else None
    )


@scene("30 a manifest of five megabytes", code="SND-IMG-008")
def _(s: Scene) -> None:
    content = b'{"schemaVersion":2,' + b" " * (5 << 20) + b'"layers":[]}'
    s.registry.put(REPOSITORY, content, "1.2.0", media_type=OCI_MANIFEST)


@scene("30 more than fifty referrers", said="more than 50")
def _(s: Scene) -> None:
    for number in range(51):
        s.registry.attach(REPOSITORY, s.digest, str(number).encode(), BUNDLE)


def written(text: str) -> Play:
    """The image is written so."""

    def play(s: Scene) -> None:
        s.config["deployment"] = {"image": text}

    return play


for odd in ("ghcr.io@evil.example/app", "ghcr.io/Acme/app", "ghcr.io/acmé/app", "ghcr.io/a%2fb", "ghcr.io/../app"):
    also(f"31 the reference {odd!a}", written(odd), exit=2, code="SND-CFG-001")
for odd in ("ghcr.io./app", "localhost:99999/app", "[::1/app", "a:b:c", "--help"):
    also(f"31 the reference {odd}", written(odd), exit=2, code="SND-CFG-001")
