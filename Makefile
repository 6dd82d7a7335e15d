# make demo       sets everything up, draws the data, trains, walks the latent space, enlarges: run/demo/index.html
# make check      passes the quick tests, in two minutes: for working
# make test       sets everything up and passes the tests, in eight minutes on two cores
# make test-all   adds what takes longer: soak, kills, several processes, and Keras' other backends
# make notebooks  runs the four notebooks, in both languages, and keeps them with their pictures in notebooks/ and notebooks/fr/
# make data       draws the data set alone: data/lines/ and data.zip
# make rule       draws, reads, trains and shows any rule set: make rule RULES=waves.py MINUTES=20
# make bench      measures speed, memory, reading and enlarging, and prints tables
# make report     measures what the shipped generators learnt, and prints the tables of docs/*/results.md, with docs/results_*
# make test-backends  installs JAX and PyTorch too, holds the three backends against each other, and several processes
# make test-colab  builds what Google Colab has in .venv-colab/, and runs tests and notebooks there
# make explore    opens the page to play with: http://127.0.0.1:8866 (OSC=9000 lets other programs move it)
# make z-anim     films the patterns of Z beside their images: Z-anim/
# make lab        opens JupyterLab
# make clean      removes the environments; data sets and runs stay
#
# environment.sh finds a Python; PYTHON=python3.12 takes another one, BACKEND=torch or jax another backend than TensorFlow.

PYTHON ?=
BACKEND ?= $(KERAS_BACKEND)
DEMO_MINUTES ?=
WORKERS ?= 2
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
COLAB := .venv-colab
COLAB_PYTHON = $(COLAB)/bin/python
export TF_CPP_MIN_LOG_LEVEL := 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONDONTWRITEBYTECODE  # a hundred processes would each compile what the first one did
export PYTHONPATH := $(CURDIR)

ENVIRONMENT = @PYTHON="$(PYTHON)" BACKEND="$(BACKEND)" sh environment.sh $(VENV)
ifneq ($(BACKEND),)
export KERAS_BACKEND := $(BACKEND)
ifeq ($(wildcard $(VENV)/has-$(BACKEND)),)
.PHONY: $(VENV)/ready
endif
endif

