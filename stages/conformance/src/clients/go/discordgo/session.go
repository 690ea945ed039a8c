package main

import (
	"log"
	"maps"
	"os"
	"strings"
	"sync"

	"github.com/bwmarrin/discordgo"
)

// cast is the two clients and what all steps need.
type cast struct {
	*stagehand
	ada, bob *discordgo.Session
}

func newCast(hand *stagehand) *cast {
	logger := log.New(os.Stderr, "", 0)
	discordgo.Logger = func(_, _ int, format string, a ...interface{}) { logger.Printf(format, a...) }
	return &cast{hand, newSession(hand.world.Ada), newSession(hand.world.Bob)}
}

func newSession(who person) *discordgo.Session {
	session := must(discordgo.New("Bot " + who.Token))
	session.Identify.Intents = discordgo.IntentsAll
	session.State.MaxMessageCount = 100
	session.LogLevel = discordgo.LogInformational
	// One after the other, so that what is heard is heard in order.
	session.SyncEvents = true
	return session
}

func (c *cast) steps() map[string]func() {
	steps := map[string]func(){
		"login": c.login, "presence": c.presence, "voice": c.voice,
		"reconnect": c.reconnect, "zombie": c.zombie, "close": c.close,
	}
	maps.Copy(steps, c.guildSteps())
	maps.Copy(steps, c.messageSteps())
	return steps
}

// heard gives the next event of type T that matches. Call it before the deed that brings the event about.
func heard[T any](session *discordgo.Session, matches func(*T) bool) <-chan *T {
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

func (c *cast) login() {
	for session, who := range map[*discordgo.Session]person{c.ada: c.world.Ada, c.bob: c.world.Bob} {
		ready := heard(session, anyOf[discordgo.Ready])
		check(session.Open())
		event := <-ready
		equal(event.User.ID, who.ID)
		equal(event.User.Username, who.Username)
		equal(event.Application.ID, who.ID)
	}
}

func (c *cast) bobIs(status discordgo.Status) func(*discordgo.PresenceUpdate) bool {
	return func(update *discordgo.PresenceUpdate) bool {
		return update.User.ID == c.world.Bob.ID && update.Status == status
	}
}

func (c *cast) presence() {
	got := heard(c.ada, c.bobIs(discordgo.StatusDoNotDisturb))
	check(c.bob.UpdateStatusComplex(discordgo.UpdateStatusData{
		Status:     string(discordgo.StatusDoNotDisturb),
		Activities: []*discordgo.Activity{{Name: "the scenario", Type: discordgo.ActivityTypeWatching}},
	}))
	equal((<-got).Activities[0].Name, "the scenario")
}

func (c *cast) voice() {
	in := func(channel string) func(*discordgo.VoiceStateUpdate) bool {
		return func(update *discordgo.VoiceStateUpdate) bool {
			return update.UserID == c.world.Bob.ID && update.ChannelID == channel
		}
	}
	// The gateway's part alone: the voice connection that discordgo would make next insists on TLS.
	server := heard(c.bob, anyOf[discordgo.VoiceServerUpdate])
	joined := heard(c.ada, in(c.world.VoiceID))
	check(c.bob.ChannelVoiceJoinManual(c.world.GuildID, c.world.VoiceID, false, true))
	expect((<-joined).SelfDeaf, "Bob is not deaf")
	update := <-server
	expect(update.Token != "" && update.Endpoint != "", "a voice server without token or endpoint")
	equal(must(c.ada.State.VoiceState(c.world.GuildID, c.world.Bob.ID)).ChannelID, c.world.VoiceID)
	left := heard(c.ada, in(""))
	check(c.bob.ChannelVoiceJoinManual(c.world.GuildID, "", false, false))
	<-left
}

func comesBack(session *discordgo.Session) func() string {
	resumed, ready := heard(session, anyOf[discordgo.Resumed]), heard(session, anyOf[discordgo.Ready])
	return func() string {
		select {
		case <-resumed:
			return "resumed"
		case <-ready:
			return "identified"
		}
	}
}

func (c *cast) reconnect() {
	seen := make(chan string, 100)
	remove := c.bob.AddHandler(func(_ *discordgo.Session, message *discordgo.MessageCreate) { seen <- message.Content })
	adaBack, bobBack := comesBack(c.ada), comesBack(c.bob)
	wanted, way := []string{"after the cut"}, "identified"
	missed := c.ask("cut")
	if c.world.Resume {
		wanted, way = []string{missed, "after the cut"}, "resumed"
	}
	ways := []string{adaBack(), bobBack()}
	c.note("after a cut socket: " + strings.Join(ways, ", "))
	c.sent("after the cut")
	for _, content := range wanted {
		equal(<-seen, content)
	}
	remove()
	equal(ways[0], way)
	equal(ways[1], way)
}

func (c *cast) zombie() {
	adaBack, bobBack := comesBack(c.ada), comesBack(c.bob)
	c.ask("mute")
	c.note("after a silent server: " + strings.Join([]string{adaBack(), bobBack()}, ", "))
	c.sent("after the silence")
}

func (c *cast) close() {
	// Seen first, since who is back and gone again within a moment need not be mentioned.
	there := heard(c.ada, c.bobIs(discordgo.StatusIdle))
	check(c.bob.UpdateStatusComplex(discordgo.UpdateStatusData{Status: string(discordgo.StatusIdle)}))
	<-there
	offline := heard(c.ada, c.bobIs(discordgo.StatusOffline))
	check(c.bob.Close())
	<-offline
	check(c.ada.Close())
}
