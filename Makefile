# What each target is for: CONTRIBUTING.md.

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

.PHONY: run build test bench lint vendor-js clean
.PHONY: try-vendor-js test-deps check check-go check-js test-go test-e2e
.NOTPARALLEL:
.DEFAULT_GOAL := build

run: try-vendor-js
	$(GO) run $(STAMP) .

build: vendor-js
	$(GO) build -trimpath $(STAMP) -o bin/securechat .

test: test-deps vendor-js e2e/node_modules/.stamp check test-go test-e2e

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
$(VENDOR_STAMP): static/package.json static/package-lock.json static/vendor.mjs
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

# What the tests need and this machine lacks.
test-deps:
	@sh scripts/test-deps.sh

%/node_modules/.stamp: %/package.json %/package-lock.json
	$(NPM) --prefix $* $(NPM_CI)
	touch $@

check: check-go check-js

check-go:
	@unformatted=$$(find . -name node_modules -prune -o -name '*.go' -exec gofmt -l {} +); \
	  if [ -n "$$unformatted" ]; then echo "gofmt has something to say on:" $$unformatted >&2; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(GOLANGCI_LINT) run ./...

check-js: vendor-js e2e/node_modules/.stamp lint/node_modules/.stamp
	$(NPM) --prefix lint run --silent check

test-go:
	$(GO) test -race ./...

test-e2e:
	$(NPM) --prefix e2e test
