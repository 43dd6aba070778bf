# Every habit has one name here; `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

# A name on PATH may be a shim that refuses, so each candidate is asked to run.
find-python = $(shell for python in python$(1) "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$(1)*/bin/python$(1); do \
	"$$python" -c 'import ensurepip, sys; print(sys.executable)' 2>/dev/null && break; done)
PYTHON = $(or $(call find-python,3.13),$(call find-python,3))
ARCHITECTURE := x86_64

say = printf '\033[1m%s\033[0m\n'
python := .venv/bin/python
lean := | { grep -vE '^ [-+~] |^Using Python' || true; }
# uv reads its own settings only; where those reach no index, pip takes the same lock.
install = .venv/bin/uv pip sync --require-hashes --python $(1)/bin/python $(2) 2>&1 $(lean) \
	|| $(python) -m pip --python $(1)/bin/python install --progress-bar off --require-hashes -r $(2)
locks := layers/common/requirements.txt functions/process_report/requirements.txt

##@ Every day
help:  ## this list
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.ready  ## start the service on loopback (PORT, RAPOR_HOME; ONCE=1 stops after the first report)
	@exec $(python) -m local

test: .venv/.ready  ## all tests but test-million and those of built packages (ARGS for pytest)
	@$(python) -m pytest -m 'not runtime and not million' $(ARGS)

check: check-source check-service  ## all else that CI runs

check-source: licences sbom lint types test-3.11 scan template  ## the half of it that starts nothing

check-service: test-browser fuzz-short build-arm64 build test-runtime  ## the half that runs the service, or builds it

fuzz: .venv/.ready .venv-fuzz/.ready  ## thousands of made-up requests against the whole service (SEED repeats a run)
	@$(python) -m tests.fuzz --examples 40 --at-least 2000 $(if $(SEED),--seed $(SEED))

faults: .venv/.ready  ## break every AWS call, pairs of them, workers and the design; ends with one line (ARGS: --only, --jobs)
	@$(python) -m tests.faults $(ARGS)

mutation: .venv/.ready .venv-mutation/.ready  ## small faults in the code that guards, which tests must notice (GUARDS; docs/mutation.md)
	@$(python) -m tests.mutation $(GUARDS)

soak: .venv/.ready  ## three times ten thousand reports in bad weather, minutes each (SEEDS, REPORTS)
	@for seed in $(or $(SEEDS),1 2 3); do $(python) -m tests.soak --seed $$seed $(if $(REPORTS),--reports $(REPORTS)); done

soak-stateful: .venv/.ready  ## whatever hypothesis thinks of, at length (EXAMPLES)
	@EXAMPLES=$(or $(EXAMPLES),500) $(python) -m pytest tests/soak/test_stateful.py -q

test-million: build  ## a million rows in every format: complete, and within 512 MB of memory (ROWS)
	@$(python) -m pytest -m million -s

data: .venv/.ready  ## write the data set `sales` of the local run anew (ROWS, RAPOR_HOME)
	@$(python) -m local.datasets $(ROWS)

bench: .venv/.ready .venv-runtime/.ready .venv-bench/.ready  ## run all benchmarks, one after the other
	@for name in documents functions pdf service; do $(say) "$$name"; $(python) benchmarks/$$name.py; done

bench-documents: .venv/.ready .venv-bench/.ready  ## documents against other writers (ROWS, FORMATS; SAVE=1 writes docs/benchmarks.md)
	@$(python) benchmarks/documents.py $(if $(ROWS),--rows $(ROWS)) $(if $(FORMATS),--formats $(FORMATS)) $(if $(SAVE),--save)

capacity: .venv/.ready  ## write what a stack can take, simulated, into docs/capacity.md and the README
	@$(python) benchmarks/capacity.py --save

bench-functions: .venv/.ready .venv-runtime/.ready .venv-bench/.ready  ## cold starts and warm calls of the built functions, against the usual way (ROUNDS; SAVE=1)
	@$(python) benchmarks/functions.py $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SAVE),--save)

bench-service: .venv/.ready  ## the whole service: reports a second, waits, and whose CPU it is (REPORTS; SAVE=1)
	@$(python) benchmarks/service.py $(if $(REPORTS),--reports $(REPORTS)) $(if $(SAVE),--save)

