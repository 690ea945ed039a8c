package main

import (
	"log"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"
)

// clients holds the two clients and the harness.
type clients struct {
	*harness
	ada, bob *discordgo.Session
}

func newClients(h *harness) *clients {
	logger := log.New(os.Stderr, "", 0)
	discordgo.Logger = func(_, _ int, format string, a ...interface{}) { logger.Printf(format, a...) }
	return &clients{h, newSession(h.setup.Ada), newSession(h.setup.Bob)}
}

func newSession(who testUser) *discordgo.Session {
	session := must(discordgo.New("Bot " + who.Token))
	session.Identify.Intents = discordgo.IntentsAll
	session.State.MaxMessageCount = 100
	session.LogLevel = discordgo.LogInformational
	// Handles events one after the other, so that their order is kept.
	session.SyncEvents = true
	return session
}

func (c *clients) steps() map[string]func() {
	steps := map[string]func(){
		"login": c.login, "presence": c.presence, "voice": c.voice,
		"reconnect": c.reconnect, "zombie": c.zombie, "close": c.close,
	}
	maps.Copy(steps, c.guildSteps())
	maps.Copy(steps, c.messageSteps())
	return steps
}

// nextEvent returns the next event of type T that matches. Call it before the action that causes it.
func nextEvent[T any](session *discordgo.Session, matches func(*T) bool) <-chan *T {
	found := make(chan *T, 1)
	var once sync.Once
	var remove func()
	ready := make(chan struct{})
	remove = session.AddHandler(func(_ *discordgo.Session, event *T) {
		if matches(event) {
			once.Do(func() {
				found <- event
				go func() { <-ready; remove() }()
			})
		}
	})
	close(ready)
	return found
}

func anyOf[T any](*T) bool { return true }

func (c *clients) login() {
	for session, who := range map[*discordgo.Session]testUser{c.ada: c.setup.Ada, c.bob: c.setup.Bob} {
		ready := nextEvent(session, anyOf[discordgo.Ready])
		check(session.Open())
		event := <-ready
		equal(event.User.ID, who.ID)
		equal(event.User.Username, who.Username)
		equal(event.Application.ID, who.ID)
	}
	c.available(c.ada)
}

// available waits for the guild, which may come after READY.
func (c *clients) available(sessions ...*discordgo.Session) {
	for _, session := range sessions {
		for {
			guild, err := session.State.Guild(c.setup.GuildID)
			if err == nil && !guild.Unavailable {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func (c *clients) bobIs(status discordgo.Status) func(*discordgo.PresenceUpdate) bool {
	return func(update *discordgo.PresenceUpdate) bool {
		return update.User.ID == c.setup.Bob.ID && update.Status == status
	}
}

func (c *clients) presence() {
	event := nextEvent(c.ada, c.bobIs(discordgo.StatusDoNotDisturb))
	check(c.bob.UpdateStatusComplex(discordgo.UpdateStatusData{
		Status:     string(discordgo.StatusDoNotDisturb),
		Activities: []*discordgo.Activity{{Name: "the scenario", Type: discordgo.ActivityTypeWatching}},
	}))
	equal((<-event).Activities[0].Name, "the scenario")
}

func (c *clients) voice() {
	in := func(channel string) func(*discordgo.VoiceStateUpdate) bool {
		return func(update *discordgo.VoiceStateUpdate) bool {
			return update.UserID == c.setup.Bob.ID && update.ChannelID == channel
		}
	}
	// Only the gateway's part: discordgo's voice connection requires TLS.
	server := nextEvent(c.bob, anyOf[discordgo.VoiceServerUpdate])
	joined := nextEvent(c.ada, in(c.setup.VoiceID))
	check(c.bob.ChannelVoiceJoinManual(c.setup.GuildID, c.setup.VoiceID, false, true))
	expect((<-joined).SelfDeaf, "Bob is not deaf")
	update := <-server
	expect(update.Token != "" && update.Endpoint != "", "a voice server without token or endpoint")
	equal(must(c.ada.State.VoiceState(c.setup.GuildID, c.setup.Bob.ID)).ChannelID, c.setup.VoiceID)
	left := nextEvent(c.ada, in(""))
	check(c.bob.ChannelVoiceJoinManual(c.setup.GuildID, "", false, false))
	<-left
}

func reconnection(session *discordgo.Session) func() string {
	resumed, ready := nextEvent(session, anyOf[discordgo.Resumed]), nextEvent(session, anyOf[discordgo.Ready])
	return func() string {
		select {
		case <-resumed:
			return "resumed"
		case <-ready:
			return "identified"
		}
	}
}

func (c *clients) reconnect() {
	received := make(chan string, 100)
	remove := c.bob.AddHandler(func(_ *discordgo.Session, message *discordgo.MessageCreate) { received <- message.Content })
	adaBack, bobBack := reconnection(c.ada), reconnection(c.bob)
	wanted, kind := []string{"after the cut"}, "identified"
	missed := c.request("cut")
	if c.setup.Resume {
		wanted, kind = []string{missed, "after the cut"}, "resumed"
	}
	kinds := []string{adaBack(), bobBack()}
	c.note("after a cut socket: " + strings.Join(kinds, ", "))
	c.available(c.ada, c.bob)
	c.sendAndReceive("after the cut")
	for _, content := range wanted {
		equal(<-received, content)
	}
	remove()
	equal(kinds[0], kind)
	equal(kinds[1], kind)
}

func (c *clients) zombie() {
	adaBack, bobBack := reconnection(c.ada), reconnection(c.bob)
	c.request("stall")
	c.note("after a silent server: " + strings.Join([]string{adaBack(), bobBack()}, ", "))
	c.available(c.ada, c.bob)
	c.sendAndReceive("after the silence")
}

func (c *clients) close() {
	// Ada must see Bob idle first: the server may skip a presence that reverts at once.
	idle := nextEvent(c.ada, c.bobIs(discordgo.StatusIdle))
	check(c.bob.UpdateStatusComplex(discordgo.UpdateStatusData{Status: string(discordgo.StatusIdle)}))
	<-idle
	offline := nextEvent(c.ada, c.bobIs(discordgo.StatusOffline))
	check(c.bob.Close())
	<-offline
	check(c.ada.Close())
}
