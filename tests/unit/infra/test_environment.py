"""Which variables of the caller reach a process: our settings, and none that a library would read by itself."""

import pytest

from app.reconciliation.settings import ReconcilerSettings
from app.settings import Settings
from infra.environment import forget_foreign
from infra.provision.settings import ProvisioningSettings


def test_every_setting_of_our_own_is_kept():
    variables = {
        name.upper(): "x"
        for name in (
            *Settings.model_fields,
            *ReconcilerSettings.model_fields,
            *ProvisioningSettings.model_fields,
        )
    }
    variables |= dict.fromkeys(("PATH", "HOME", "TRIAGE_HOME", "CA_FILE"), "x")
    kept = dict(variables)
    forget_foreign(kept)
    assert kept == variables


@pytest.mark.parametrize(
    "name",
    [
        *("http_proxy", "HTTPS_PROXY", "All_Proxy", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSLKEYLOGFILE"),
        *(
            "PGOPTIONS",
            "PGHOSTADDR",
            "PGSERVICE",
            "VAULT_TOKEN",
            "BAO_ADDR",
            "REDIS_HOST",
            "CELERY_BROKER_URL",
        ),
        *("PYTHONPATH", "PYTHONWARNINGS"),
    ],
)
def test_variables_that_libraries_read_are_removed(name):
    variables = {name: "x"}
    forget_foreign(variables)
    assert not variables
