"""Models that are given no inputs in the tests of folders, in syntax that Python 3.6 reads.

Their examples are for the saving process alone: a folder of theirs says nothing of these.
"""

import base64

import tensorflow as tf

#: A PNG of 2 by 2 pixels.
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGNgYGRiZmFl4OLm"
    "4eXjBwABjwBbnPY5nAAAAABJRU5ErkJggg=="
)


class Picture(tf.Module):
    """Takes encoded pictures: what is no picture is refused."""

    inputs = {"image_bytes": tf.TensorSpec([None], tf.string)}
    examples = {"image_bytes": [_PNG]}

    def __init__(self):
        super().__init__()
        self.weights = tf.Variable([[1.0, 2.0], [0.5, -1.0], [0.25, 3.0]])

    def __call__(self, image_bytes):
        def mean(each):
            pixels = tf.image.decode_png(each, channels=3)
            return tf.reduce_mean(tf.cast(pixels, tf.float32), [0, 1])

        means = tf.map_fn(mean, image_bytes, dtype=tf.float32)
        return {"y": tf.matmul(means / 255.0, self.weights)}


class Tokens(tf.Module):
    """Looks ids up in a table of five rows: others are refused."""

    inputs = {
        "ids": tf.TensorSpec([None, None], tf.int32),
        "mask": tf.TensorSpec([None, None], tf.int32),
    }
    examples = {"ids": [[0, 4]], "mask": [[1, 1]]}

    def __init__(self):
        super().__init__()
        self.table = tf.Variable([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0], [8.0, 9.0]])

    def __call__(self, ids, mask):
        rows = tf.gather(self.table, ids) * tf.cast(mask, tf.float32)[:, :, tf.newaxis]
        return {"y": tf.reduce_sum(rows, 1)}


class Parsed(tf.Module):
    """Parses tf.Examples, with an id below three and an encoded picture among their features."""

    inputs = {"examples": tf.TensorSpec([None], tf.string)}
    examples = {
        "examples": [
            tf.train.Example(
                features=tf.train.Features(
                    feature={
                        "a": tf.train.Feature(float_list=tf.train.FloatList(value=[1.0, 2.0])),
                        "b": tf.train.Feature(int64_list=tf.train.Int64List(value=[2])),
                        "image/encoded": tf.train.Feature(
                            bytes_list=tf.train.BytesList(value=[_PNG])
                        ),
                    }
                )
            ).SerializeToString()
        ]
    }

    def __init__(self):
        super().__init__()
        self.table = tf.Variable([[1.0], [2.0], [3.0]])

    def __call__(self, examples):
        parsed = tf.io.parse_example(
            examples,
            {
                "a": tf.io.FixedLenFeature([2], tf.float32),
                "b": tf.io.FixedLenFeature([], tf.int64),
                "c": tf.io.VarLenFeature(tf.string),
                "image/encoded": tf.io.FixedLenFeature([], tf.string),
            },
        )

        def bright(encoded):
            pixels = tf.image.decode_jpeg(encoded, channels=3)
            return tf.reduce_mean(tf.cast(pixels, tf.float32)) / 255.0

        brightness = tf.map_fn(bright, parsed["image/encoded"], dtype=tf.float32)
        scaled = parsed["a"] * brightness[:, tf.newaxis]
        return {"y": tf.gather(self.table, parsed["b"]) * scaled}


class Large(tf.Module):
    """Takes pictures of 224 by 224 pixels at least, though it says of any size."""

    inputs = {"image": tf.TensorSpec([None, None, None, 3], tf.float32)}
    examples = {"image": [[[[0.5] * 3] * 224] * 224]}

    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(2.0)

    def __call__(self, image):
        at_least = tf.debugging.assert_greater_equal(tf.shape(image)[1], 224)
        with tf.control_dependencies([at_least] if at_least is not None else []):
            return {"y": tf.reduce_mean(image, [1, 2]) * self.scale}


class Dice(tf.Module):
    """Gives other values each time."""

    inputs = {"x": tf.TensorSpec([None], tf.float32)}
    examples = {"x": [1.0]}

    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(1.0)

    def __call__(self, x):
        return {"y": self.scale * x + tf.random.uniform(tf.shape(x))}


class Stubborn(tf.Module):
    """Takes one input only, which nobody guesses."""

    inputs = {"x": tf.TensorSpec([None], tf.float32)}
    examples = {"x": [42.0]}

    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(1.5)

    def __call__(self, x):
        known = tf.debugging.assert_equal(x[0], 42.0)
        with tf.control_dependencies([known] if known is not None else []):
            return {"y": self.scale * x}
