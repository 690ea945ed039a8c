import { connectionView } from './connection.js'
import { dialogs } from './dialogs.js'
import { avatar, byId, setOpen, setText, toggles } from './dom.js'
import { typingText } from './typing.js'
import { framesView } from './view-frames.js'
import { messagesView } from './view-messages.js'
import { placesView } from './view-places.js'

const PLACE = 'threshold.place'
/** A typing event lasts ten seconds at the others', so one every eight is enough. */
const TYPING_EVERY_MS = 8_000

/**
 * The chat once signed in: which guild and channel is on screen, the draft, and what is drawn when.
 */
export function chatPage(session, { signOut }) {
  const { api, store, user, unread, gateway } = session
  const drafts = new Map()
  let { guildId, channelId } = JSON.parse(sessionStorage.getItem(PLACE) ?? '{}')
  /** A guild one has just made or joined: gone to as soon as the gateway tells of it. */
  let awaited
  let lastTyping = 0
  let typingTimer

  const connection = connectionView(gateway)
  const frames = framesView()
  const draft = byId('draft')
  const timeline = () => session.show(guildId === undefined ? undefined : channelId)
  const places = placesView({ openGuild, openChannel: (id) => openChannel(guildId, id) })
  const messages = messagesView({
    edit: (id, content) => tried(api.edit(channelId, id, content)),
    remove: (id) => tried(api.remove(channelId, id)),
    react: (id, emoji, on) => tried((on ? api.react : api.unreact)(channelId, id, emoji)),
    retry: (send) => session.again(channelId, send),
    discard: (nonce) => timeline()?.drop(nonce),
    older: () => timeline()?.older(),
    newer: () => timeline()?.newer(),
    toEnd: () => timeline()?.toEnd(),
    reopen: () => timeline()?.open(),
  })
  const ask = dialogs(api, {
    joined: (id) => wait(id),
    guild: () => guildId,
    channel: () => channelId,
    show: (id) => openChannel(guildId, id),
  })

  /** What a click set off and the server refused, said where it is seen. */
  const tried = (work) => work.catch((failure) => connection.notice(failure.message))

  function wait(id) {
    awaited = id
    changed()
  }

  function openGuild(id) {
    if (id === guildId) return
    openChannel(id, undefined)
  }

  function openChannel(guild, channel) {
    if (channelId !== undefined) drafts.set(channelId, draft.value)
    guildId = guild
    channelId = channel
    closeDrawers()
    settle()
    draft.value = drafts.get(channelId) ?? ''
    grow()
    changed()
    if (matchMedia('(hover: hover)').matches) draft.focus()
  }

  /** Keeps the choice valid: what one was in may be gone, and at first there is none. */
  function settle() {
    if (awaited !== undefined && store.guilds.has(awaited)) {
      guildId = awaited
      channelId = undefined
      awaited = undefined
    }
    // Between a connection's loss and the next READY nothing is known to be gone.
    if (!store.known) return
    if (!store.guilds.has(guildId)) guildId = store.guilds.keys().next().value
    const guild = store.guilds.get(guildId)
    if (guild === undefined) channelId = undefined
    else if (!guild.channels.has(channelId))
      channelId = guild.available ? store.textChannels(guild)[0]?.id : channelId
    sessionStorage.setItem(PLACE, JSON.stringify({ guildId, channelId }))
  }

  let drawing = false
  /** Any number of changes between two frames of the screen are drawn once. */
  function changed() {
    if (drawing) return
    drawing = true
    requestAnimationFrame(() => {
      drawing = false
      draw()
    })
    // A hidden tab has no frames, but its title is read.
    document.title = `${unread.size > 0 ? `(${unread.size}) ` : ''}Threshold chat`
  }

  function draw() {
    settle()
    const guild = store.guilds.get(guildId)
    const shown = timeline()
    places.draw(store, { guildId, channelId, unread })
    byId('empty').hidden = guild !== undefined || !store.known
    byId('history').hidden = shown === undefined
    byId('composer').hidden = shown === undefined
    if (shown) {
      draft.placeholder = `Message #${guild?.channels.get(channelId)?.name ?? ''}`
      messages.draw(shown, { me: user.id, user, names: guild?.members ?? new Map() })
    }
    const { names, until } = store.typingIn(channelId, guild)
    setText(byId('typing'), typingText(names))
    clearTimeout(typingTimer)
    if (names.length > 0) typingTimer = setTimeout(changed, Math.max(100, until - Date.now()))
  }

  function grow() {
    draft.style.height = 'auto'
    draft.style.height = `${draft.scrollHeight + 2}px`
  }

  byId('composer').addEventListener('submit', (event) => {
    event.preventDefault()
    const content = draft.value.trim()
    if (content === '' || channelId === undefined) return
    draft.value = ''
    lastTyping = 0
    grow()
    timeline().toEnd()
    session.send(channelId, content)
  })
  draft.addEventListener('input', () => {
    grow()
    if (draft.value.trim() === '' || Date.now() - lastTyping < TYPING_EVERY_MS) return
    lastTyping = Date.now()
    api.typing(channelId).catch(() => {}) // nobody misses one
  })
  draft.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowUp' && draft.value === '') {
      event.preventDefault()
      messages.editLast()
    }
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    byId('composer').requestSubmit()
  })

  const drawers = [
    [byId('show-places'), byId('places')],
    [byId('show-members'), byId('members')],
  ]
  const curtain = byId('curtain')
  const showCurtain = () => {
    curtain.hidden = !drawers.some(([, part]) => part.classList.contains('open'))
  }
  function closeDrawers() {
    for (const [button, part] of drawers) setOpen(button, part, false)
    showCurtain()
  }
  for (const [button, part] of drawers) {
    toggles(button, part, (open) => {
      if (open) part.querySelector('button')?.focus()
      showCurtain()
    })
  }
  curtain.addEventListener('click', closeDrawers)
  toggles(byId('show-frames'), byId('frames'), (open) => {
    byId('frames').hidden = !open
  })
  byId('close-frames').addEventListener('click', () => byId('show-frames').click())
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') closeDrawers()
  })
  document.addEventListener('visibilitychange', () => {
    session.watch(!document.hidden)
    changed()
  })
  byId('sign-out').addEventListener('click', () => {
    gateway.stop()
    signOut()
  })
  setText(byId('self-name'), user.username)
  avatar(byId('self-avatar'), user.id, user.username)

  return {
    changed,
    frame: frames.add,
    state: (state) => {
      connection.show(state)
      changed()
    },
    /** By an invite's code, as one came by its link. */
    join: (code) => tried(ask.join(code)),
  }
}
