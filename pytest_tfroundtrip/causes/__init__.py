"""What breaks between two TensorFlows, and why."""

from pytest_tfroundtrip.causes.catalogue import Cause, applying, causes, possible
from pytest_tfroundtrip.causes.diagnosis import Diagnosis, diagnose

__all__ = ["Cause", "Diagnosis", "applying", "causes", "diagnose", "possible"]
