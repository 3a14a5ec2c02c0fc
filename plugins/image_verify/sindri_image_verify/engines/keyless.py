"""Checks with the package ``sigstore``: a bundle with a certificate and an entry in a transparency log.

The package is imported here only, because that takes half a second. It verifies chain, log, times and signature; who
signed what is compared by us, before and after. It does not look at how long an authority or log was in force, so it is
given only those that were when the log took the entry, a time that it does verify.
"""

from __future__ import annotations

from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from sindri_image_verify import certificate, roots
from sindri_image_verify.envelope import Envelope
from sindri_image_verify.refusals import Refused, Stage, printable
from sindri_image_verify.statement import PAYLOAD_TYPE

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from sindri_image_verify.candidates import Signed
    from sindri_image_verify.terms import Terms


def check(signed: Signed, terms: Terms) -> None:
    """Check one bundle against the trusted root of the terms, from a file. Raises ``Refused``."""
    from sigstore.errors import Error
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier

    with NamedTemporaryFile(prefix="sindri-root-", suffix=".json") as file:  # mode 0600
        file.write(roots.valid_at(terms.root, signed.logged_at[0]))
        file.flush()
        try:
            verifier = Verifier(trusted_root=TrustedRoot.from_file(file.name))
            bundle = Bundle.from_json(signed.candidate.content)
            kind, payload = verifier.verify_dsse(bundle, _Same(signed))
        except (Error, ValueError, TypeError) as error:
            reason = f"the package sigstore does not accept it: {printable(str(error) or type(error).__name__)}"
            raise Refused(Stage.CRYPTOGRAPHY, reason) from None
    if kind != PAYLOAD_TYPE or Envelope(payload=payload, signature=signed.signature).signed != signed.signed:
        raise Refused(Stage.CRYPTOGRAPHY, "the package sigstore verified another statement")


class _Same:
    """The package's idea of a policy: that it looks at the very certificate whose identity we compared."""

    def __init__(self, signed: Signed) -> None:
        self._signed = signed

    def verify(self, cert: Certificate) -> None:
        """Raise the package's error for another certificate."""
        from cryptography.hazmat.primitives.serialization import Encoding
        from sigstore.errors import VerificationError

        if certificate.parse(cert.public_bytes(Encoding.DER)) != self._signed.certificate:
            raise VerificationError("it is another certificate")
