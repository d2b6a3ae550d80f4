"""The outside systems, emulated: payloads, credential checks and refusals in the format of the real ones."""