pictures: .venv/.ready  ## draw the README's pictures again, docs/images/*.png
	@$(python) -m local.pictures

pictures-console: .venv/.ready  ## take the README's pictures of the console again, docs/images/console-*.png
	@$(with-browser) -m tests.browser.pictures

clean:  ## remove what was built and installed; reports in .rapor/ and documents in out/ stay
	rm -rf .venv .venv-* .aws-sam .mutation .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

##@ Packages
build: .venv/.ready .venv-runtime/.ready .venv-sam/.ready docs/openapi.json  ## the packages that are deployed, with bytecode, under .aws-sam/build
	@$(say) 'sam build ($(ARCHITECTURE))'
	@$($(ARCHITECTURE)) $(sam) build --build-dir .aws-sam/build --parallel --parameter-overrides Architecture=$(ARCHITECTURE) $(quiet)
	@$(python) -m local.package .aws-sam/build .venv-runtime/bin/python

build-arm64: .venv-runtime/.ready .venv-sam/.ready
	@[ -z '$(SKIP_ARM64)' ] || { echo 'SKIP_ARM64 is set: arm64 not built'; exit 0; }; \
	$(say) 'sam build (arm64)'; \
	$(arm64) $(sam) build --build-dir .aws-sam/build-arm64 --parallel --parameter-overrides Architecture=arm64 $(quiet)

invoke: .venv/.ready .venv-runtime/.ready .venv-sam/.ready  ## run built functions in the real runtime: the tour, or F=create_report E=events/….json
	@exec $(python) -m local.invoke $(F) $(E)

sam-local: .venv/.ready  ## a local AWS for `sam local invoke` (docs/sam-local.md; HOST, SEEN_AS)
	@exec $(python) -m local.stage $(if $(HOST),--host $(HOST)) $(if $(SEEN_AS),--seen-as $(SEEN_AS))

test-sam-local: build  ## every event through `sam local invoke`; needs Docker (docs/sam-local.md; HOST, SEEN_AS)
	@$(python) -m local.containers $(if $(HOST),--host $(HOST)) $(if $(SEEN_AS),--seen-as $(SEEN_AS))

openapi: .venv/.ready  ## write docs/openapi.json, the API's description, from the code
	@$(python) -m local.openapi

