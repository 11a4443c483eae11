package proc

import (
	"os"
	"syscall"
	"testing"
	"time"
)

func TestCPUGrowsWithWork(t *testing.T) {
	before := cpu(t)
	for i := 0; cpu(t)-before < 20*time.Millisecond; i++ {
		if i > 1_000_000 {
			t.Fatal("it does not grow")
		}
	}
}

func TestTheMachineIsBusyWithWork(t *testing.T) {
	before, err := Busy()
	if err != nil {
		t.Fatal(err)
	}
	start := cpu(t)
	for cpu(t)-start < 100*time.Millisecond {
	}
	after, err := Busy()
	if err != nil {
		t.Fatal(err)
	}
	// The kernel counts by ticks, so not all of it need be there.
	if after-before < 20*time.Millisecond {
		t.Errorf("%v after 100 ms of work", after-before)
	}
}

func cpu(t *testing.T) time.Duration {
	t.Helper()
	d, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRSSGrowsWithMemory(t *testing.T) {
	const much = 64 << 20
	// From the system: the runtime may give out what the process has already.
	block, err := syscall.Mmap(-1, 0, much, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Munmap(block); err != nil {
			t.Error(err)
		}
	}()
	before, err := RSS(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(block); i += 1024 {
		block[i] = 1
	}
	after, err := RSS(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if after-before < much/2 {
		t.Errorf("%d bytes more after using %d, from %d", after-before, len(block), before)
	}
}

func TestAProcessThatIsNot(t *testing.T) {
	const none = 1 << 30
	if d, err := CPU(none); err == nil {
		t.Errorf("it ran for %v", d)
	}
	if n, err := RSS(none); err == nil {
		t.Errorf("it has %d bytes", n)
	}
}
