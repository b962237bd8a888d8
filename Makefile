# The door to this tree. Each target does the set-up that it needs, and only what is not done yet.

.DELETE_ON_ERROR:
.PHONY: help demo test check lint types c-tests fuzz format wheel clean packages FORCE \
    firmware boards size run flash bench bench-firmware arm-packages test-packages verdicts \
    servers test-full

PYTHON ?= python3
VENV := .venv
# Tests wait a good part of their time, for servers and for limits that are real.
WORKERS := $(shell expr 4 '*' $$(nproc))
BOARD ?= lm3s6965evb
BOARDS := $(notdir $(wildcard firmware/boards/*))
IMAGES := $(BOARDS:%=build/firmware/%/spwf.elf)
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/spwf
C_FILES = $(shell find csrc firmware tests/c tests/fuzz -name '*.[ch]')
FUZZERS := input store
SECONDS := 60
# Some 67000 are; fewer than this, and a sweep was not what it should be.
FAULTS := 60000
# "servers/" is the folder; "servers" is a target below, and would make the wheel anew every time.
WHEEL_FILES := $(shell find csrc spwf servers/ -name __pycache__ -prune -o -print) \
    meson.build meson.options pyproject.toml README.md LICENSE scripts/debian_source.py
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# What Python has compiled once is kept, tests too: many of them start a pytest of their own.
unexport PYTHONDONTWRITEBYTECODE

help: ## tells what there is (this)
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

demo: $(VENV)/.spwf ## shows the note's five examples over real OpenSSL servers, and how they fail
	@$(VENV)/bin/spwf demo

test: $(VENV)/.spwf c-tests boards test-packages ## runs the C tests under sanitizers, then all others on an installed wheel
	@$(VENV)/bin/pytest -n $(WORKERS) --maxschedchunk 1

test-full: $(VENV)/.spwf c-tests boards test-packages servers ## as test, and all of Table 2 on all servers
	@$(VENV)/bin/pytest -n $(WORKERS) --maxschedchunk 1 -m ''

servers: packages ## builds servers that Debian lacks, for test-full: Mbed TLS, OpenSSL with SSLv3 and weak ciphers
	@$(PYTHON) scripts/build_servers.py

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
	@awk '/^faults injected:/ {n += $$3} END {print n + 0 " faults injected, all withstood"; \
	    if (n < $(FAULTS)) {print "there should be $(FAULTS) or more"; exit 1}}' \
	    build/c/meson-logs/testlog.txt

fuzz: build/fuzz/build.ninja $(VENV)/.spwf ## looks for inputs that break it, with clang [SECONDS=60 for each target]
	@$(VENV)/bin/ninja --quiet -C build/fuzz $(FUZZERS:%=tests/fuzz/fuzz_%)
	@for name in $(FUZZERS); do found=build/fuzz-found/$$name; mkdir -p $$found; \
	    build/fuzz/tests/fuzz/fuzz_$$name -max_total_time=$(SECONDS) -max_len=32768 -timeout=10 \
	    -verbosity=0 -print_final_stats=1 -artifact_prefix=$$found- $$found \
	    tests/fuzz/corpus/$$name || exit 1; done
	@SPWF_FUZZ_SECONDS=$(SECONDS) $(VENV)/bin/pytest -q tests/fuzz

format: $(VENV)/.ready ## lays out Python and C as the linters want it
	@$(VENV)/bin/ruff check --fix-only --quiet
	@$(VENV)/bin/ruff format
	@$(VENV)/bin/clang-format -i $(C_FILES)

firmware: build/firmware/$(BOARD)/spwf.elf ## builds build/firmware/BOARD/spwf.elf [BOARD=lm3s6965evb]

size: firmware ## shows what the firmware takes of flash and RAM, by part, beside firmware/budget.toml
	@$(PYTHON) scripts/firmware_size.py $(BOARD)

run: firmware ## runs the firmware in QEMU and names the terminal that its AT commands are on
	@echo 'Open the pty with, for one, $(VENV)/bin/pyserial-miniterm; Ctrl-C here ends QEMU'
	@qemu-system-arm -M $(BOARD) -kernel build/firmware/$(BOARD)/spwf.elf -display none \
	    -nodefaults -monitor none -serial pty -serial null -nic user \
	    -semihosting-config enable=on,target=native,arg=spwf,arg=nv=build/firmware/$(BOARD).nv

flash: firmware ## puts the firmware onto a real board, with OpenOCD
	@scripts/flash_board.sh $(BOARD)

verdicts: $(VENV)/.spwf ## writes docs/verdicts.md from the table that tests/verdicts runs
	@cd tests && ../$(VENV)/bin/python -m verdicts.printed >../build/verdicts.md
	@mv build/verdicts.md docs/verdicts.md

bench: $(VENV)/.spwf $(VENV)/.bench ## shows what it costs beside openssl and Python's ssl, draws docs/bench.png
	@$(VENV)/bin/python bench/run.py --plot docs/bench.png

bench-firmware: firmware $(VENV)/.spwf ## counts instructions, memory and flash of handshakes in QEMU
	@$(VENV)/bin/python bench/firmware.py

wheel: dist/.built ## builds the wheel into dist/
	@ls dist/*.whl

clean: ## removes what was built here; downloads stay in the cache
	rm -rf build dist $(VENV) .mypy_cache .pytest_cache .ruff_cache
	@echo 'Sources and servers stay in $(CACHE): remove that folder to have them anew'

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

$(VENV)/.bench: pyproject.toml | $(VENV)/.ready
	@$(VENV)/bin/python scripts/requirements.py bench >$(VENV)/bench.txt
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $(VENV)/bench.txt
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
	@$(VENV)/bin/meson setup build/c -Dpython=false -Ddebug=true -Doptimization=2 \
	    -Db_sanitize=address,undefined >build/c.log || { cat build/c.log; exit 1; }
	@touch $@

build/fuzz/build.ninja: build/wolfssl meson.options | $(VENV)/.ready
	@command -v clang >/dev/null || { echo 'make fuzz needs clang: apt-get install clang' >&2; exit 1; }
	@echo 'Configuring the fuzzers'
	@rm -rf build/fuzz
	@CC=clang $(VENV)/bin/meson setup build/fuzz -Dpython=false -Dfuzzer=true -Ddebug=true \
	    -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false \
	    -Dc_args=-fsanitize=fuzzer-no-link >build/fuzz.log || { cat build/fuzz.log; exit 1; }
	@touch $@

# ---- firmware ----------------------------------------------------------------------------------

test-packages: packages
	@scripts/install_debian_packages.sh scripts/debian-packages-test.txt

arm-packages: packages
	@scripts/install_debian_packages.sh scripts/debian-packages-firmware.txt

build/lwip: FORCE | arm-packages
	@mkdir -p build
	@$(PYTHON) scripts/debian_source.py lwip >$@.new
	@cmp -s $@.new $@ || cp $@.new $@

.PRECIOUS: build/firmware/%/meson/build.ninja

build/firmware/%/meson/build.ninja: firmware/cm3/cross.ini firmware/boards/%/cross.ini \
    build/wolfssl build/lwip | arm-packages $(VENV)/.ready
	@echo 'Configuring the firmware for $*'
	@rm -rf build/firmware/$*
	@mkdir -p build/firmware
	@$(VENV)/bin/meson setup build/firmware/$*/meson --cross-file firmware/cm3/cross.ini \
	    --cross-file firmware/boards/$*/cross.ini -Dpython=false >build/firmware/$*.log || \
	    { cat build/firmware/$*.log; exit 1; }
	@touch $@

# Ninja knows what is out of date.
build/firmware/%/spwf.elf: build/firmware/%/meson/build.ninja FORCE
	@$(VENV)/bin/ninja --quiet -C build/firmware/$*/meson
	@cmp -s build/firmware/$*/meson/firmware/spwf.elf $@ || \
	    cp build/firmware/$*/meson/firmware/spwf.elf $@

boards: $(IMAGES)

firmware/boards/%/cross.ini:
	@echo 'There is no board $* in firmware/boards, but there are: $(BOARDS)' >&2; exit 1
