"""An OpenID Connect provider that lets a visitor choose who to be: what an agency's PIV sign-in is in production.

Authorization code with PKCE (S256), public clients only: no client has a secret. It keeps nobody signed in, so every
sign-in asks again, and holds its signing key in memory: a new start has a new key.
"""

from mocks.identity_provider.service import create_app

__all__ = ["create_app"]
