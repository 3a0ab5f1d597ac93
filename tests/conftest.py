"""What all tests have in common: how Hypothesis judges them."""

from hypothesis import HealthCheck, settings

# How long an example takes is for a quiet machine to say: a test judges what comes of it, on any machine.
# All else is as the surroundings want it; with CI=true, the same examples each time.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
