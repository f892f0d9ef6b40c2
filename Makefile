# `make run` and `make test` need Python 3.11 or newer and git on the machine, and set up the rest by themselves.

PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
SETUP = $(PYTHON) scripts/setup.py

.PHONY: help run test lint types unit bench drill fuzz pictures house lock setup clean

help:  ## say what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run:  ## set up, then run the whole desk on http://127.0.0.1:8000 (PORT, MSP_HOME, MSP_DEMO=0)
	@$(SETUP)
	@exec .venv/bin/msp run

test:  ## set up, then lint, types, import rules, translations and every test (ARGS go to pytest)
	@$(SETUP) test
	@exec .venv/bin/python -m scripts.checks $(ARGS)

lint:  ## set up, then style, format, import rules and translations
	@$(SETUP) test
	@exec .venv/bin/python -m scripts.checks lint

types:  ## set up, then check the types
	@$(SETUP) test
	@exec .venv/bin/python -m scripts.checks types

unit:  ## set up, then the tests of pure rules, which need no server (ARGS go to pytest)
	@$(SETUP) test
	@exec .venv/bin/python -m scripts.checks unit $(ARGS)

bench:  ## set up, then preload, measure and print a table (ONLY=pages,search; BENCH_JSON=file)
	@$(SETUP)
	@exec .venv/bin/msp bench

drill:  ## set up, then let bad things happen to a desk at work, and count (ROUNDS=200, SEED=, ONLY=words)
	@$(SETUP) test
	@exec .venv/bin/python -m tests.drills.fault

fuzz:  ## set up, then send mutated requests to everything that takes any (SEED=, COUNT= of each part, ONLY=text in routes)
	@$(SETUP) test
	@exec .venv/bin/python -m tests.fuzz $(ARGS)

pictures:  ## set up, then take the pictures of every page
	@$(SETUP) test
	@exec .venv/bin/python -m scripts.pictures $(ARGS)

house:  ## set up, then print figures of the source tree beside those of the reviewed revision (BEFORE=revision)
	@$(SETUP) test
	@exec .venv/bin/python -m scripts.house

lock:  ## resolve the dependencies anew into the lock files (UPGRADE=1 takes the newest)
	@$(PYTHON) scripts/lock.py

setup:  ## set up for running and for testing, and nothing more
	@$(SETUP) test

clean:  ## remove what set-up made (the desk's data in var/ stays)
	rm -rf .venv node_modules msp/web/static/dist msp/translations/es/LC_MESSAGES build *.egg-info
