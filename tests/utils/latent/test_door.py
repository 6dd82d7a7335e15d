import utils.latent


def test_every_name_of_the_latent_space_is_at_hand():
    assert all(hasattr(utils.latent, name) for name in utils.latent.__all__)
    assert {"interpolate_points", "pattern", "film", "read_vectors", "from_image"} <= set(utils.latent.__all__)
