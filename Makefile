# Everything is reached from here: `make help`. Each target installs what it needs first, on any Node from 20 on;
# twinspan itself then runs on the Node that package-lock.json pins.

.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/node/bin:$(CURDIR)/node_modules/.bin:$(PATH)
BIN := node_modules/.bin
NODE := node_modules/node/bin/node

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "make %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: ## Install the dependencies, when package-lock.json has changed
	@sh scripts/install.sh

CONSOLE := console/dist/index.html
CONSOLE_SOURCES := $(shell find console/src console/public docs/guides lib gen -type f 2>/dev/null) console/index.html console/vite.config.ts console/precompress.ts package-lock.json

.PHONY: console
console: install $(CONSOLE) ## Build the console, when its sources have changed

$(CONSOLE): $(CONSOLE_SOURCES) | install
	@$(BIN)/vite build console --config console/vite.config.ts --logLevel warn

.PHONY: up
up: install console ## Start the three services, let an agent call them, show its traces, serve until Ctrl-C
	@exec bin/twinspan up

.PHONY: test
test: install console ## Run all tests (TEST_ARGS=test/unit for some)
	@$(BIN)/vitest run --project all --project per-call $(TEST_ARGS)

.PHONY: interop
interop: install ## Run the tests against other people's clients, which fetch what they need
	@$(BIN)/vitest run --project interop

.PHONY: check
check: types lint proto ## Check all that can be checked without running it: types, style, imports, dead code, contracts

.PHONY: types
types: install ## Check the types
	@$(BIN)/tsc -p .
	@$(BIN)/tsc -p console

.PHONY: lint
lint: install ## Check style, import rules and dead code
	@$(BIN)/biome check --error-on-warnings .
	@$(BIN)/knip --no-progress

.PHONY: proto
proto: install ## Check the contracts: style, compatibility, and that gen/ is current
	@sh scripts/check-proto.sh

.PHONY: fix
fix: install ## Format, and fix what can be fixed by itself
	@$(BIN)/biome check --write .
	@$(BIN)/buf format --write

.PHONY: generate
generate: install ## Generate gen/ from proto/, and the documents that are made from code
	@sh scripts/generate.sh .

.PHONY: chaos
chaos: install ## Kill, stop, fill up and cut everything under load, and compare what callers saw with what is stored (SECONDS=180 SEED=… STORE=postgres)
	@$(NODE) test/chaos/main.ts

.PHONY: upgrade
upgrade: install ## Replace the services of the last release by these, one by one under load, and compare what callers saw with what is stored (FROM=tag or commit SEED=…)
	@TWINSPAN_UPGRADE_FROM='$(FROM)' TWINSPAN_UPGRADE_SEED='$(SEED)' $(BIN)/vitest run --project all test/fault/rolling-upgrade.test.ts

.PHONY: overload
overload: install ## Measure what a flood of calls costs those that are let in, into docs/reliability.md (SECONDS=10)
	@$(NODE) test/chaos/overload.ts --seconds $(or $(SECONDS),10)

.PHONY: fuzz
fuzz: install ## Give every parser what is almost right, and keep what breaks one (SECONDS=60 SEED=… TARGET=…)
	@$(NODE) test/fuzz/main.ts

.PHONY: soak
soak: install ## Use everything for long, and see that memory, handles and queues stay flat (SECONDS=600)
	@$(NODE) test/soak/main.ts

.PHONY: audit
audit: install ## Check what is known of the packages: pins, install scripts, licences, advisories and signatures
	@sh scripts/audit.sh

.PHONY: sbom
sbom: install ## Write the bill of materials of what runs in production: var/sbom.cdx.json (CycloneDX)
	@mkdir -p var && npm sbom --omit=dev --sbom-format=cyclonedx >var/sbom.cdx.json && echo "written: var/sbom.cdx.json"

.PHONY: bench
bench: install ## Measure what twinspan costs, side by side with a bare chain, proxies and nginx, and write docs/performance.md (BENCH_ARGS=--quick)
	@$(NODE) bench/main.ts $(BENCH_ARGS)

.PHONY: bench-compare
bench-compare: install ## Measure what this tree has changed since BASE=<git ref>, both side by side (BENCH_ARGS='--only plain-64')
	@$(NODE) bench/compare/main.ts --base '$(or $(BASE),$(error BASE=<git ref> is missing: what to compare with, such as HEAD~1))' $(BENCH_ARGS)

.PHONY: bench-store
bench-store: install ## Measure what a store takes and gives (STORE=sqlite, postgres or clickhouse; N=60000 traces), and write docs/performance-store.md
	@$(NODE) bench/store/main.ts --store $(or $(STORE),sqlite) --traces $(or $(N),60000)

SIZING := rate:RATE payload:PAYLOAD streamed:STREAMED chunks:CHUNKS seconds:SECONDS attempts:ATTEMPTS average:AVERAGE days:DAYS busy:BUSY store:STORE
.PHONY: sizing
sizing: install ## Say how many processes, cores, disk and network a workload takes (RATE=5000 PAYLOAD=8KB STREAMED=50 CHUNKS=200 SECONDS=5 STORE=postgres …; SIMULATE=1 checks it)
	@$(NODE) bench/sizing/main.ts $(foreach pair,$(SIZING),--$(word 1,$(subst :, ,$(pair)))='$($(word 2,$(subst :, ,$(pair))))')$(if $(SIMULATE), --simulate)

.PHONY: sizing-fit
sizing-fit: install ## Fit that model anew to what make bench and make bench-store published, and write its tables into docs/scaling.md
	@$(NODE) bench/sizing/main.ts --fit && $(NODE) bench/sizing/main.ts --document

.PHONY: demo-data
demo-data: install ## Fill the trace-writer that runs (make up) with N=20000 made-up traces of the last 30 days (KEY=… where it asks for one)
	@$(if $(KEY),TWINSPAN_KEY='$(KEY)' )$(NODE) bench/demo-data.ts --traces $(or $(N),20000) --seed $(or $(SEED),1) --target $(or $(TARGET),127.0.0.1:7002)

.PHONY: screenshots
screenshots: install console ## Take a picture of each view of the console in both themes, over N=20000 made-up traces, into docs/images/
	@$(NODE) test/screenshots/main.ts --traces $(or $(N),20000)

.PHONY: clean
clean: ## Delete what running leaves behind: stored traces, logs, coverage, the console as it was built
	rm -rf var coverage console/dist
