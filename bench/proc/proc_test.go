package proc

import (
	"os"
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
	before, err := RSS(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, much)
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
	if block[1024] != 1 {
		t.Error("the block must stay")
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
