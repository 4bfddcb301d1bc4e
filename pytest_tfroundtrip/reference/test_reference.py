"""TensorFlow on trial: the models of its documents, held against what those promise.

Every save API under every save runtime, by every load API under every load runtime, as chosen by
the options. The body asks for what the documents print: the numbers.
"""

import numpy as np
import pytest

from pytest_tfroundtrip.roundtrip import RoundTrip


@pytest.mark.tf_roundtrip("models.py:AddTwo", expect="documents", variables=False)
def test_add_two(roundtrip: RoundTrip) -> None:
    """The migration guide's model: five in, seven out."""
    for example in roundtrip.examples:
        np.testing.assert_array_equal(example.outputs["output"], example.inputs["input"] + 2)


@pytest.mark.tf_roundtrip("models.py:Affine", expect="documents", variables=True)
def test_affine(roundtrip: RoundTrip) -> None:
    """A model with variables: what breaks between releases breaks here."""
    for example in roundtrip.examples:
        np.testing.assert_allclose(example.outputs["y"], example.expected["y"], rtol=1e-5)


@pytest.mark.tf_roundtrip("models.py:TwoByTwo", expect="documents", variables=True)
def test_two_by_two(roundtrip: RoundTrip) -> None:
    """Two inputs and two outputs of different dtypes: none may be taken for another."""
    for example in roundtrip.examples:
        assert set(example.outputs) == set(example.expected)
        for name, expected in example.expected.items():
            assert example.outputs[name].dtype == expected.dtype
            np.testing.assert_allclose(example.outputs[name], expected, rtol=1e-5)
