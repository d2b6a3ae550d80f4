"""The known-answer corpus, a test asset: scenarios with their correct findings, and the evaluation against them.

The application does not import it. The mocks serve its scenarios, so it is installed wherever they run.
"""
