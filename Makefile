# The door to this tree. Each target does the set-up that it needs, and only what is not done yet.

.DELETE_ON_ERROR:
.PHONY: help demo test check lint types c-tests format wheel clean packages FORCE \
    firmware size run flash bench-firmware arm-packages

PYTHON ?= python3
VENV := .venv
BOARD ?= lm3s6965evb
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/spwf
C_FILES = $(shell find csrc firmware tests/c -name '*.[ch]')
WHEEL_FILES := $(shell find csrc spwf servers -name __pycache__ -prune -o -print) \
    meson.build meson.options pyproject.toml README.md LICENSE scripts/debian_source.py
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

help: ## tells what there is (this)
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: $(VENV)/.spwf ## shows the note's five examples over real OpenSSL servers, and how they fail
	@$(VENV)/bin/spwf demo

test: $(VENV)/.spwf c-tests ## runs the C tests under sanitizers, then all others on an installed wheel
	@$(VENV)/bin/pytest -n auto --dist worksteal

check: lint types c-tests ## runs the linters, the type checker and the sanitized C tests

lint: $(VENV)/.ready ## checks style: ruff and clang-format
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/clang-format --dry-run -Werror $(C_FILES)

types: $(VENV)/.ready ## checks types: mypy --strict
	@$(VENV)/bin/mypy

c-tests: build/c/build.ninja ## builds C with all warnings, runs its tests under ASan and UBSan
	@$(VENV)/bin/ninja --quiet -C build/c
	@$(VENV)/bin/meson test -C build/c --no-rebuild --quiet --print-errorlogs

format: $(VENV)/.ready ## lays out Python and C as the linters want it
	@$(VENV)/bin/ruff check --fix-only --quiet
	@$(VENV)/bin/ruff format
	@$(VENV)/bin/clang-format -i $(C_FILES)

firmware: build/firmware/$(BOARD)/spwf.elf ## builds the same core for a Cortex-M3: build/firmware/BOARD/spwf.elf

wheel: dist/.built ## builds the wheel into dist/
	@ls dist/*.whl

clean: ## removes what was built here; downloads stay in the cache
	rm -rf build dist $(VENV) .mypy_cache .pytest_cache .ruff_cache
	@echo 'wolfSSL and lwIP stay in $(CACHE): remove that folder to fetch them anew'

# ---- set-up ------------------------------------------------------------------------------------

packages:
	@scripts/install_debian_packages.sh scripts/debian-packages.txt

# One list of Python's packages: pyproject.toml. The build's own are there too, so that a wheel is
# built from where the last one was, without an environment of its own.
$(VENV)/.ready: pyproject.toml | packages
	@echo 'Setting up Python in $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python scripts/requirements.py >$(VENV)/requirements.txt
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $(VENV)/requirements.txt
	@touch $@

# Changes only when the sources' place or revision does.
build/wolfssl: FORCE | packages
	@mkdir -p build
	@$(PYTHON) scripts/debian_source.py wolfssl >$@.new
	@cmp -s $@.new $@ || cp $@.new $@

dist/.built: $(WHEEL_FILES) build/wolfssl | $(VENV)/.ready
	@echo 'Building the wheel'
	@rm -rf dist
	@$(VENV)/bin/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	    --config-settings=build-dir=build/wheel -w dist .
	@touch $@

$(VENV)/.spwf: dist/.built
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall dist/*.whl
	@touch $@

build/c/build.ninja: build/wolfssl meson.options | $(VENV)/.ready
	@echo 'Configuring the C tests'
	@rm -rf build/c
	@$(VENV)/bin/meson setup build/c -Dpython=false -Ddebug=true -Doptimization=1 \
	    -Db_sanitize=address,undefined >build/c.log || { cat build/c.log; exit 1; }
	@touch $@

# ---- firmware ----------------------------------------------------------------------------------

arm-packages: packages
	@scripts/install_debian_packages.sh scripts/debian-packages-firmware.txt

build/lwip: FORCE | packages
	@mkdir -p build
	@$(PYTHON) scripts/debian_source.py lwip >$@.new
	@cmp -s $@.new $@ || cp $@.new $@

CROSS = firmware/cm3/cross.ini firmware/boards/$(BOARD)/cross.ini

build/firmware/$(BOARD)/meson/build.ninja: $(CROSS) build/wolfssl build/lwip | arm-packages $(VENV)/.ready
	@echo 'Configuring the firmware for $(BOARD)'
	@rm -rf build/firmware/$(BOARD)
	@mkdir -p build/firmware
	@$(VENV)/bin/meson setup build/firmware/$(BOARD)/meson $(addprefix --cross-file ,$(CROSS)) \
	    -Dpython=false >build/firmware/$(BOARD).log || { cat build/firmware/$(BOARD).log; exit 1; }
	@touch $@

# Ninja knows what is out of date.
build/firmware/$(BOARD)/spwf.elf: build/firmware/$(BOARD)/meson/build.ninja FORCE
	@$(VENV)/bin/ninja --quiet -C build/firmware/$(BOARD)/meson
	@cmp -s build/firmware/$(BOARD)/meson/firmware/spwf.elf $@ || \
	    cp build/firmware/$(BOARD)/meson/firmware/spwf.elf $@

$(CROSS): # not made: a board that is none is told as such
	@echo "There is no board $(BOARD) in firmware/boards: $$(ls firmware/boards)" >&2; exit 1
