"""`python -m lines`: draw the data set of three lines into a folder."""

import argparse
import sys
from pathlib import Path

from lines.dataset import FILE_FORMATS, write_dataset
from lines.lines import SIZE, Y2_CHOICES


def main(arguments: list[str] | None = None) -> None:
    """Run the command; what goes wrong is said in one line and ends with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m lines",
        description="Draw images of three lines by chance: lines-000001.jpg, lines-000002.jpg, ... and parameters.csv, "
        "the table of what was drawn.",
        epilog="Running again replaces the data set in the folder: every lines-<number>.jpg or .png of the earlier run "
        "is removed first, other files stay. A folder with such images but no parameters.csv (drawn by the Processing "
        "sketch, for instance) is left alone, with an error.",
    )
    parser.add_argument("--count", type=int, default=10_000, help="how many images (default: 10000)")
    parser.add_argument("--out", type=Path, default=Path("data/lines"), help="folder to write to (default: data/lines)")
    parser.add_argument("--format", choices=FILE_FORMATS, default="jpg", help="small jpg (default) or exact png")
    parser.add_argument("--seed", type=int, help="a number of 0 or more: the same one gives the same files")
    parser.add_argument(
        "--y2",
        choices=Y2_CHOICES,
        default="sketch",
        help="where the second horizontal falls: around 48 as in the sketch (default), or anywhere",
    )
    parser.add_argument("--size", type=int, default=SIZE, help=f"width and height in pixels (default: {SIZE})")
    parser.add_argument("--zip", type=Path, metavar="ARCHIVE", help="also write all of it to this zip archive")
    options = parser.parse_args(arguments)
    try:
        write_dataset(
            options.out, options.count, options.seed, options.format, options.y2, options.size, archive=options.zip
        )
    except (ValueError, OSError) as error:
        from_system = getattr(error, "strerror", None) is not None  # errors of our own say the way out themselves
        way_out = "; choose a place that can be written to with --out or --zip" if from_system else ""
        parser.exit(2, f"python -m lines: {error}{way_out}\n")
    except KeyboardInterrupt:
        parser.exit(130, f"\npython -m lines: stopped; {options.out} holds the images written so far\n")
    written = f"{options.count} images and parameters.csv are in {options.out}"
    print(written if options.zip is None else f"{written}, and in {options.zip}", file=sys.stderr)


if __name__ == "__main__":
    main()
