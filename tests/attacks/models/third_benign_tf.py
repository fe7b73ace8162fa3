"""Third ordinary set: what TensorFlow writes, with the places of files that a graph may follow."""

# The library is imported where it is needed: a case is left out where it is not installed.
from __future__ import annotations

import zipfile
from pathlib import Path

from tests.attacks.models.corpus import benign


def _small():
    import tensorflow as tf

    given = tf.keras.Input((8, 8, 3))
    return tf.keras.Model(given, tf.keras.layers.Dense(2)(tf.keras.layers.GlobalAveragePooling2D()(tf.keras.layers.BatchNormalization()(tf.keras.layers.Conv2D(4, 3)(given)))))


@benign("third/tf_words", "tensorflow")
def _(path: Path) -> None:
    """A vocabulary in a file, and one in the graph."""
    import tensorflow as tf

    words = path.parent / "words.txt"
    words.write_text("a\nb\nc\n")

    class Words(tf.Module):
        def __init__(self) -> None:
            whole, line = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
            self.filed = tf.lookup.StaticVocabularyTable(tf.lookup.TextFileInitializer(str(words), tf.string, whole, tf.int64, line), 2)
            self.held = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["x"], [1]), 0)

        @tf.function(input_signature=[tf.TensorSpec((None,), tf.string)])
        def __call__(self, x):
            return self.filed.lookup(x)

    tf.saved_model.save(Words(), str(path))


@benign("third/tf_graph", "tensorflow")
def _(path: Path) -> None:
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default():
        given = tf.compat.v1.placeholder(tf.float32, (None, 3))
        made = tf.matmul(given, tf.compat.v1.get_variable("w", (3, 2)))
        session = tf.compat.v1.Session()
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.saved_model.simple_save(session, str(path), {"x": given}, {"y": made})


@benign("third/tf_layers", "tensorflow")
def _(path: Path) -> None:
    _small().export(str(path), verbose=False)


@benign("third/labels.tflite", "tensorflow")
def _(path: Path) -> None:
    """With its labels appended as an archive, as tools for metadata do."""
    import tensorflow as tf

    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(_small()).convert())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.txt", "cat\ndog\n")


@benign("third/small.tflite", "tensorflow")
def _(path: Path) -> None:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(_small())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    path.write_bytes(converter.convert())
