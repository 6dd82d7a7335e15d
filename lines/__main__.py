"""`python -m lines`: draw a data set into a folder, of three lines or by other rules, or a sheet to look at."""

import argparse
import sys
from pathlib import Path

if not __package__:  # started by its path, `python path/of/the/project/lines`, from any folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from lines.dataset import FILE_FORMATS, QUALITY, write_dataset, write_sheet
from lines.lines import SIZE, Y2_CHOICES
from lines.registry import rule_names


def main(arguments: list[str] | None = None) -> None:
    """Run the command; errors are printed in one line and end it with exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m lines",
        description="Draw images of three lines by chance, or by other rules: lines-000001.jpg, lines-000002.jpg, ... "
        "and parameters.csv, the table of what was drawn.",
        epilog="A drawing that was cut off goes on if the same command is given again. Else running again replaces the "
        "data set in the folder: every lines-<number>.jpg or .png of the earlier run is removed first, other files "
        "stay. A folder with such images but no parameters.csv (drawn by the Processing "
        "sketch, for instance), or with a data set by other rules, is left alone, with an error.",
    )
    parser.add_argument(
        "--rules",
        default="lines",
        metavar="RULES",
        help=f"{', '.join(rule_names())} (default: lines), or a Python file of yours that you trust: mine.py",
    )
    parser.add_argument("--count", type=int, default=10_000, help="how many images (default: 10000)")
    parser.add_argument("--out", type=Path, help="folder to write to (default: data/ and the name of the rules)")
    parser.add_argument("--format", choices=FILE_FORMATS, default="jpg", help="small jpg (default) or exact png")
    parser.add_argument("--quality", type=int, help=f"of jpg, 1 to 100 (default: {QUALITY}, as Processing writes it)")
    parser.add_argument("--seed", type=int, help="a number of 0 or more: the same one gives the same files")
    parser.add_argument(
        "--y2",
        choices=Y2_CHOICES,
        default="sketch",
        help="where the second horizontal falls: around 48 as in the sketch (default), or anywhere",
    )
    parser.add_argument("--size", type=int, help=f"width and height in pixels (default: {SIZE}; on a sheet: 240)")
    parser.add_argument("--zip", type=Path, metavar="ARCHIVE", help="also write all of it to this zip archive")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="draw twelve images on one sheet, and no data set")
    options = parser.parse_args(arguments)
    folder = options.out or Path("data") / Path(options.rules).stem
    size = {} if options.size is None else {"size": options.size}
    choices = {"rules": options.rules, "seed": options.seed, "y2": options.y2, **size}
    try:
        if options.sheet is not None:
            write_sheet(options.sheet, **choices)
        else:
            files = {"file_format": options.format, "quality": options.quality, "archive": options.zip}
            write_dataset(folder, options.count, **files, **choices)
    except (ValueError, OSError) as error:
        from_system = getattr(error, "strerror", None) is not None  # the project's own errors name a way out
        if from_system and options.sheet is not None:
            place = f"{options.sheet} cannot be written ({error.strerror}); choose another place with --sheet"
            parser.exit(2, f"python -m lines: {place}\n")
        way_out = "; choose a place that can be written to with --out or --zip" if from_system else ""
        parser.exit(2, f"python -m lines: {error}{way_out}\n")
    except MemoryError:
        parser.exit(
            2, f"python -m lines: images of --size {options.size} do not fit into memory; choose a smaller one\n"
        )
    except KeyboardInterrupt:
        parser.exit(130, f"\npython -m lines: stopped; the same command goes on where it stopped, in {folder}\n")
    if options.sheet is not None:
        print(f"a sheet of twelve images is in {options.sheet}", file=sys.stderr)
        return
    written = f"{options.count} images and parameters.csv are in {folder}"
    print(written if options.zip is None else f"{written}, and in {options.zip}", file=sys.stderr)


if __name__ == "__main__":
    main()
