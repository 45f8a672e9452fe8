# The everyday commands, thin over CMake. `make help` lists them.
#
# What each set-up installs is in tools/setup.sh; a stamp in build/ remembers that it is done.

BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
CONFIG ?= $(if $(CI),-DDEEPQ_WERROR=ON)
ARGS ?=

SHELL = bash
.SHELLFLAGS = -o pipefail -c
MAKEFLAGS += --no-print-directory
# What is up to date is not worth a line.
CMAKE_BUILD = cmake --build $(BUILD) --parallel $(JOBS)
QUIETLY = | sed -u '/Built target/d; /Consolidate compiler/d'
DEEPQ = $(BUILD)/bin/deepq
SOURCES = $(shell git ls-files '*.c' '*.h')

.DEFAULT_GOAL = build
.PHONY: build setup train demo test python wheel bench compare format lint asan fuzz coverage mutants install docs \
	clean help

##build     set up and build build/bin/deepq and the library (the default)
build: $(BUILD)/.configured
	@$(CMAKE_BUILD) --target deepq deepq_static deepq_shared $(QUIETLY)

##setup     install what is missing to build and run (apt-get, with sudo when not root)
setup:
	@tools/setup.sh build

##train     build, get the Pong ROM if there is none, train DQN; ARGS="--frames 5000" is passed on
train: build
	@tools/train.sh $(DEEPQ) $(ARGS)

##demo      build, get the Pong ROM if there is none, watch the Pong model that comes with deepq
demo: build
	@tools/demo.sh $(DEEPQ) $(ARGS)

##test      build everything, get the ROMs if there are none, run every test that needs no GPU
test: build/.setup-test $(BUILD)/.configured
	@$(CMAKE_BUILD) $(QUIETLY)
	@tools/roms.sh $(DEEPQ) || true
	@tools/python.sh venv build
	@tools/test.sh $(BUILD) $(ARGS)

##python    build the Python package, install it in build/venv, run its tests there
python: build/.setup-python
	@tools/python.sh test build $(ARGS)

##wheel     build a wheel for other machines in build/dist, run its tests; ARGS="python3.12 python3.13": on these
wheel: build/.setup-python
	@tools/python.sh wheel build $(ARGS)

##bench     measure emulator, environment, network, learning; ARGS="--threads 1" is passed on
bench: build
	@$(DEEPQ) bench $(ARGS)

##compare   emulator and environments beside ale-py's, in turn; ARGS="--game seaquest --rounds 3"
compare: build
	@tools/compare.sh $(BUILD) $(ARGS)

##format    clang-format every C file in place
format: build/.setup-dev
	@clang-format -i $(SOURCES)

##lint      formatting, layers, shell scripts, clang-tidy
lint: build/.setup-dev $(BUILD)/.configured
	@$(CMAKE_BUILD) $(QUIETLY)
	@tools/lint.sh $(BUILD)

##asan      build with the address and undefined-behaviour sanitizers in build-asan, run the tests; not those
##          with the label `plain`, which take minutes there for code that others run there too;
##          ASAN_WITHOUT='plain\|e2e' leaves out those of the program as well
ASAN_WITHOUT ?= plain
asan:
	@$(MAKE) test BUILD=build-asan ARGS='-LE $(ASAN_WITHOUT) $(ARGS)' \
		CONFIG='-DDEEPQ_SANITIZE=address,undefined -DCMAKE_BUILD_TYPE=RelWithDebInfo'

##fuzz      build the fuzz targets with clang in build-fuzz, run each for FUZZ_SECONDS=20
FUZZ_SECONDS ?= 20
fuzz: build/.setup-dev
	@cmake -S . -B build-fuzz -DCMAKE_C_COMPILER=clang -DDEEPQ_FUZZ=ON -DDEEPQ_TESTS=OFF >/dev/null
	@cmake --build build-fuzz --parallel $(JOBS)
	@tools/fuzz.sh build-fuzz $(FUZZ_SECONDS)

##coverage  count in build-coverage which lines the tests run; a table by file
coverage: build/.setup-coverage
	@$(MAKE) test BUILD=build-coverage \
		CONFIG='-DDEEPQ_COVERAGE=ON -DCMAKE_BUILD_TYPE=Debug'
	@gcovr --gcov-ignore-parse-errors --root . --filter src/ build-coverage

##mutants   try small wrong changes in a copy of the code, see which tests notice; ARGS="agent"
mutants: build/.setup-test
	@tools/mutants.sh build-mutants $(ARGS)

##install   put program, library, headers into PREFIX=/usr/local (DESTDIR is respected)
install: build
	@cmake --install $(BUILD) --prefix $(PREFIX)

##docs      the API reference of include/deepq by doxygen, in build/docs/html
docs: build/.setup-docs
	@doxygen docs/Doxyfile

##clean     remove what was built
clean:
	rm -rf build build-asan build-clang build-fuzz build-coverage build-mutants

##help      this list
help:
	@sed -n 's/^##/  make /p' $(firstword $(MAKEFILE_LIST))

build/.setup-%: tools/setup.sh
	@tools/setup.sh $*
	@mkdir -p build && touch $@

$(BUILD)/.configured: build/.setup-build
	@cmake -S . -B $(BUILD) $(CONFIG)
	@touch $@
