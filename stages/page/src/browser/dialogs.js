import { byId, onSubmit } from './dom.js'

/** The code in an invite link. The text may also be the code alone. */
const codeOf = (text) => /[#&/]?(?:invite[=/])?([\w-]+)\/?$/.exec(text.trim())?.[1] ?? text.trim()

/** The dialogs that create and join guilds, create channels, and make invites. */
export function dialogs(api, { joined, guild, channel, show }) {
  const guildDialog = byId('guild-dialog')
  const channelDialog = byId('channel-dialog')
  const inviteDialog = byId('invite-dialog')
  const link = byId('invite-link')

  for (const id of ['add-guild', 'first-guild'])
    byId(id).addEventListener('click', () => guildDialog.showModal())
  byId('add-channel').addEventListener('click', () => channelDialog.showModal())

  async function join(code) {
    const invite = await api.join(code)
    joined(invite.guild.id)
  }

  onSubmit(byId('create-guild'), async (form) => {
    const { id } = await api.createGuild(form.get('name'))
    guildDialog.close()
    joined(id)
  })
  onSubmit(byId('join-guild'), async (form) => {
    await join(codeOf(form.get('code')))
    guildDialog.close()
  })
  onSubmit(byId('create-channel'), async (form) => {
    const { id } = await api.createChannel(guild(), form.get('name'))
    channelDialog.close()
    show(id)
  })

  byId('invite').addEventListener('click', async () => {
    const error = inviteDialog.querySelector('.error')
    error.hidden = true
    byId('invite-code').value = ''
    link.value = ''
    inviteDialog.showModal()
    try {
      const { code } = await api.createInvite(channel())
      byId('invite-code').value = code
      link.value = `${location.origin}${location.pathname}#invite=${code}`
      link.select()
    } catch (failure) {
      Object.assign(error, { textContent: failure.message, hidden: false })
    }
  })
  byId('copy-link').addEventListener('click', async () => {
    link.select()
    try {
      await navigator.clipboard.writeText(link.value)
      byId('copy-link').textContent = 'Copied'
    } catch {
      // Browsers offer the clipboard only to pages on localhost or HTTPS.
      byId('copy-link').textContent = 'Press Ctrl+C'
    }
  })
  // `noopener` gives the new window a session storage of its own, so that it is another user.
  byId('second-window').addEventListener('click', () =>
    window.open(link.value, '_blank', 'noopener,width=720,height=760'),
  )

  return { join }
}