PAPERMILL = $(BIN)/python -m papermill --cwd . --kernel python3 --log-level ERROR
RUFF = $(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check .
# Whole files in each process, the longest first (tests/conftest.py): what the tests of a file share is made once.
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: demo check test test-all test-backends test-colab notebooks data rule bench report explore z-anim lab addresses clean

demo: $(VENV)/ready
	@$(BIN)/python -m demo $(if $(DEMO_MINUTES),--minutes $(DEMO_MINUTES))

check: $(VENV)/ready-test
	$(RUFF)
	$(PYTEST) -m "not slow and not thorough"

test: $(VENV)/ready-test
	$(RUFF)
	$(PYTEST) -m "not thorough"

test-all: test test-backends
	$(PYTEST) -m thorough
	$(BIN)/python -m tests.nothing_lost --kills 25

test-backends: $(VENV)/ready-backends
	$(BIN)/python -m pytest tests/models/engine/test_backends.py
	for backend in jax torch; do KERAS_BACKEND=$$backend $(BIN)/python -m pytest tests/models --ignore tests/models/test_super_resolution.py || exit 1; done

# The first cell's pip must leave what Colab has as it is; the tests' own tools come after it. Nobody runs Voilà there.
test-colab: $(COLAB)/ready
	@$(COLAB_PYTHON) -m pip freeze >$(COLAB)/before
	$(COLAB_PYTHON) -m pip install --quiet -r requirements-kernel.txt
	@$(COLAB_PYTHON) -m pip freeze | diff $(COLAB)/before - >$(COLAB)/changes || true
	@echo "What the first cell changed:"; cat $(COLAB)/changes; ! grep -q "^<" $(COLAB)/changes
	$(COLAB_PYTHON) -m pip install --quiet -c requirements-colab.txt -r requirements-test.txt papermill
	$(COLAB_PYTHON) -m pytest -m "not slow and not thorough" tests/utils $(addprefix --ignore tests/utils/explorer/,test_browser.py test_server.py)
	$(COLAB_PYTHON) -m pytest tests/notebooks

# Those that walk come first, with the generators that ship; Training comes last, in either language from its start.
WALKS = Inference Inference+ Compare
notebooks: $(VENV)/ready
	@for left in $$(find run -name "generator*.h5" | cut -d/ -f1,2 | sort -u) run/inference run/inference+ run/compare; do test ! -e $$left || { echo "$$left is there: move it away, the notebooks are run from their start, with the generators that ship"; exit 1; }; done
	for name in $(WALKS) $(addprefix fr/,$(WALKS)); do rm -rf run/inference run/inference+ run/compare; PROGRESS_BAR=off $(PAPERMILL) notebooks/$$name.ipynb notebooks/$$name.ipynb || exit 1; done
	for name in Training fr/Training; do rm -rf run/gan; PROGRESS_BAR=off $(PAPERMILL) notebooks/$$name.ipynb notebooks/$$name.ipynb || exit 1; done
	$(BIN)/python -m utils.figures.lighter notebooks

data: $(VENV)/ready
	$(BIN)/python -m lines --count 10000 --out data/lines --seed 1 --zip data.zip

rule: $(VENV)/ready
	@test -n "$(RULES)" || { echo "Which rules? make rule RULES=molnar MINUTES=20, or RULES=mine.py"; exit 1; }
	$(BIN)/python -m models.rule "$(RULES)" $(if $(MINUTES),--minutes $(MINUTES))

bench: $(VENV)/ready
	$(BIN)/python -m benchmarks.training_step --network readme --divide 4 --steps 3
	$(BIN)/python -m benchmarks.pipeline
	$(BIN)/python -m benchmarks.first_second --repeats 3
	$(BIN)/python -m benchmarks.memory peak --steps 3
	$(BIN)/python -m benchmarks.reading
	$(BIN)/python benchmarks/super_resolution.py

report: $(VENV)/ready
	$(BIN)/python -m benchmarks.results
	$(BIN)/python -m utils.figures.lighter docs

explore: $(VENV)/ready
	@$(BIN)/python -m pip install --quiet "voila>=0.5.8"
	$(if $(OSC),@$(BIN)/python -m pip install --quiet python-osc)
	$(BIN)/python -m utils.explorer --open $(if $(OSC),--osc $(OSC)) $(if $(GENERATOR),--generator "$(GENERATOR)") $(if $(PORT),--port $(PORT)) $(if $(IP),--ip $(IP))

z-anim: $(VENV)/ready
	$(BIN)/python -m utils.z_anim

lab: $(VENV)/ready
	$(BIN)/python -m jupyterlab

addresses: $(VENV)/ready
	$(BIN)/python -m utils.colab

$(VENV)/ready: requirements.txt requirements-torch.txt requirements-jax.txt requirements-base.txt requirements-kernel.txt
	$(ENVIRONMENT)
	@touch $@

$(VENV)/ready-test: $(VENV)/ready requirements-test.txt
	$(ENVIRONMENT) requirements-test.txt
	@touch $@

$(COLAB)/ready: requirements-colab.txt
	@echo "Installing what Google Colab has into $(COLAB)/ (ten minutes or so and 8 GB, once) ..."
	@$(or $(PYTHON),python3.13) -m venv --clear $(COLAB) || uv venv --quiet --seed --python 3.13 $(COLAB)
	@$(COLAB_PYTHON) -m pip install --quiet -r requirements-colab.txt
	@$(COLAB_PYTHON) -m pip uninstall --quiet --yes jedi
	@touch $@

$(VENV)/ready-backends: $(VENV)/ready-test requirements-backends.txt
	$(ENVIRONMENT) requirements-test.txt requirements-backends.txt
	@touch $@

clean:
	rm -rf $(VENV) .venv-colab