docs/openapi.json: layers/catalogue/report_types/*.toml .venv/.ready
	@$(python) -m local.openapi

licences: .venv/.ready  ## write docs/licences.md, whose work is deployed, from the locks
	@$(python) -m local.licences

sbom: .venv-sbom/.ready  ## write out/sbom.json, what is deployed, as CycloneDX with hashes
	@mkdir -p out; cat $(locks) | .venv-sbom/bin/cyclonedx-py requirements --pyproject pyproject.toml \
		--output-reproducible --validate --of JSON -o out/sbom.json - 2>&1 | { grep -v 'Graph\|warn(' || true; }
	@printf 'out/sbom.json: %s components of %s pinned\n' "$$(grep -c '"purl"' out/sbom.json)" "$$(cat $(locks) | grep -c '^[a-z].*==')"

lock: .venv/.ready  ## compile the locks again from pyproject.toml (UPGRADE=1 for newer versions)
	@$(call compile,requirements/dev.txt,--python-version 3.11 --group dev pyproject.toml)
	@$(call compile,layers/common/requirements.txt,--python-version 3.13 pyproject.toml -c requirements/dev.txt)
	@$(call compile,functions/process_report/requirements.txt,--python-version 3.13 --group process-report -c requirements/dev.txt)
	@$(call compile,functions/create_report/requirements.txt,--python-version 3.13 --group zones -c requirements/dev.txt)
	@$(call compile,functions/schedules/requirements.txt,--python-version 3.13 --group schedules -c requirements/dev.txt)
	@$(call compile,functions/sweep_reports/requirements.txt,--python-version 3.13 --group schedules -c requirements/dev.txt)
	@$(call compile,requirements/runtime.txt,--python-version 3.13 --group runtime)
	@$(call compile,requirements/sam.txt,--python-version 3.11 --group sam)
	@$(call compile,requirements/fuzz.txt,--python-version 3.11 --group fuzz)
	@$(call compile,requirements/browser.txt,--python-version 3.11 --group browser -c requirements/dev.txt)
	@$(call compile,requirements/uv.txt,--python-version 3.11 --group uv)
	@$(call compile,requirements/mutation.txt,--python-version 3.11 --group mutation pyproject.toml -c requirements/dev.txt)
	@$(call compile,requirements/scan.txt,--python-version 3.11 --group scan)
	@$(call compile,requirements/sbom.txt,--python-version 3.11 --group sbom)
	@$(call compile,requirements/bench.txt,--python-version 3.11 --group bench -c requirements/dev.txt)

# One that says the same keeps its time, for an environment that is older than its lock is made anew.
compile = $(say) '$(1)'; test ! -e $(1) || cp -p $(1) .venv/lock; \
	.venv/bin/uv pip compile -q --universal --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) $(2) -o $(1); \
	! cmp -s $(1) .venv/lock || touch -r .venv/lock $(1)

# The steps of `make check`.
lint: .venv/.ready
	@$(say) 'ruff'; $(python) -m ruff check --quiet .; $(python) -m ruff format --quiet --check .

types: .venv/.ready
	@$(say) 'mypy --strict'; $(python) -m mypy

test-3.11: python = .venv-3.11/bin/python
test-3.11:
	@if [ -n '$(call find-python,3.11)' ]; then \
		$(MAKE) --no-print-directory .venv-3.11/.ready; $(say) 'unit tests on python3.11'; \
		.venv-3.11/bin/python -m pytest tests/unit -q; \
	else echo 'no python3.11 here: unit tests ran on one version only'; fi

fuzz-short: .venv/.ready .venv-fuzz/.ready
	@$(say) 'schemathesis'; $(python) -m tests.fuzz --phases examples,fuzzing,stateful --examples 12 --at-least 200 --seed $(or $(SEED),20251120)

test-browser: .venv/.ready  ## the console in Debian's Chromium, installed where it is missing and we may
	@$(say) 'the console in a browser'; $(with-browser) -m pytest tests/browser $(ARGS)

# In a browser, or a word about why not. Chromium's own log is nobody's concern.
with-browser = { command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	echo 'installing chromium' && { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1; }; } \
	|| { echo 'skipped: there is no chromium here, and it cannot be installed'; exit 0; }; \
	$(MAKE) -s --no-print-directory .venv-browser/.ready; PYTHONPATH=layers/common .venv-browser/bin/python

# Ruff speaks for bandit about asserts (B101: each has its reason there), and about all that is not deployed.
# cfn-lint-serverless knows neither `LoggingConfig` (WS1004: all log groups have a retention, tests/template/rules.py)
# nor that the dead letters' queue is one (ES6000).
scan: .venv-scan/.ready
	@$(say) 'bandit'; .venv-scan/bin/bandit -q -r functions layers --skip B101 2>&1 | { grep -v 'nosec encountered' || true; }
	@$(say) 'cfn-lint, with the serverless rules'; AWS_EC2_METADATA_DISABLED=true .venv-scan/bin/cfn-lint --include-checks I \
		--append-rules cfn_lint_serverless.rules --ignore-checks WS1004 ES6000 --template template.yaml
	@AWS_EC2_METADATA_DISABLED=true .venv-scan/bin/cfn-lint --include-checks I --template docs/cognito.yaml
	@$(say) 'checkov'; AWS_EC2_METADATA_DISABLED=true .venv-scan/bin/checkov -f template.yaml

template: .venv/.ready .venv-sam/.ready
	@$(say) 'sam validate --lint'; $(sam) validate --lint $(quiet)
	@$(say) 'what AWS makes of the template'; $(python) -m pytest -q tests/template/test_transform.py

test-runtime: .venv/.ready .venv-runtime/.ready .venv-sam/.ready
	@$(say) 'built packages in the real runtime'; $(python) -m pytest -m runtime

# sam wants a python3.13 with pip on PATH. Its state stays here, and it asks nobody who we are.
sam = PATH="$(CURDIR)/.venv-runtime/bin:$$PATH" __SAM_CLI_APP_DIR="$(CURDIR)/.aws-sam/state" SAM_CLI_TELEMETRY=0 \
	AWS_EC2_METADATA_DISABLED=true AWS_DEFAULT_REGION=eu-central-1 .venv-sam/bin/sam
# sam asks pip for the usual tags only; obstore and arro3-core publish their arm64 wheels as manylinux_2_24.
arm64 := PIP_ONLY_BINARY=:all: PIP_PLATFORM='manylinux_2_17_aarch64 manylinux2014_aarch64 manylinux_2_24_aarch64 manylinux_2_28_aarch64'
quiet := >.aws-sam/log 2>&1 || { cat .aws-sam/log; exit 1; }

# Environments. A stamp is newer than its lock, or the environment is brought up to it.
.venv/bin/uv: requirements/uv.txt
	@[ -n '$(PYTHON)' ] || { echo 'python3 (3.11, 3.12 or 3.13) with venv is needed, and none was found' >&2; exit 1; }
	@$(say) "setting up .venv: $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit("python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv --clear .venv
	@$(python) -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.ready: requirements/dev.txt pyproject.toml .venv/bin/uv
	@$(call install,.venv,$<)
	@.venv/bin/uv pip install -q --no-deps --no-build-isolation --python $(python) -e . \
		|| $(python) -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv-3.11/.ready: requirements/dev.txt pyproject.toml .venv/bin/uv
	@$(say) 'setting up .venv-3.11'
	@$(call find-python,3.11) -m venv --clear .venv-3.11
	@$(call install,.venv-3.11,$<)
	@.venv/bin/uv pip install -q --no-deps --no-build-isolation --python .venv-3.11/bin/python -e . \
		|| .venv-3.11/bin/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv-sam/.ready: requirements/sam.txt .venv/bin/uv
	@$(say) 'setting up .venv-sam: aws-sam-cli'
	@$(PYTHON) -m venv --clear .venv-sam
	@$(call install,.venv-sam,$<)
	@mkdir -p .aws-sam; touch $@

.venv-bench/.ready: requirements/bench.txt .venv/bin/uv
	@$(say) 'setting up .venv-bench: what documents are measured against'
	@$(PYTHON) -m venv --clear .venv-bench
	@$(call install,.venv-bench,$<)
	@touch $@

.venv-browser/.ready: requirements/browser.txt .venv/bin/uv
	@$(say) 'setting up .venv-browser: playwright'
	@$(PYTHON) -m venv --clear .venv-browser
	@$(call install,.venv-browser,$<)
	@touch $@

.venv-fuzz/.ready: requirements/fuzz.txt .venv/bin/uv
	@$(say) 'setting up .venv-fuzz: schemathesis'
	@$(PYTHON) -m venv --clear .venv-fuzz
	@$(call install,.venv-fuzz,$<)
	@touch $@

.venv-mutation/.ready: requirements/mutation.txt pyproject.toml .venv/bin/uv
	@$(say) 'setting up .venv-mutation: mutmut'
	@$(PYTHON) -m venv --clear .venv-mutation
	@$(call install,.venv-mutation,$<)
	@touch $@

.venv-scan/.ready: requirements/scan.txt .venv/bin/uv
	@$(say) 'setting up .venv-scan: bandit, cfn-lint, checkov'
	@$(PYTHON) -m venv --clear .venv-scan
	@$(call install,.venv-scan,$<)
	@touch $@

.venv-sbom/.ready: requirements/sbom.txt .venv/bin/uv
	@$(PYTHON) -m venv --clear .venv-sbom
	@$(call install,.venv-sbom,$<)
	@touch $@

.venv-runtime/.ready: requirements/runtime.txt .venv/bin/uv
	@[ -n '$(call find-python,3.13)' ] || { echo 'python3.13 is needed to build: Lambda runs it, and bytecode fits one version' >&2; exit 1; }
	@$(say) 'setting up .venv-runtime: python3.13 as in Lambda'
	@$(call find-python,3.13) -m venv --clear .venv-runtime
	@$(call install,.venv-runtime,$<)
	@touch $@

.PHONY: $(shell sed -nE 's/^([a-z][a-z0-9.-]*):.*/\1/p' $(firstword $(MAKEFILE_LIST)))  # all but files
