package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"time"
)

type testUser struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Token    string `json:"token"`
}

// setup is the first line on standard input, see ScenarioSetup in ../../scenario.ts.
type setup struct {
	Steps         []string `json:"steps"`
	Essential     []string `json:"essential"`
	StepTimeoutMs int      `json:"stepTimeoutMs"`
	Base          string   `json:"base"`
	Resume        bool     `json:"resume"`
	Ada           testUser `json:"ada"`
	Bob           testUser `json:"bob"`
	GuildID       string   `json:"guildId"`
	GuildName     string   `json:"guildName"`
	TextID        string   `json:"textId"`
	VoiceID       string   `json:"voiceId"`
	Guests        []string `json:"guests"`
}

// harness runs the steps, and sends reports and requests to the parent process.
type harness struct {
	setup    setup
	lines    *bufio.Reader
	requests int
}

func newHarness(input io.Reader) *harness {
	h := &harness{lines: bufio.NewReader(input)}
	check(json.Unmarshal(h.read(), &h.setup))
	return h
}

func (h *harness) read() []byte {
	text, err := h.lines.ReadBytes('\n')
	check(err)
	return text
}

func report(line any) { check(json.NewEncoder(os.Stdout).Encode(line)) }

func (h *harness) note(text string) { report(map[string]string{"note": text}) }

// request asks the parent process for an action and returns its response.
func (h *harness) request(action string) string {
	h.requests++
	report(map[string]any{"request": action, "id": h.requests})
	var line struct {
		Response string `json:"response"`
	}
	check(json.Unmarshal(h.read(), &line))
	return line.Response
}

func (h *harness) runScenario(steps map[string]func()) {
	for _, step := range h.setup.Steps {
		if !h.runStep(step, steps[step]) && slices.Contains(h.setup.Essential, step) {
			os.Exit(1)
		}
	}
}

func (h *harness) runStep(step string, run func()) bool {
	start := time.Now()
	done := make(chan string, 1)
	go func() {
		defer func() {
			if failure := recover(); failure != nil {
				done <- fmt.Sprintf("%v\n%s", failure, debug.Stack())
				return
			}
			done <- ""
		}()
		run()
	}()
	failure := ""
	select {
	case failure = <-done:
	case <-time.After(time.Duration(h.setup.StepTimeoutMs) * time.Millisecond):
		failure = fmt.Sprintf("not done after %d ms", h.setup.StepTimeoutMs)
	}
	line := map[string]any{"step": step, "ok": failure == "", "ms": time.Since(start).Milliseconds()}
	if failure != "" {
		line["error"] = failure
	}
	report(line)
	return failure == ""
}

// check fails the current step if err is not nil. runStep recovers the panic.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func expect(ok bool, format string, values ...any) {
	if !ok {
		panic(fmt.Sprintf(format, values...))
	}
}

func equal[T comparable](got, want T) { expect(got == want, "got %v, want %v", got, want) }
