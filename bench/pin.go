package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
)

// The servers and the generator each have a CPU to themselves.
const (
	serverCPU    = "0"
	generatorCPU = "1"
)

// pinSelf moves this process to its CPU. It returns false if there are no two
// CPUs, or no taskset.
func pinSelf(ctx context.Context) (bool, error) {
	taskset, err := exec.LookPath("taskset")
	if err != nil || runtime.NumCPU() < 2 {
		return false, nil //nolint:nilerr // the caller says so
	}
	out, err := exec.CommandContext(ctx, taskset, "-a", "-c", "-p", generatorCPU, strconv.Itoa(os.Getpid())).CombinedOutput() //nolint:gosec // it was looked up
	if err != nil {
		return false, fmt.Errorf("taskset: %w: %s", err, out)
	}
	return true, nil
}
