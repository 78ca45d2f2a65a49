"""The demo product's own OpenID provider: authorization code flow with PKCE, strict about all that it is sent."""
