# One command each. `make help` lists them.
# A fresh Debian 12 needs python3 (3.11) and make; everything else is fetched by these targets.

PYTHON ?= python3
bin := .venv/bin
ready = @$(PYTHON) scripts/bootstrap.py
# npm's name and version of the type checker; only `make check` needs Node
typescript := typescript@5.9.3

# A worker of tests per core, each with engines of its own; most tests wait for something
side_by_side := --numprocesses logical --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: run test check fix day bench docs doctor clean help

run: ## Start everything with a demo shop: engines, web, worker; Ctrl-C stops it
	$(ready) run
	@$(bin)/chuancai run $(ARGS)

test: ## Run every test on real engines and a real browser; ARGS='-k item' picks some
	$(ready) test
	@$(bin)/python -m pytest $(side_by_side) $(ARGS)

check: ## Lint, format, types of server and screens, layers (the screens' types need Node)
	$(ready) check
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports --no-cache
	@command -v npx >/dev/null || { echo '  The types of the screens need Node: apt-get install nodejs npm'; exit 1; }
	npx --yes --package $(typescript) tsc --project clients

fix: ## Mend what a machine can: lint and format
	$(ready) check
	$(bin)/ruff check --fix
	$(bin)/ruff format

day: ## Live a full seeded day under fire; SEED=7 repeats one
	$(ready) test
	@$(bin)/python -m tests.simulation.day $(if $(SEED),--seed $(SEED)) $(ARGS)

bench: ## Measure every bar beside its peers and print the table
	$(ready) test
	@$(bin)/python -m bench $(ARGS)

docs: ## Write anew what docs are made from the code
	$(ready) test
	@$(bin)/python -m scripts.write_docs
	@$(bin)/python -m server.api.types_for_screens
	@$(bin)/python -m scripts.write_proto

doctor: ## Say in plain words what is wrong on this machine
	$(ready) run
	@$(bin)/chuancai doctor $(ARGS)

clean: ## Remove the environment and caches; the data in .chuancai stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## List these commands
	@sed -n 's/^\([a-z]*\): ## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; \
		do printf '  make %-7s %s\n' "$$name" "$$what"; done
