#!/bin/sh
# Finds a Python and makes the project's environment of it; says in one line what it takes and why.
#
#   sh environment.sh                    says what it would take, and does nothing
#   sh environment.sh .venv [FILE ...]   makes .venv, or keeps it; installs what the project needs and what each FILE lists
#
# It takes python3.13, else 3.12, else 3.11, for which everything has wheels, under these names or as python3; else a
# Python 3.13 that uv brings; else python3 of 3.14 or later, with PyTorch, for TensorFlow has no wheel there yet.
#
#   PYTHON=...    another Python
#   BACKEND=...   tensorflow, torch or jax, whatever the Python; with torch or jax any Python from 3.11 on is taken
#
# Macs with an Intel processor get PyTorch, whose last wheels for them are for Python 3.12 and 3.11.
set -eu
root=$(dirname "$0")
environment=${1-}
[ $# -eq 0 ] || shift

say() { printf '%s\n' "$*" >&2; }
give_up() { say "$*" && exit 1; }
dotted() { printf '%s' "$(($1 / 100)).$(($1 % 100))"; } # 313 is 3.13
named() { case $1 in tensorflow) printf TensorFlow ;; torch) printf PyTorch ;; jax) printf JAX ;; esac; }

# What Pythons say of themselves --------------------------------------------------------------------------------------

# 313 for Python 3.13, and a word: whole; bare where Debian's and Ubuntu's package for environments is missing; odd where
# no wheels fit: 32 bits, no lock around the interpreter, another implementation than CPython.
question='
import sys, sysconfig
word = "whole"
try:
    import ensurepip, venv
except ImportError:
    word = "bare"
if sys.maxsize < 2**32 or sysconfig.get_config_var("Py_GIL_DISABLED") or sys.implementation.name != "cpython":
    word = "odd"
print("%d %s" % (100 * sys.version_info[0] + sys.version_info[1], word))
'
run() { # PYTHON may be a path, with spaces or not, or a command with its first argument, like "py -3.12"
    run_command=$1
    shift
    if command -v "$run_command" >/dev/null 2>&1; then "$run_command" "$@"; else $run_command "$@"; fi
}
ask() { # sets number and word; fails where a command is no Python, as the stand-ins of pyenv and Windows may be
    answer=$(run "$1" -c "$question" 2>/dev/null </dev/null) || return 1
    case $answer in [1-9][0-9][0-9]" "*) ;; *) return 1 ;; esac
    number=${answer%% *} word=${answer##* }
}

# What has wheels -----------------------------------------------------------------------------------------------------

wanted=${BACKEND:-}
intel_mac=$([ "$(uname -sm)" != "Darwin x86_64" ] || echo yes)
newest=399
case $wanted$intel_mac in
'' | tensorflow | jaxyes) newest=313 ;;
yes | torchyes) newest=312 wanted=torch ;;
torch | jax) ;;
tensorflowyes) give_up "TensorFlow has no wheels for a Mac with an Intel processor: take BACKEND=torch." ;;
*) give_up "BACKEND=$wanted is none of Keras' backends here: take tensorflow, torch or jax." ;;
esac
backend_for() { # the backend that Python $1 gets unasked
    if [ -n "$wanted" ]; then echo "$wanted"; elif [ "$1" -gt "$newest" ]; then echo torch; else echo tensorflow; fi
}
backends() { # what is installed for Python $1: what was once asked for stays, another comes beside it
    backends_there=$wanted
    for backend in tensorflow torch jax; do
        [ ! -e "$environment/has-$backend" ] || [ "$backend" = "$wanted" ] || backends_there="$backends_there $backend"
    done
    echo "${backends_there:-$(backend_for "$1")}"
}
install_one="Install one: sudo apt install python3 python3-venv (Debian, Ubuntu), sudo dnf install python3.13 (Fedora), \
brew install python@3.13 (macOS), py install 3.13 (Windows). Or name one: PYTHON=/path/to/python3.13"

# The choice: sets python, number and why; python is "uv" where uv is to bring one ---------------------------------------

