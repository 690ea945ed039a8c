package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"
)

func (c *cast) messageSteps() map[string]func() {
	return map[string]func(){
		"send": c.send, "reply": c.reply, "edit": c.edit, "react": c.react, "collect": c.collect,
		"delete": c.delete, "bulk-delete": c.bulkDelete, "history": c.history,
		"typing": c.typing, "dm": c.dm, "search": c.search, "error": c.refusals,
	}
}

func says(content string) func(*discordgo.MessageCreate) bool {
	return func(message *discordgo.MessageCreate) bool { return message.Content == content }
}

// sent sends as Ada, and waits until Bob has it: both copies.
func (c *cast) sent(content string) (mine, theirs *discordgo.Message) {
	got := heard(c.bob, says(content))
	mine = must(c.ada.ChannelMessageSend(c.world.TextID, content))
	return mine, (<-got).Message
}

// until polls what has no event of its own.
func (c *cast) until(holds func() bool) {
	for !holds() {
		time.Sleep(10 * time.Millisecond)
	}
}

func (c *cast) send() {
	mine, theirs := c.sent("hello from discordgo")
	equal(theirs.ID, mine.ID)
	equal(theirs.Author.ID, c.world.Ada.ID)
	equal(theirs.GuildID, c.world.GuildID)
	expect(theirs.Member != nil, "no member")
	expect(time.Since(theirs.Timestamp).Abs() < time.Minute, "written at %v", theirs.Timestamp)
}

func (c *cast) reply() {
	mine, theirs := c.sent("a question")
	got := heard(c.ada, says("an answer"))
	must(c.bob.ChannelMessageSendReply(c.world.TextID, "an answer", theirs.Reference()))
	answer := <-got
	equal(answer.MessageReference.MessageID, mine.ID)
	equal(answer.ReferencedMessage.Content, "a question")
	equal(answer.Mentions[0].ID, c.world.Ada.ID)
}

func (c *cast) edit() {
	mine, _ := c.sent("before")
	got := heard(c.bob, func(update *discordgo.MessageUpdate) bool { return update.ID == mine.ID })
	equal(must(c.ada.ChannelMessageEdit(c.world.TextID, mine.ID, "after")).Content, "after")
	update := <-got
	equal(update.BeforeUpdate.Content, "before")
	equal(update.Content, "after")
	expect(update.EditedTimestamp != nil, "no time of the edit")
}

func (c *cast) react() {
	mine, theirs := c.sent("react to this")
	added := heard(c.ada, func(event *discordgo.MessageReactionAdd) bool { return event.MessageID == mine.ID })
	check(c.bob.MessageReactionAdd(theirs.ChannelID, theirs.ID, "👍"))
	event := <-added
	equal(event.UserID, c.world.Bob.ID)
	equal(event.Emoji.Name, "👍")
	users := must(c.ada.MessageReactions(mine.ChannelID, mine.ID, "👍", 100, "", ""))
	equal(len(users), 1)
	equal(users[0].ID, c.world.Bob.ID)
	equal(must(c.ada.ChannelMessage(mine.ChannelID, mine.ID)).Reactions[0].Count, 1)
	removed := heard(c.ada, func(event *discordgo.MessageReactionRemove) bool { return event.MessageID == mine.ID })
	check(c.bob.MessageReactionRemove(theirs.ChannelID, theirs.ID, "👍", "@me"))
	equal((<-removed).UserID, c.world.Bob.ID)
}

// discordgo has no collector: this is the handler that its users write.
func (c *cast) collect() {
	collected := make(chan string, 2)
	remove := c.ada.AddHandler(func(_ *discordgo.Session, message *discordgo.MessageCreate) {
		if message.Author.ID == c.world.Bob.ID {
			collected <- message.Content
		}
	})
	defer remove()
	for _, content := range []string{"first of two", "second of two"} {
		must(c.bob.ChannelMessageSend(c.world.TextID, content))
		equal(<-collected, content)
	}
}

func (c *cast) delete() {
	mine, _ := c.sent("delete this")
	got := heard(c.bob, func(event *discordgo.MessageDelete) bool { return event.ID == mine.ID })
	check(c.ada.ChannelMessageDelete(mine.ChannelID, mine.ID))
	<-got
}

func (c *cast) bulkDelete() {
	var doomed []string
	for _, content := range []string{"one", "two", "three"} {
		mine, _ := c.sent(content)
		doomed = append(doomed, mine.ID)
	}
	got := heard(c.bob, anyOf[discordgo.MessageDeleteBulk])
	check(c.ada.ChannelMessagesBulkDelete(c.world.TextID, doomed))
	same((<-got).Messages, doomed)
}

func (c *cast) history() {
	var all []string
	for _, number := range strings.Split("0123456", "") {
		all = append(all, must(c.ada.ChannelMessageSend(c.world.TextID, "page "+number)).ID)
	}
	page := func(before, after, around string) []string {
		var found []string
		for _, message := range must(c.bob.ChannelMessages(c.world.TextID, 3, before, after, around)) {
			found = append(found, message.ID)
		}
		slices.Reverse(found)
		return found
	}
	expect(slices.Equal(page("", "", ""), all[4:]), "the latest")
	expect(slices.Equal(page(all[4], "", ""), all[1:4]), "before")
	expect(slices.Equal(page("", all[0], ""), all[1:4]), "after")
	expect(slices.Equal(page("", "", all[3]), all[2:5]), "around")
	equal(must(c.bob.ChannelMessage(c.world.TextID, all[0])).Content, "page 0")
}

func (c *cast) typing() {
	got := heard(c.bob, func(event *discordgo.TypingStart) bool { return event.UserID == c.world.Ada.ID })
	check(c.ada.ChannelTyping(c.world.TextID))
	equal((<-got).ChannelID, c.world.TextID)
}

func (c *cast) dm() {
	got := heard(c.bob, says("between us"))
	channel := must(c.ada.UserChannelCreate(c.world.Bob.ID))
	must(c.ada.ChannelMessageSend(channel.ID, "between us"))
	message := <-got
	equal(message.GuildID, "")
	back := heard(c.ada, says("indeed"))
	must(c.bob.ChannelMessageSendReply(message.ChannelID, "indeed", message.Reference()))
	equal((<-back).ChannelID, channel.ID)
}

func (c *cast) search() {
	mine, _ := c.sent("a needle in discordgo")
	// discordgo has no method for it; this is its own request, with its limits and its errors.
	url := discordgo.EndpointGuild(c.world.GuildID) + "/messages/search?content=needle"
	var found struct {
		Messages [][]*discordgo.Message `json:"messages"`
	}
	check(json.Unmarshal(must(c.ada.Request("GET", url, nil)), &found))
	equal(found.Messages[0][0].ID, mine.ID)
}

func (c *cast) refusals() {
	_, err := c.ada.ChannelMessageSend(c.world.TextID, strings.Repeat("x", 2001))
	refused(err, 400, 50035)
	_, err = c.ada.ChannelMessage(c.world.TextID, c.world.GuildID)
	refused(err, 404, 10008)
}

func refused(err error, status, code int) {
	var refusal *discordgo.RESTError
	expect(errors.As(err, &refusal), "not refused: %v", err)
	equal(refusal.Response.StatusCode, status)
	equal(refusal.Message.Code, code)
}

func same(got, wanted []string) {
	got, wanted = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(wanted))
	expect(slices.Equal(got, wanted), "got %v, not %v", got, wanted)
}
