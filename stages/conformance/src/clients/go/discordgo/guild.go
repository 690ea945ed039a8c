package main

import (
	"errors"
	"slices"

	"github.com/bwmarrin/discordgo"
)

func (c *clients) guildSteps() map[string]func() {
	return map[string]func(){
		"guild": c.guild, "join": c.join, "channel": c.channel, "role": c.role,
		"members": c.members, "invite": c.invite, "kick": c.kick,
	}
}

func (c *clients) guild() {
	// discordgo is ready before it has received its guilds.
	c.waitUntil(func() bool { guild, err := c.ada.State.Guild(c.setup.GuildID); return err == nil && guild.Name != "" })
	guild := must(c.ada.State.Guild(c.setup.GuildID))
	equal(guild.Name, c.setup.GuildName)
	equal(guild.OwnerID, c.setup.Ada.ID)
	equal(guild.MemberCount, 1+len(c.setup.Guests))
	equal(must(c.ada.State.Channel(c.setup.TextID)).Type, discordgo.ChannelTypeGuildText)
	equal(must(c.ada.State.Channel(c.setup.VoiceID)).Type, discordgo.ChannelTypeGuildVoice)
	equal(must(c.ada.State.Role(guild.ID, guild.ID)).Name, "@everyone")
	sent := must(c.ada.State.UserChannelPermissions(c.setup.Ada.ID, c.setup.TextID))
	expect(sent&discordgo.PermissionManageMessages != 0, "the owner may not manage messages")
	equal(must(c.ada.GuildWithCounts(guild.ID)).ApproximateMemberCount, guild.MemberCount)
}

func (c *clients) join() {
	added := nextEvent(c.ada, func(event *discordgo.GuildMemberAdd) bool { return event.User.ID == c.setup.Bob.ID })
	entered := nextEvent(c.bob, func(event *discordgo.GuildCreate) bool { return event.ID == c.setup.GuildID })
	check(c.ada.GuildMemberAdd(c.setup.GuildID, c.setup.Bob.ID, &discordgo.GuildMemberAddParams{AccessToken: c.setup.Bob.Token}))
	<-added
	guild := <-entered
	equal(guild.OwnerID, c.setup.Ada.ID)
	expect(slices.ContainsFunc(guild.Channels, func(channel *discordgo.Channel) bool { return channel.ID == c.setup.TextID }), "no channel")
}

func (c *clients) channel() {
	created := nextEvent(c.ada, func(event *discordgo.ChannelCreate) bool { return event.Name == "secret" })
	secret := must(c.ada.GuildChannelCreateComplex(c.setup.GuildID, discordgo.GuildChannelCreateData{
		Name:  "secret",
		Topic: "for few",
		PermissionOverwrites: []*discordgo.PermissionOverwrite{
			{ID: c.setup.GuildID, Type: discordgo.PermissionOverwriteTypeRole, Deny: discordgo.PermissionViewChannel},
		},
	}))
	<-created
	equal(secret.PermissionOverwrites[0].Deny, discordgo.PermissionViewChannel)
	_, err := c.bob.Channel(secret.ID)
	expectRefusal(err, 403, 50001)
	_, err = c.bob.State.Channel(secret.ID)
	expect(errors.Is(err, discordgo.ErrStateNotFound), "Bob has a hidden channel in his state")
	opened := nextEvent(c.bob, func(event *discordgo.ChannelCreate) bool { return event.ID == secret.ID })
	check(c.ada.ChannelPermissionSet(secret.ID, c.setup.Bob.ID, discordgo.PermissionOverwriteTypeMember, discordgo.PermissionViewChannel, 0))
	<-opened
	edited := nextEvent(c.bob, func(event *discordgo.ChannelUpdate) bool { return event.ID == secret.ID && event.Topic == "for more" })
	must(c.ada.ChannelEditComplex(secret.ID, &discordgo.ChannelEdit{Name: "less-secret", Topic: "for more"}))
	<-edited
	deleted := nextEvent(c.bob, func(event *discordgo.ChannelDelete) bool { return event.ID == secret.ID })
	must(c.ada.ChannelDelete(secret.ID))
	<-deleted
}

