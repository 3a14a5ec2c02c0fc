"""Checks with cosign, which gets nothing but files: it is given no registry, no credentials and no settings of ours.

Success is exit code 0 together with what cosign says only on success; its texts are never taken for facts, because in
them it repeats what it was told.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sindri_core import child
from sindri_image_verify import roots
from sindri_image_verify.candidates import BUNDLE, SIGNATURE
from sindri_image_verify.engines import layout
from sindri_image_verify.engines.answers import Checked, NoCosign, wrong_key
from sindri_image_verify.envelope import Envelope
from sindri_image_verify.refusals import Refused, Stage, printable
from sindri_image_verify.regexps import anchored
from sindri_image_verify.strictjson import decoded, mapping, part, text

if TYPE_CHECKING:
    from sindri_core.child import Ended
    from sindri_core.context import Context
    from sindri_core.oci.documents import Document
    from sindri_image_verify.candidates import Signed
    from sindri_image_verify.keys import Key
    from sindri_image_verify.terms import Terms

SECONDS = 30.0
"""How long one run may take."""
LARGEST_OUTPUT = 8 << 20
_ITS_OWN = ("COSIGN_", "SIGSTORE_", "TUF_", "REKOR_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosign:
    """A cosign. ``engines.finding`` makes sure that it may be used."""

    path: Path
    version: str
    sha256: str
    ctx: Context

    @property
    def fingerprint(self) -> str:
        """Exactly which program this is."""
        return f"cosign {self.version} {self.sha256}"

    def check(self, signed: Signed, terms: Terms, document: Document) -> Checked:
        """Check one candidate. Raises ``Refused``."""
        last = ""
        for key in terms.keys or (None,):
            last = self._refusal(signed, terms, key, document)
            if not last:
                unlogged = () if terms.logged else ("no transparency log is asked for",)
                evidence = (*unlogged, f"engine cosign {self.version}")
                return Checked(engine=self.fingerprint, evidence=evidence, signer=(f"key {key.name}",) if key else ())
        refusal = wrong_key(terms) if terms.keys else Refused(Stage.CRYPTOGRAPHY, "cosign does not accept it")
        raise Refused(
            refusal.stage,
            f"{refusal.reason}: {printable(last)}",
            found=refusal.found,
            wanted=refusal.wanted,
            accept=refusal.accept,
        )

    def judges(self, bundle: bytes, key: bytes, digest: str, predicate_type: str) -> bool:
        """Whether it accepts a bundle by a key, without a log. ``digest`` is in hex."""
        with self._folder() as folder:
            arguments = [
                *_written(folder, bundle=bundle, root=roots.EMPTY, key=key),
                "--insecure-ignore-tlog=true",
                *_about(predicate_type, digest),
            ]
            return not _objection_to_bundle(self._run(["verify-blob-attestation", *arguments], folder))

    def _refusal(self, signed: Signed, terms: Terms, key: Key | None, document: Document) -> str:
        """Why cosign does not accept a candidate; empty where it does."""
        candidate = signed.candidate
        content = candidate.content if candidate.form == BUNDLE else b""
        with self._folder() as folder:
            files = _written(folder, bundle=content, root=terms.root or roots.EMPTY, key=key.pem if key else b"")
            if key and key.uri:
                files.append(f"--key={key.uri}")
            arguments = [*files, *_demands(signed, terms)]
            if candidate.form == BUNDLE:
                about = _about(signed.predicate_type, document.digest.removeprefix("sha256:"))
                ended = self._run(["verify-blob-attestation", *arguments, *about], folder, key)
                return _objection_to_bundle(ended)
            image = folder / "image"
            image.mkdir()
            layout.write(image, document, candidate)
            local = ["--local-image=true", "--offline=true"]
            if candidate.form == SIGNATURE:
                ended = self._run(["verify", *arguments, *local, "--", str(image)], folder, key)
                return _objection(ended) or _unlike_signature(ended.output, document.digest)
            kind = f"--type={signed.predicate_type}"
            ended = self._run(["verify-attestation", *arguments, kind, *local, "--", str(image)], folder, key)
            return _objection(ended) or _unlike_attestation(ended.output, signed)

    def _run(self, arguments: Sequence[str], folder: Path, key: Key | None = None) -> Ended:
        self.ctx.deadline.check("checking a signature with cosign")
        environ = self._environ(folder, key)
        seconds = min(SECONDS, self.ctx.deadline.left())
        command = [str(self.path), *arguments]
        try:
            return child.run(
                command, environ, seconds=seconds, largest=LARGEST_OUTPUT, folder=folder, cancel=self.ctx.cancel
            )
        except OSError as error:
            raise NoCosign(f"{self.path} cannot be run: {error.strerror}") from None

    def _environ(self, folder: Path, key: Key | None) -> Mapping[str, str]:
        """Nothing but folders of its own; for a key service, which needs credentials, ours less what cosign reads."""
        own = {"HOME": str(folder), "TMPDIR": str(folder)}
        if key is None or not key.uri:
            return own
        ours = {name: text for name, text in self.ctx.environ.items() if not name.startswith(_ITS_OWN)}
        return ours | {"TMPDIR": str(folder)}

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        with TemporaryDirectory(prefix="sindri-cosign-", ignore_cleanup_errors=True) as folder:  # mode 0700
            yield Path(os.path.realpath(folder))

    def asked_version(self) -> str:
        """Ask which version it is. Raises ``NoCosign`` where it does not say."""
        with self._folder() as folder:
            ended = self._run(["version", "--json"], folder)
        if ended.late:
            raise NoCosign(f"{self.path} did not say its version within {SECONDS:g} s")
        try:
            version = text(mapping(ended.output, "version"), "gitVersion")
        except ValueError:
            version = ""
        if ended.code != 0 or not version:
            raise NoCosign(f"{self.path} does not say its version: exit code {ended.code}")
        return printable(version, 80)


def _written(folder: Path, *, bundle: bytes, root: bytes, key: bytes) -> list[str]:
    """Write the files that there are, and return the options that name them."""
    options: list[str] = []
    for option, name, content in (
        ("bundle", "bundle.json", bundle),
        ("trusted-root", "root.json", root),
        ("key", "key.pub", key),
    ):
        if content:
            (folder / name).write_bytes(content)
            options.append(f"--{option}={folder / name}")
    return options


def _about(predicate_type: str, digest: str) -> Sequence[str]:
    return [f"--type={predicate_type}", f"--digest={digest}", "--digestAlg=sha256"]


def _demands(signed: Signed, terms: Terms) -> Iterator[str]:
    """What the terms demand, each as one argument, so that no value can be taken for an option."""
    policy = terms.policy
    for option, exact, expression in (
        ("certificate-identity", policy.certificate_identity, policy.certificate_identity_regexp),
        ("certificate-oidc-issuer", policy.certificate_oidc_issuer, policy.certificate_oidc_issuer_regexp),
    ):
        if exact:
            yield f"--{option}={exact}"
        elif expression:
            yield f"--{option}-regexp={anchored(expression)}"
    if not terms.logged:
        yield "--insecure-ignore-tlog=true"
    if policy.ignore_sct:
        yield "--insecure-ignore-sct=true"
    if policy.use_signed_timestamps or (signed.stamped and signed.certificate is not None):
        yield "--use-signed-timestamps=true"


def _objection(ended: Ended) -> str:
    if ended.late:
        return "cosign took too long and was ended"
    if ended.code is None:
        return "cosign printed more than anybody reads and was ended"
    if ended.code != 0:
        lines = [line.strip() for line in ended.said.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1].removeprefix("error during command execution: ") if lines else f"exit code {ended.code}"
    return ""


def _objection_to_bundle(ended: Ended) -> str:
    """It prints no result for a bundle; that it says nothing at all is no success."""
    said = _objection(ended)
    if not said and ended.said.decode(errors="replace").rstrip().rpartition("\n")[2] != "Verified OK":
        return "cosign ended well and said nothing of having verified it"
    return said


def _unlike_signature(output: bytes, digest: str) -> str:
    try:
        found = json.loads(output)
        (claim,) = found
        same = text(part(part(claim, "critical"), "image"), "docker-manifest-digest") == digest
    except (ValueError, TypeError, AttributeError):
        return "cosign ended well and did not print one signature"
    return "" if same else "cosign verified another image"


def _unlike_attestation(output: bytes, signed: Signed) -> str:
    try:
        payload = decoded(text(mapping(output.strip(), "envelope"), "payload"), "payload")
    except ValueError:
        return "cosign ended well and did not print one attestation"
    envelope = Envelope(payload=payload, signature=signed.signature)
    return "" if envelope.signed == signed.signed else "cosign verified another attestation"
