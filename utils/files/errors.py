"""What other people's libraries say of a file, cut down to what a reader can use."""


def one_line(error: BaseException, longest: int = 300) -> str:
    """What an error says, on one line and not at length: Keras adds the whole architecture, TensorFlow pages.

    Example:
        >>> one_line(KeyError())
        'KeyError'
    """
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    text = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return text if len(text) <= longest else f"{text[:longest]} ..."