func (c *clients) role() {
	created := nextEvent(c.bob, func(event *discordgo.GuildRoleCreate) bool { return event.Role.Name == "keeper" })
	color, permissions := 0x3366cc, int64(discordgo.PermissionManageMessages)
	role := must(c.ada.GuildRoleCreate(c.setup.GuildID, &discordgo.RoleParams{Name: "keeper", Color: &color, Permissions: &permissions}))
	<-created
	equal(role.Color, color)
	holds := func(wanted bool) func(*discordgo.GuildMemberUpdate) bool {
		return func(event *discordgo.GuildMemberUpdate) bool {
			return event.User.ID == c.setup.Bob.ID && slices.Contains(event.Roles, role.ID) == wanted
		}
	}
	given := nextEvent(c.bob, holds(true))
	check(c.ada.GuildMemberRoleAdd(c.setup.GuildID, c.setup.Bob.ID, role.ID))
	<-given
	sent := must(c.bob.State.UserChannelPermissions(c.setup.Bob.ID, c.setup.TextID))
	expect(sent&discordgo.PermissionManageMessages != 0, "the role gives no permission")
	taken := nextEvent(c.bob, holds(false))
	check(c.ada.GuildMemberRoleRemove(c.setup.GuildID, c.setup.Bob.ID, role.ID))
	<-taken
	renamed := nextEvent(c.bob, func(event *discordgo.GuildRoleUpdate) bool { return event.Role.Name == "former keeper" })
	must(c.ada.GuildRoleEdit(c.setup.GuildID, role.ID, &discordgo.RoleParams{Name: "former keeper"}))
	<-renamed
	deleted := nextEvent(c.bob, func(event *discordgo.GuildRoleDelete) bool { return event.RoleID == role.ID })
	check(c.ada.GuildRoleDelete(c.setup.GuildID, role.ID))
	<-deleted
}

func (c *clients) members() {
	everyone := append([]string{c.setup.Ada.ID, c.setup.Bob.ID}, c.setup.Guests...)
	chunk := func(nonce string, request func() error) []string {
		event := nextEvent(c.ada, func(event *discordgo.GuildMembersChunk) bool { return event.Nonce == nonce })
		check(request())
		return ids((<-event).Members)
	}
	equalSets(chunk("all", func() error { return c.ada.RequestGuildMembers(c.setup.GuildID, "", 0, "all", true) }), everyone)
	named := chunk("named", func() error { return c.ada.RequestGuildMembers(c.setup.GuildID, "guest", 2, "named", false) })
	equal(len(named), 2)
	wanted := []string{c.setup.Guests[0], c.setup.Bob.ID}
	equalSets(chunk("some", func() error { return c.ada.RequestGuildMembersList(c.setup.GuildID, wanted, 0, "some", false) }), wanted)
	equalSets(ids(must(c.ada.GuildMembers(c.setup.GuildID, "", 1000))), everyone)
	equal(must(c.ada.GuildMember(c.setup.GuildID, c.setup.Bob.ID)).User.Username, c.setup.Bob.Username)
}

func (c *clients) invite() {
	made := must(c.ada.ChannelInviteCreate(c.setup.TextID, discordgo.Invite{MaxAge: 600}))
	found := must(c.bob.InviteWithCounts(made.Code))
	equal(found.Guild.ID, c.setup.GuildID)
	equal(found.Channel.ID, c.setup.TextID)
	equal(found.Inviter.ID, c.setup.Ada.ID)
	listed := must(c.ada.ChannelInvites(c.setup.TextID))
	expect(slices.ContainsFunc(listed, func(invite *discordgo.Invite) bool { return invite.Code == made.Code }), "the invite is not listed")
}

func (c *clients) kick() {
	removed := nextEvent(c.ada, func(event *discordgo.GuildMemberRemove) bool { return event.User.ID == c.setup.Bob.ID })
	lost := nextEvent(c.bob, func(event *discordgo.GuildDelete) bool { return event.ID == c.setup.GuildID })
	check(c.ada.GuildMemberDelete(c.setup.GuildID, c.setup.Bob.ID))
	<-removed
	<-lost
	c.join()
}

func ids(members []*discordgo.Member) []string {
	found := make([]string, len(members))
	for i, member := range members {
		found[i] = member.User.ID
	}
	return found
}
