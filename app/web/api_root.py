"""Where the JSON API begins, for the pages, the API and its client."""

ROOT = "/api/v1"
