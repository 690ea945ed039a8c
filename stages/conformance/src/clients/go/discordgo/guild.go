package main

import (
	"errors"
	"slices"

	"github.com/bwmarrin/discordgo"
)

func (c *cast) guildSteps() map[string]func() {
	return map[string]func(){
		"guild": c.guild, "join": c.join, "channel": c.channel, "role": c.role,
		"members": c.members, "invite": c.invite, "kick": c.kick,
	}
}

func (c *cast) guild() {
	// discordgo is ready before its guilds have come.
	c.until(func() bool { guild, err := c.ada.State.Guild(c.world.GuildID); return err == nil && guild.Name != "" })
	guild := must(c.ada.State.Guild(c.world.GuildID))
	equal(guild.Name, c.world.GuildName)
	equal(guild.OwnerID, c.world.Ada.ID)
	equal(guild.MemberCount, 1+len(c.world.Guests))
	equal(must(c.ada.State.Channel(c.world.TextID)).Type, discordgo.ChannelTypeGuildText)
	equal(must(c.ada.State.Channel(c.world.VoiceID)).Type, discordgo.ChannelTypeGuildVoice)
	equal(must(c.ada.State.Role(guild.ID, guild.ID)).Name, "@everyone")
	mine := must(c.ada.State.UserChannelPermissions(c.world.Ada.ID, c.world.TextID))
	expect(mine&discordgo.PermissionManageMessages != 0, "the owner may not manage messages")
	equal(must(c.ada.GuildWithCounts(guild.ID)).ApproximateMemberCount, guild.MemberCount)
}

func (c *cast) join() {
	added := heard(c.ada, func(event *discordgo.GuildMemberAdd) bool { return event.User.ID == c.world.Bob.ID })
	entered := heard(c.bob, func(event *discordgo.GuildCreate) bool { return event.ID == c.world.GuildID })
	check(c.ada.GuildMemberAdd(c.world.GuildID, c.world.Bob.ID, &discordgo.GuildMemberAddParams{AccessToken: c.world.Bob.Token}))
	<-added
	guild := <-entered
	equal(guild.OwnerID, c.world.Ada.ID)
	expect(slices.ContainsFunc(guild.Channels, func(channel *discordgo.Channel) bool { return channel.ID == c.world.TextID }), "no channel")
}

func (c *cast) channel() {
	created := heard(c.ada, func(event *discordgo.ChannelCreate) bool { return event.Name == "secret" })
	secret := must(c.ada.GuildChannelCreateComplex(c.world.GuildID, discordgo.GuildChannelCreateData{
		Name:  "secret",
		Topic: "for few",
		PermissionOverwrites: []*discordgo.PermissionOverwrite{
			{ID: c.world.GuildID, Type: discordgo.PermissionOverwriteTypeRole, Deny: discordgo.PermissionViewChannel},
		},
	}))
	<-created
	equal(secret.PermissionOverwrites[0].Deny, discordgo.PermissionViewChannel)
	_, err := c.bob.Channel(secret.ID)
	refused(err, 403, 50001)
	_, err = c.bob.State.Channel(secret.ID)
	expect(errors.Is(err, discordgo.ErrStateNotFound), "Bob knows what is hidden from him")
	opened := heard(c.bob, func(event *discordgo.ChannelCreate) bool { return event.ID == secret.ID })
	check(c.ada.ChannelPermissionSet(secret.ID, c.world.Bob.ID, discordgo.PermissionOverwriteTypeMember, discordgo.PermissionViewChannel, 0))
	<-opened
	edited := heard(c.bob, func(event *discordgo.ChannelUpdate) bool { return event.ID == secret.ID && event.Topic == "for more" })
	must(c.ada.ChannelEditComplex(secret.ID, &discordgo.ChannelEdit{Name: "less-secret", Topic: "for more"}))
	<-edited
	gone := heard(c.bob, func(event *discordgo.ChannelDelete) bool { return event.ID == secret.ID })
	must(c.ada.ChannelDelete(secret.ID))
	<-gone
}

