// Plays the scenario of ../../scenario.ts with discordgo, and reports it as lines of JSON.
package main

import (
	"os"

	"github.com/bwmarrin/discordgo"
)

func main() {
	h := newHarness(os.Stdin)
	pointAt(h.setup.Base)
	h.runScenario(newClients(h).steps())
}

// pointAt sets the addresses that discordgo exports. Its other addresses are functions of these.
func pointAt(base string) {
	discordgo.EndpointDiscord = base + "/"
	discordgo.EndpointAPI = discordgo.EndpointDiscord + "api/v" + discordgo.APIVersion + "/"
	discordgo.EndpointGuilds = discordgo.EndpointAPI + "guilds/"
	discordgo.EndpointGuildCreate = discordgo.EndpointAPI + "guilds"
	discordgo.EndpointChannels = discordgo.EndpointAPI + "channels/"
	discordgo.EndpointUsers = discordgo.EndpointAPI + "users/"
	discordgo.EndpointGateway = discordgo.EndpointAPI + "gateway"
	discordgo.EndpointGatewayBot = discordgo.EndpointGateway + "/bot"
	discordgo.EndpointApplications = discordgo.EndpointAPI + "applications"
	discordgo.EndpointOAuth2 = discordgo.EndpointAPI + "oauth2/"
	discordgo.EndpointOAuth2Applications = discordgo.EndpointOAuth2 + "applications"
}
