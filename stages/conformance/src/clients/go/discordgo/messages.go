package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"
)

func (c *clients) messageSteps() map[string]func() {
	return map[string]func(){
		"send": c.send, "reply": c.reply, "edit": c.edit, "react": c.react, "collect": c.collect,
		"delete": c.delete, "bulk-delete": c.bulkDelete, "history": c.history,
		"typing": c.typing, "dm": c.dm, "search": c.search, "error": c.refusals,
	}
}

func hasContent(content string) func(*discordgo.MessageCreate) bool {
	return func(message *discordgo.MessageCreate) bool { return message.Content == content }
}

// sendAndReceive sends as Ada and waits until Bob has received it. It returns both copies.
func (c *clients) sendAndReceive(content string) (sent, received *discordgo.Message) {
	event := nextEvent(c.bob, hasContent(content))
	sent = must(c.ada.ChannelMessageSend(c.setup.TextID, content))
	return sent, (<-event).Message
}

// waitUntil polls a condition that has no event.
func (c *clients) waitUntil(condition func() bool) {
	for !condition() {
		time.Sleep(10 * time.Millisecond)
	}
}

func (c *clients) send() {
	sent, received := c.sendAndReceive("hello from discordgo")
	equal(received.ID, sent.ID)
	equal(received.Author.ID, c.setup.Ada.ID)
	equal(received.GuildID, c.setup.GuildID)
	expect(received.Member != nil, "no member")
	expect(time.Since(received.Timestamp).Abs() < time.Minute, "written at %v", received.Timestamp)
}

func (c *clients) reply() {
	sent, received := c.sendAndReceive("a question")
	event := nextEvent(c.ada, hasContent("an answer"))
	must(c.bob.ChannelMessageSendReply(c.setup.TextID, "an answer", received.Reference()))
	answer := <-event
	equal(answer.MessageReference.MessageID, sent.ID)
	equal(answer.ReferencedMessage.Content, "a question")
	equal(answer.Mentions[0].ID, c.setup.Ada.ID)
}

func (c *clients) edit() {
	sent, _ := c.sendAndReceive("before")
	event := nextEvent(c.bob, func(update *discordgo.MessageUpdate) bool { return update.ID == sent.ID })
	equal(must(c.ada.ChannelMessageEdit(c.setup.TextID, sent.ID, "after")).Content, "after")
	update := <-event
	equal(update.BeforeUpdate.Content, "before")
	equal(update.Content, "after")
	expect(update.EditedTimestamp != nil, "no time of the edit")
}

func (c *clients) react() {
	sent, received := c.sendAndReceive("react to this")
	added := nextEvent(c.ada, func(event *discordgo.MessageReactionAdd) bool { return event.MessageID == sent.ID })
	check(c.bob.MessageReactionAdd(received.ChannelID, received.ID, "👍"))
	event := <-added
	equal(event.UserID, c.setup.Bob.ID)
	equal(event.Emoji.Name, "👍")
	users := must(c.ada.MessageReactions(sent.ChannelID, sent.ID, "👍", 100, "", ""))
	equal(len(users), 1)
	equal(users[0].ID, c.setup.Bob.ID)
	equal(must(c.ada.ChannelMessage(sent.ChannelID, sent.ID)).Reactions[0].Count, 1)
	removed := nextEvent(c.ada, func(event *discordgo.MessageReactionRemove) bool { return event.MessageID == sent.ID })
	check(c.bob.MessageReactionRemove(received.ChannelID, received.ID, "👍", "@me"))
	equal((<-removed).UserID, c.setup.Bob.ID)
}

// discordgo has no collector. This is the handler that its users write.
func (c *clients) collect() {
	collected := make(chan string, 2)
	remove := c.ada.AddHandler(func(_ *discordgo.Session, message *discordgo.MessageCreate) {
		if message.Author.ID == c.setup.Bob.ID {
			collected <- message.Content
		}
	})
	defer remove()
	for _, content := range []string{"first of two", "second of two"} {
		must(c.bob.ChannelMessageSend(c.setup.TextID, content))
		equal(<-collected, content)
	}
}

