"""The critic and the encoder: their layers, and the weights that they start from."""

import numpy as np

from models.critic import build_critic, build_encoder


def test_batch_normalisation_and_dropout_are_there_when_asked_for():
    critic = build_critic((8, 8, 3), [4, 8], [3, 3], [2, 2], batch_norm_momentum=0.8, dropout_rate=0.3)
    kinds = [type(layer).__name__ for layer in critic.layers]
    assert kinds.count("BatchNormalization") == 1  # not on the first layer, as in the original
    assert kinds.count("Dropout") == 2


def test_the_encoder_gives_a_mean_and_a_log_variance():
    encoder = build_encoder((8, 8, 3), 5, [4, 8], [3, 3], [2, 2])
    assert [output.shape for output in encoder.outputs] == [(None, 5), (None, 5)]
    assert [encoder.get_layer(f"encoder_{name}").units for name in ("mean", "log_variance")] == [5, 5]


def test_weights_start_from_the_published_distribution_and_repeat_with_the_seed():
    first, again, other = (
        build_critic((8, 8, 3), [64, 64], [5, 5], [2, 2], seed=s).get_weights()[2] for s in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert abs(first.mean()) < 0.001 and abs(first.std() - 0.02) < 0.0005
