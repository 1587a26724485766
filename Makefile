# What a developer types. `.ci/run` calls the same targets.

.PHONY: build test race lint bench demo cross

build:
	CGO_ENABLED=0 go build -o stet ./cmd/stet

test:
	go test ./...

# Needs a C compiler.
race:
	go test -race ./...

lint:
	.ci/lint

bench:
	go test -run '^$$' -bench . -benchmem ./...

demo:
	go run ./cmd/stet demo

# Every platform that stet is built for.
cross:
	.ci/cross
