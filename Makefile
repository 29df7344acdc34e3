# Two commands matter: `make demo` and `make test`. `make` alone lists the rest.

PREFIX ?= /usr/local
# Passed to every `swift build`, such as `SWIFT_BUILD_FLAGS=-j2`.
SWIFT_BUILD_FLAGS ?=
DEMO_INPUT ?= samples/nuthatch.png
DEMO_OUTPUT ?= demo/$(notdir $(basename $(DEMO_INPUT)))-upscaled.png

.DEFAULT_GOAL := help
.PHONY: help demo deps build test install format lint bench clean

help: ## list these goals
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/make \1\t\2/p' Makefile | expand -t 16

demo: build ## install what is missing, build, and upscale a picture (DEMO_INPUT=, DEMO_OUTPUT=)
	@test -f "$(DEMO_INPUT)" || { echo "demo: there is no picture '$(DEMO_INPUT)'; name one: make demo DEMO_INPUT=picture.png" >&2; exit 1; }
	@mkdir -p "$(dir $(DEMO_OUTPUT))"
	bin/pipeline run super-resolution "$(DEMO_INPUT)" -o "$(DEMO_OUTPUT)"
	@echo
	@echo "before: $(abspath $(DEMO_INPUT))"
	@echo "after:  $(abspath $(DEMO_OUTPUT))"
	@echo
	@echo "To call it from anywhere in this shell:  export PATH=\"$(CURDIR)/bin:\$$PATH\""

deps: ## install the libraries and libtorch, as far as they are missing (LIBTORCH= for your own)
	@scripts/install-dependencies

build: deps ## build for release; the tool is bin/pipeline
	swift build -c release $(SWIFT_BUILD_FLAGS)
	@mkdir -p bin
	@ln -sfn ../.build/release/pipeline bin/pipeline

test: deps ## build and run all tests
	scripts/check-imports --self-test
	scripts/check-imports
	swift build --build-tests $(SWIFT_BUILD_FLAGS)
	swift test --skip-build

install: build ## copy the tool and the weights to PREFIX (default /usr/local); libtorch stays where it is
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/lib/pipeline" "$(DESTDIR)$(PREFIX)/share/pipeline"
	install -m 755 .build/release/pipeline "$(DESTDIR)$(PREFIX)/bin/pipeline"
	install -m 755 .build/release/libCTorchLibrary.so "$(DESTDIR)$(PREFIX)/lib/pipeline/libCTorchLibrary.so"
	if [ -d pipelines ]; then cp -R pipelines "$(DESTDIR)$(PREFIX)/share/pipeline/"; fi

format: ## format the Swift files in place
	scripts/format

lint: ## report what is not formatted, and imports across the rooms' borders
	scripts/format --lint
	scripts/check-imports

bench: build ## time it beside its peers (BENCH="--sets Set5/image_SRF_2" adds PSNR)
	scripts/bench $(BENCH)

clean: ## remove what was built; .libtorch stays
	rm -rf .build bin demo
