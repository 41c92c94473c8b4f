# Gatehouse: the commands of the project. `make run` and `make test` do all of their own set-up.
#
#   make run              build, then `gatehouse demo`: a refusal and its verdict, from nothing but the binary
#   make test             every test, those against real Python, Node and browser peers included
#   make build            the release binary with the Swift standard library inside: .build/release/gatehouse
#   make bench            Gatehouse beside nginx and HAProxy, one table of ratios (Benchmarks/README.md)
#   make soak             the tests that repeat at their full numbers: an hour or so
#   make fuzz SECONDS=30  each fuzz target for that long
#   make autobahn         the Autobahn test suite through Gatehouse (Docs/Autobahn.md)
#   make format           format the Swift sources in place
#   make check            what must hold besides the tests: formatting, scripts, architecture, no leftovers

SHELL := /bin/bash
SECONDS ?= 30
ARGS ?=

.PHONY: help run test soak build bench fuzz autobahn format check clean

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))

run: build
	@.build/release/gatehouse demo $(ARGS)

build:
	@Tests/Scripts/setup build
	@Tests/Scripts/build

test:
	@Tests/Scripts/setup test
	@Tests/Scripts/test $(ARGS)

bench: build
	@Tests/Scripts/setup bench
	@Tests/Scripts/build gatehouse-load
	@Benchmarks/run $(ARGS)

soak:
	@Tests/Scripts/setup test
	@swift build --build-tests
	@GATEHOUSE_SOAK=1 swift test --skip-build --disable-xctest --no-parallel --filter EnduranceTests

fuzz:
	@Tests/Scripts/setup build
	@Tests/Scripts/fuzz $(SECONDS) $(ARGS)

autobahn: build
	@Tests/Scripts/setup test
	@Tests/Scripts/autobahn $(ARGS)

format:
	@swift format format --in-place --parallel --recursive Package.swift Sources Tests

check:
	@Tests/Scripts/check

clean:
	rm -rf .build .venv
