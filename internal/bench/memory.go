package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// memoryInterval is how often the providers' peaks are read. A peak is the
// process's own record, so only what comes within the last interval of its life
// can be missed.
const memoryInterval = 20 * time.Millisecond

// watchMemory returns, once ctx is done, the largest resident set in bytes that
// any child of the process parent has had: those of Terraform are providers. It
// is 0 where there is no Linux /proc.
func watchMemory(ctx context.Context, parent int) (peak float64) {
	ticker := time.NewTicker(memoryInterval)
	defer ticker.Stop()
	for {
		for _, child := range children(parent) {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", child))
			if err == nil { // it may have ended meanwhile
				peak = max(peak, peakMemory(status))
			}
		}
		select {
		case <-ctx.Done():
			return peak
		case <-ticker.C:
		}
	}
}

// children lists the processes that any thread of a process has started.
func children(parent int) (pids []int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent)) // the pattern is well-formed
	for _, file := range files {
		text, _ := os.ReadFile(file) // the thread may have ended meanwhile
		for _, word := range bytes.Fields(text) {
			if pid, err := strconv.Atoi(string(word)); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// peakMemory reads the peak of the resident set, in bytes, from the text of a
// /proc/PID/status. It is 0 for a process that has ended.
func peakMemory(status []byte) float64 {
	for line := range bytes.Lines(status) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == "VmHWM:" && string(fields[2]) == "kB" {
			kilobytes, _ := strconv.Atoi(string(fields[1]))
			return float64(kilobytes) * 1024
		}
	}
	return 0
}
