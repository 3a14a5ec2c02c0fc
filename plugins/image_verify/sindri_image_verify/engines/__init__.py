"""What checks the cryptography of one candidate: in this process, with cosign, or with the package ``sigstore``."""
