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

// person is a user of the workshop.
type person struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Token    string `json:"token"`
}

// world is what a client is told before it starts.
type world struct {
	Steps       []string `json:"steps"`
	Foundations []string `json:"foundations"`
	Patience    int      `json:"patience"`
	Base        string   `json:"base"`
	Resume      bool     `json:"resume"`
	Ada         person   `json:"ada"`
	Bob         person   `json:"bob"`
	GuildID     string   `json:"guildId"`
	GuildName   string   `json:"guildName"`
	TextID      string   `json:"textId"`
	VoiceID     string   `json:"voiceId"`
	Guests      []string `json:"guests"`
}

// stagehand does what a client cannot do by itself.
type stagehand struct {
	world world
	lines *bufio.Reader
	asked int
}

func newStagehand(input io.Reader) *stagehand {
	hand := &stagehand{lines: bufio.NewReader(input)}
	check(json.Unmarshal(hand.read(), &hand.world))
	return hand
}

func (hand *stagehand) read() []byte {
	text, err := hand.lines.ReadBytes('\n')
	check(err)
	return text
}

func say(what any) { check(json.NewEncoder(os.Stdout).Encode(what)) }

func (hand *stagehand) note(text string) { say(map[string]string{"note": text}) }

func (hand *stagehand) ask(what string) string {
	hand.asked++
	say(map[string]any{"ask": what, "id": hand.asked})
	var heard struct {
		Answer string `json:"answer"`
	}
	check(json.Unmarshal(hand.read(), &heard))
	return heard.Answer
}

func (hand *stagehand) play(steps map[string]func()) {
	for _, step := range hand.world.Steps {
		if !hand.perform(step, steps[step]) && slices.Contains(hand.world.Foundations, step) {
			os.Exit(1)
		}
	}
}

func (hand *stagehand) perform(step string, deed func()) bool {
	began := time.Now()
	done := make(chan string, 1)
	go func() {
		defer func() {
			if failure := recover(); failure != nil {
				done <- fmt.Sprintf("%v\n%s", failure, debug.Stack())
				return
			}
			done <- ""
		}()
		deed()
	}()
	why := ""
	select {
	case why = <-done:
	case <-time.After(time.Duration(hand.world.Patience) * time.Millisecond):
		why = fmt.Sprintf("not done after %d ms", hand.world.Patience)
	}
	report := map[string]any{"step": step, "ok": why == "", "ms": time.Since(began).Milliseconds()}
	if why != "" {
		report["why"] = why
	}
	say(report)
	return why == ""
}

// check ends the step that is under way; perform reports it.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func expect(holds bool, format string, values ...any) {
	if !holds {
		panic(fmt.Sprintf(format, values...))
	}
}

func equal[T comparable](got, wanted T) { expect(got == wanted, "got %v, not %v", got, wanted) }
