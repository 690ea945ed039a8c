import { avatar, byId, el, reconcile, setText } from './dom.js'

const STATUS_ORDER = { online: 0, dnd: 1, idle: 2 }
const STATUS_TEXT = { online: 'online', dnd: 'busy', idle: 'idle', offline: 'offline' }

/** Members that are drawn. A list of a hundred thousand would be slow, and of no use. */
const MAX_MEMBERS = 200

const navigationItem = (text, { current, hasUnread, mark }, click) => {
  const button = el(
    'button',
    { type: 'button', on: { click } },
    mark,
    el('span', { className: 'text', textContent: text }),
  )
  if (current) button.setAttribute('aria-current', 'true')
  if (hasUnread) button.append(el('span', { className: 'unread', textContent: 'new' }))
  return el('li', {}, button)
}

/** Draws the lists of guilds, channels and members, with the selection and unread marks. */
export function sidebarView(actions) {
  return {
    draw(store, { guildId, channelId, unread }) {
      const guild = store.guilds.get(guildId)
      const guilds = [...store.guilds.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
      reconcile(
        byId('guild-list'),
        guilds.map((listed) => {
          const current = listed.id === guildId
          const hasUnread = !current && [...listed.channels.keys()].some((id) => unread.has(id))
          const text = listed.available ? listed.name : `${listed.name} (unavailable)`
          return {
            key: listed.id,
            version: `${text} ${current} ${hasUnread}`,
            build: () =>
              navigationItem(
                text,
                {
                  current,
                  hasUnread,
                  mark: avatar(el('span', { aria: { hidden: 'true' } }), listed.id, listed.name),
                },
                () => actions.openGuild(listed.id),
              ),
          }
        }),
      )
      byId('channels').hidden = guild === undefined
      const channels = guild ? store.textChannels(guild) : []
      reconcile(
        byId('channel-list'),
        channels.map((channel) => {
          const current = channel.id === channelId
          const hasUnread = !current && unread.has(channel.id)
          return {
            key: channel.id,
            version: `${channel.name} ${current} ${hasUnread}`,
            build: () =>
              navigationItem(
                channel.name,
                { current, hasUnread, mark: el('span', { className: 'hash', textContent: '#' }) },
                () => actions.openChannel(channel.id),
              ),
          }
        }),
      )
      const channel = guild?.channels.get(channelId)
      setText(byId('channel-name'), channel ? `# ${channel.name}` : 'Threshold')
      setText(byId('guild-name-shown'), guild?.name ?? '')
      drawMembers(guild)
    },
  }
}

function drawMembers(guild) {
  byId('members').hidden = guild === undefined
  if (guild === undefined) return
  const people = [...guild.members].map(([id, name]) => ({
    id,
    name,
    status: guild.presences.get(id) ?? 'offline',
  }))
  people.sort(
    (a, b) =>
      (STATUS_ORDER[a.status] ?? 3) - (STATUS_ORDER[b.status] ?? 3) || a.name.localeCompare(b.name),
  )
  setText(
    byId('members-title'),
    `Here · ${people.filter(({ status }) => status !== 'offline').length} of ${guild.memberCount}`,
  )
  const rows = people.slice(0, MAX_MEMBERS).map(({ id, name, status }) => ({
    key: id,
    version: `${name} ${status}`,
    build: () =>
      el(
        'li',
        { data: { status } },
        avatar(el('span', { aria: { hidden: 'true' } }), id, name),
        el('span', { className: 'dot', title: STATUS_TEXT[status] ?? status }),
        el('span', { className: 'text', textContent: name }),
        el('span', { className: 'hidden-text', textContent: `, ${STATUS_TEXT[status] ?? status}` }),
      ),
  }))
  const more = guild.memberCount - rows.length
  if (more > 0)
    rows.push({
      key: 'more',
      version: more,
      build: () => el('li', { className: 'more', textContent: `and ${more} more` }),
    })
  reconcile(byId('member-list'), rows)
}
