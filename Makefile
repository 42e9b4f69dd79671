# make run      install if needed, prepare, start everything, print the addresses
# make test     the whole suite            make check   format, types, contracts, migrations, docs
# make bench    figures with pictures      make soak    load, crash and endurance, by hand
# make train    train what ships anew      make constraints   renew the tested versions
SHELL := /bin/sh
PYTHON := .venv/bin/python
export RASA_TELEMETRY_ENABLED := false
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: run test check bench soak train constraints venv system-deps clean

run: venv
	@exec $(PYTHON) -m bot serve

venv:
	@deploy/venv.sh

test: venv
	@failed=0; \
	$(PYTHON) -m pytest -q -m "not alone" -n auto --maxprocesses 4 --dist loadfile || failed=1; \
	$(PYTHON) -m pytest -q -m alone || failed=1; \
	exit $$failed

check: venv
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PYTHON) -m bot manage makemigrations --check --dry-run
	$(PYTHON) -m knowledge.lint
	$(PYTHON) -m pytest -q tests/test_documentation.py

bench: venv
	$(PYTHON) -m tests.bench

soak: venv
	$(PYTHON) -m tests.soak

train: venv
	$(PYTHON) -m bot train

constraints: venv
	uv pip compile pyproject.toml --group dev --python-version 3.10 --no-header --no-annotate -o constraints.txt

# Debian packages that tests with real engines need: a browser with Chinese fonts, two telephones.
system-deps:
	@{ command -v chromium && command -v baresip && command -v sipp && command -v fstcompile; } >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q . || \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig baresip-core sip-tester libfst-tools libfst22-plugins-base >/dev/null; }

clean:
	rm -rf var .mypy_cache .ruff_cache .pytest_cache .hypothesis
