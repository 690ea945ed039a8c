import { avatar, byId, el, reconcile, setText } from './dom.js'

const ORDER = { online: 0, dnd: 1, idle: 2 }
const WORD = { online: 'online', dnd: 'busy', idle: 'idle', offline: 'offline' }

/** Members drawn; a list of a hundred thousand helps nobody and costs a lot. */
const MEMBERS_SHOWN = 200

const pick = (text, { current, fresh, mark }, click) => {
  const button = el(
    'button',
    { type: 'button', on: { click } },
    mark,
    el('span', { className: 'text', textContent: text }),
  )
  if (current) button.setAttribute('aria-current', 'true')
  if (fresh) button.append(el('span', { className: 'unread', textContent: 'new' }))
  return el('li', {}, button)
}

/** Guilds, channels and members: what there is, where one is, and where something new was said. */
export function placesView(act) {
  return {
    draw(store, { guildId, channelId, unread }) {
      const guild = store.guilds.get(guildId)
      const guilds = [...store.guilds.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
      reconcile(
        byId('guild-list'),
        guilds.map((one) => {
          const current = one.id === guildId
          const fresh = !current && [...one.channels.keys()].some((id) => unread.has(id))
          const text = one.available ? one.name : `${one.name} (unavailable)`
          return {
            key: one.id,
            version: `${text} ${current} ${fresh}`,
            build: () =>
              pick(
                text,
                {
                  current,
                  fresh,
                  mark: avatar(el('span', { aria: { hidden: 'true' } }), one.id, one.name),
                },
                () => act.openGuild(one.id),
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
          const fresh = !current && unread.has(channel.id)
          return {
            key: channel.id,
            version: `${channel.name} ${current} ${fresh}`,
            build: () =>
              pick(
                channel.name,
                { current, fresh, mark: el('span', { className: 'hash', textContent: '#' }) },
                () => act.openChannel(channel.id),
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
    (a, b) => (ORDER[a.status] ?? 3) - (ORDER[b.status] ?? 3) || a.name.localeCompare(b.name),
  )
  setText(
    byId('members-title'),
    `Here · ${people.filter((one) => one.status !== 'offline').length} of ${guild.memberCount}`,
  )
  const rows = people.slice(0, MEMBERS_SHOWN).map(({ id, name, status }) => ({
    key: id,
    version: `${name} ${status}`,
    build: () =>
      el(
        'li',
        { data: { status } },
        avatar(el('span', { aria: { hidden: 'true' } }), id, name),
        el('span', { className: 'dot', title: WORD[status] ?? status }),
        el('span', { className: 'text', textContent: name }),
        el('span', { className: 'hidden-text', textContent: `, ${WORD[status] ?? status}` }),
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
