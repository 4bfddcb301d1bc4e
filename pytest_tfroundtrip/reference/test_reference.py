"""TensorFlow on trial: the models of its documents, held against what those promise.

Every save API under every save runtime, by every load API under every load runtime, as chosen by
the options. The body asks for what the documents print: the numbers.
"""

import numpy as np
import pytest

from pytest_tfroundtrip.roundtrip import RoundTrip
from pytest_tfroundtrip.vocabulary import Operation


def outputs_are_expected(roundtrip: RoundTrip) -> None:
    """Hold what came out against the models' oracles in NumPy; after training it is another."""
    if roundtrip.cell.operation is Operation.FINE_TUNING:
        assert roundtrip.outputs
        return
    for example in roundtrip.examples:
        assert set(example.outputs) == set(example.expected)
        for name, expected in example.expected.items():
            assert example.outputs[name].dtype == expected.dtype
            if expected.dtype == object:  # classes are words
                assert example.outputs[name].tolist() == expected.tolist()
            else:
                np.testing.assert_allclose(example.outputs[name], expected, rtol=1e-5)


@pytest.mark.tf_roundtrip("models.py:AddTwo", expect="documents", variables=False)
def test_add_two(roundtrip: RoundTrip) -> None:
    """The migration guide's model: five in, seven out."""
    outputs_are_expected(roundtrip)


@pytest.mark.tf_roundtrip("models.py:Affine", expect="documents", variables=True)
def test_affine(roundtrip: RoundTrip) -> None:
    """A model with variables: what breaks between releases breaks here."""
    outputs_are_expected(roundtrip)


#: What breaks a promise for a model of this kind only, so that no selector of a cause can say it.
ACCEPTED = {
    "two_by_two-keras_2.8-to-hub_keras_layer_1.15*-fine_tuning": (
        "no-gradient-of-a-call: an Embedding that 2.8 saved; 1.15 has no gradient of ResourceGather"
    )
}


@pytest.mark.tf_roundtrip("models.py:TwoByTwo", expect="documents", variables=True, accept=ACCEPTED)
def test_two_by_two(roundtrip: RoundTrip) -> None:
    """Two inputs and two outputs of different dtypes: none may be taken for another."""
    outputs_are_expected(roundtrip)
