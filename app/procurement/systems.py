"""The five systems asked: what is the same for all of them, in one place."""

#: A path of the vault that issues a credential, and the tool it is for.
ISSUING_PATHS = {
    "identity/oidc/token/sam-gov": "sam-gov",
    "identity/oidc/token/debarment": "debarment",
    "auth/token/create/contracts": "contracts",
    "auth/token/create/documents": "documents",
    "database/creds/ledger-reader": "ledger",
}
