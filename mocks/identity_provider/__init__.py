"""An OpenID Connect provider for demonstrations, in place of an agency's PIV sign-in: a visitor chooses a persona.

Authorization code with PKCE (S256), public clients only: no client has a secret. It keeps no session, so every
sign-in asks again, and it holds its signing key in memory: a new start has a new key.
"""

from mocks.identity_provider.endpoints import create_app

__all__ = ["create_app"]