func (c *cast) role() {
	created := heard(c.bob, func(event *discordgo.GuildRoleCreate) bool { return event.Role.Name == "keeper" })
	color, permissions := 0x3366cc, int64(discordgo.PermissionManageMessages)
	role := must(c.ada.GuildRoleCreate(c.world.GuildID, &discordgo.RoleParams{Name: "keeper", Color: &color, Permissions: &permissions}))
	<-created
	equal(role.Color, color)
	holds := func(wanted bool) func(*discordgo.GuildMemberUpdate) bool {
		return func(event *discordgo.GuildMemberUpdate) bool {
			return event.User.ID == c.world.Bob.ID && slices.Contains(event.Roles, role.ID) == wanted
		}
	}
	given := heard(c.bob, holds(true))
	check(c.ada.GuildMemberRoleAdd(c.world.GuildID, c.world.Bob.ID, role.ID))
	<-given
	mine := must(c.bob.State.UserChannelPermissions(c.world.Bob.ID, c.world.TextID))
	expect(mine&discordgo.PermissionManageMessages != 0, "the role gives no permission")
	taken := heard(c.bob, holds(false))
	check(c.ada.GuildMemberRoleRemove(c.world.GuildID, c.world.Bob.ID, role.ID))
	<-taken
	renamed := heard(c.bob, func(event *discordgo.GuildRoleUpdate) bool { return event.Role.Name == "former keeper" })
	must(c.ada.GuildRoleEdit(c.world.GuildID, role.ID, &discordgo.RoleParams{Name: "former keeper"}))
	<-renamed
	deleted := heard(c.bob, func(event *discordgo.GuildRoleDelete) bool { return event.RoleID == role.ID })
	check(c.ada.GuildRoleDelete(c.world.GuildID, role.ID))
	<-deleted
}

func (c *cast) members() {
	everyone := append([]string{c.world.Ada.ID, c.world.Bob.ID}, c.world.Guests...)
	chunk := func(nonce string, request func() error) []string {
		got := heard(c.ada, func(event *discordgo.GuildMembersChunk) bool { return event.Nonce == nonce })
		check(request())
		return ids((<-got).Members)
	}
	same(chunk("all", func() error { return c.ada.RequestGuildMembers(c.world.GuildID, "", 0, "all", true) }), everyone)
	named := chunk("named", func() error { return c.ada.RequestGuildMembers(c.world.GuildID, "guest", 2, "named", false) })
	equal(len(named), 2)
	wanted := []string{c.world.Guests[0], c.world.Bob.ID}
	same(chunk("some", func() error { return c.ada.RequestGuildMembersList(c.world.GuildID, wanted, 0, "some", false) }), wanted)
	same(ids(must(c.ada.GuildMembers(c.world.GuildID, "", 1000))), everyone)
	equal(must(c.ada.GuildMember(c.world.GuildID, c.world.Bob.ID)).User.Username, c.world.Bob.Username)
}

func (c *cast) invite() {
	made := must(c.ada.ChannelInviteCreate(c.world.TextID, discordgo.Invite{MaxAge: 600}))
	found := must(c.bob.InviteWithCounts(made.Code))
	equal(found.Guild.ID, c.world.GuildID)
	equal(found.Channel.ID, c.world.TextID)
	equal(found.Inviter.ID, c.world.Ada.ID)
	listed := must(c.ada.ChannelInvites(c.world.TextID))
	expect(slices.ContainsFunc(listed, func(invite *discordgo.Invite) bool { return invite.Code == made.Code }), "the invite is not listed")
}

func (c *cast) kick() {
	removed := heard(c.ada, func(event *discordgo.GuildMemberRemove) bool { return event.User.ID == c.world.Bob.ID })
	lost := heard(c.bob, func(event *discordgo.GuildDelete) bool { return event.ID == c.world.GuildID })
	check(c.ada.GuildMemberDelete(c.world.GuildID, c.world.Bob.ID))
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