func (c *clients) delete() {
	sent, _ := c.sendAndReceive("delete this")
	event := nextEvent(c.bob, func(event *discordgo.MessageDelete) bool { return event.ID == sent.ID })
	check(c.ada.ChannelMessageDelete(sent.ChannelID, sent.ID))
	<-event
}

func (c *clients) bulkDelete() {
	var toDelete []string
	for _, content := range []string{"one", "two", "three"} {
		sent, _ := c.sendAndReceive(content)
		toDelete = append(toDelete, sent.ID)
	}
	event := nextEvent(c.bob, anyOf[discordgo.MessageDeleteBulk])
	check(c.ada.ChannelMessagesBulkDelete(c.setup.TextID, toDelete))
	equalSets((<-event).Messages, toDelete)
}

func (c *clients) history() {
	var all []string
	for _, number := range strings.Split("0123456", "") {
		all = append(all, must(c.ada.ChannelMessageSend(c.setup.TextID, "page "+number)).ID)
	}
	page := func(before, after, around string) []string {
		var found []string
		for _, message := range must(c.bob.ChannelMessages(c.setup.TextID, 3, before, after, around)) {
			found = append(found, message.ID)
		}
		slices.Reverse(found)
		return found
	}
	expect(slices.Equal(page("", "", ""), all[4:]), "the latest")
	expect(slices.Equal(page(all[4], "", ""), all[1:4]), "before")
	expect(slices.Equal(page("", all[0], ""), all[1:4]), "after")
	expect(slices.Equal(page("", "", all[3]), all[2:5]), "around")
	equal(must(c.bob.ChannelMessage(c.setup.TextID, all[0])).Content, "page 0")
}

func (c *clients) typing() {
	event := nextEvent(c.bob, func(event *discordgo.TypingStart) bool { return event.UserID == c.setup.Ada.ID })
	check(c.ada.ChannelTyping(c.setup.TextID))
	equal((<-event).ChannelID, c.setup.TextID)
}

func (c *clients) dm() {
	event := nextEvent(c.bob, hasContent("between us"))
	channel := must(c.ada.UserChannelCreate(c.setup.Bob.ID))
	must(c.ada.ChannelMessageSend(channel.ID, "between us"))
	message := <-event
	equal(message.GuildID, "")
	back := nextEvent(c.ada, hasContent("indeed"))
	must(c.bob.ChannelMessageSendReply(message.ChannelID, "indeed", message.Reference()))
	equal((<-back).ChannelID, channel.ID)
}

func (c *clients) search() {
	sent, _ := c.sendAndReceive("a needle in discordgo")
	// discordgo has no method for searching. This is its REST client, with its limits and errors.
	url := discordgo.EndpointGuild(c.setup.GuildID) + "/messages/search?content=needle"
	var found struct {
		Messages [][]*discordgo.Message `json:"messages"`
	}
	check(json.Unmarshal(must(c.ada.Request("GET", url, nil)), &found))
	equal(found.Messages[0][0].ID, sent.ID)
}

func (c *clients) refusals() {
	_, err := c.ada.ChannelMessageSend(c.setup.TextID, strings.Repeat("x", 2001))
	expectRefusal(err, 400, 50035)
	_, err = c.ada.ChannelMessage(c.setup.TextID, c.setup.GuildID)
	expectRefusal(err, 404, 10008)
}

func expectRefusal(err error, status, code int) {
	var refusal *discordgo.RESTError
	expect(errors.As(err, &refusal), "not refused: %v", err)
	equal(refusal.Response.StatusCode, status)
	equal(refusal.Message.Code, code)
}

// equalSets compares without regard to order.
func equalSets(got, want []string) {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	expect(slices.Equal(got, want), "got %v, want %v", got, want)
}