take_named() {
    ask "$PYTHON" || give_up "PYTHON=$PYTHON is no Python that runs. $install_one"
    [ "$number" -ge 311 ] || give_up "PYTHON=$PYTHON is Python $(dotted "$number"); 3.11 or later is needed. $install_one"
    [ "$word" != odd ] || give_up "PYTHON=$PYTHON has no wheels: take a CPython of 64 bits that is not free-threaded."
    [ -z "$wanted" ] || [ "$number" -le "$newest" ] ||
        give_up "$(named "$wanted") has no wheels for Python $(dotted "$number") here. $install_one"
    python=$PYTHON why="which PYTHON names"
}
take_later() {
    ask "$later"
    python=$later why="for TensorFlow has no wheels there yet, and neither python3.13, 3.12, 3.11 nor uv can be used"
}
find_one() {
    python='' bare='' later='' passed=''
    for candidate in python3.13 python3.12 python3.11 python3 python; do
        ask "$candidate" || continue
        if [ "$number" -lt 311 ] || [ "$word" = odd ]; then
            passed="$passed $candidate is $(dotted "$number")$([ "$word" != odd ] || echo ' without wheels');"
        elif [ "$word" = bare ]; then
            bare=${bare:-$candidate}
        elif [ "$number" -gt "$newest" ]; then
            later=${later:-$candidate}
        else
            python=$candidate why="the first here for which everything has wheels"
            return
        fi
    done
    if command -v uv >/dev/null 2>&1; then
        python=uv number=$((newest < 313 ? newest : 313)) why="which uv brings, for no other fits"
    elif [ -n "$later" ] && [ -z "$wanted" ]; then
        take_later
    elif [ -n "$bare" ]; then
        ask "$bare"
        give_up "$bare has no ensurepip, to make an environment with: sudo apt install python$(dotted "$number")-venv"
    elif [ -n "$later" ]; then
        ask "$later"
        give_up "$(named "$wanted") has no wheels for Python $(dotted "$number") here, and no other was found. $install_one"
    else
        give_up "Python 3.11 or later is needed;${passed:- none was found.} $install_one"
    fi
}
tell() {
    tell_names=
    for backend in $(backends "$number"); do tell_names="${tell_names:+$tell_names and }$(named "$backend")"; done
    say "$1: Python $(dotted "$number") with $tell_names, $why."
}

# The environment -----------------------------------------------------------------------------------------------------

inside() { # the environment's own Python, where it has one with pip
    for inside_path in "$environment/bin/python" "$environment/Scripts/python.exe"; do
        if "$inside_path" -c 'import pip' >/dev/null 2>&1; then printf '%s' "$inside_path" && return; fi
    done
    return 1
}
make_it() {
    if [ "$python" != uv ]; then
        run "$python" -m venv --clear "$environment"
    elif rm -rf "$environment" && ! uv venv --quiet --seed --python "$(dotted "$number")" "$environment"; then
        [ -n "$later" ] && [ -z "$wanted" ] || give_up "uv could not bring a Python. $install_one"
        take_later && tell "$python" && make_it
    fi
}

# On Linux PyTorch comes with NVIDIA's libraries, four gigabytes that serve nobody without such a card. PyTorch's own
# index has it without them, under a version that pip prefers; where that cannot be reached, the large one is taken.
cpu_index=https://download.pytorch.org/whl/cpu
reaches='import urllib.request as r; r.urlopen("'$cpu_index'/torch/", timeout=5)'
without_cuda() {
    case " $(backends "$number") " in *" torch "*) ;; *) return 1 ;; esac
    [ "$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null 2>&1 && "$(inside)" -c "$reaches" >/dev/null 2>&1
}

python='' number=''
[ -z "${PYTHON:-}" ] || take_named
asked=$number
if [ -n "$environment" ] && kept=$(inside) && ask "$kept" && [ "${asked:-$number}" = "$number" ] &&
    [ "$number" -ge 311 ] && { [ -z "$wanted" ] || [ "$number" -le "$newest" ]; }; then
    why="as it stands"
    tell "$environment"
else
    if [ -n "$python" ]; then number=$asked; else find_one; fi
    tell "$python"
    [ -n "$environment" ] || exit 0
    make_it
fi

for backend in $(backends "$number"); do
    file=requirements-$backend.txt
    [ "$backend" != tensorflow ] || file=requirements.txt
    set -- "$root/$file" "$@"
done
say "Installing what the project needs into $environment/ (a few minutes, once) ..."
for file; do
    shift
    set -- "$@" -r "$file"
done
! without_cuda || export PIP_EXTRA_INDEX_URL="${PIP_EXTRA_INDEX_URL:+$PIP_EXTRA_INDEX_URL }$cpu_index"
"$(inside)" -m pip install --quiet "$@" || give_up "The installation into $environment/ is not finished: the lines above \
say why. Once that is mended, the same command goes on. It needs about 3 GB there, and 1 GB for temporary files in \
${TMPDIR:-/tmp}, which TMPDIR=/another/folder moves."
for backend in $(backends "$number"); do : >"$environment/has-$backend"; done
