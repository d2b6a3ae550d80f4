"""The five outside systems, emulated: payloads, credentials checks and refusals shaped like the real ones."""
