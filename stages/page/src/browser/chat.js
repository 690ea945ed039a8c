import { connectionView } from './connection.js'
import { dialogs } from './dialogs.js'
import { avatar, byId, setOpen, setText, toggleOnClick } from './dom.js'
import { typingText } from './typing.js'
import { framesView } from './view-frames.js'
import { messagesView } from './view-messages.js'
import { sidebarView } from './view-sidebar.js'

const SELECTION_KEY = 'threshold.selection'
/** Clients show a typing event for ten seconds. */
const TYPING_INTERVAL_MS = 8_000

/**
 * The page of a signed-in user. It keeps the selected guild and channel and the drafts, and draws.
 */
export function chatPage(session, { signOut }) {
  const { api, store, user, unread, gateway } = session
  const drafts = new Map()
  let { guildId, channelId } = JSON.parse(sessionStorage.getItem(SELECTION_KEY) ?? '{}')
  /** A guild that the user has just created or joined. It opens when its GUILD_CREATE arrives. */
  let awaitedGuild
  let lastTyping = 0
  let typingTimer

  const connection = connectionView(gateway)
  const frames = framesView()
  const draft = byId('draft')
  const timeline = () => session.show(guildId === undefined ? undefined : channelId)
  const sidebar = sidebarView({ openGuild, openChannel: (id) => openChannel(guildId, id) })
  const messages = messagesView({
    edit: (id, content) => noticeFailure(api.edit(channelId, id, content)),
    remove: (id) => noticeFailure(api.remove(channelId, id)),
    react: (id, emoji, on) => noticeFailure((on ? api.react : api.unreact)(channelId, id, emoji)),
    retry: (send) => session.retry(channelId, send),
    discard: (nonce) => timeline()?.dropPending(nonce),
    older: () => timeline()?.older(),
    newer: () => timeline()?.newer(),
    toEnd: () => timeline()?.toEnd(),
    reopen: () => timeline()?.open(),
  })
  const dialog = dialogs(api, {
    joined: (id) => openWhenAnnounced(id),
    guild: () => guildId,
    channel: () => channelId,
    show: (id) => openChannel(guildId, id),
  })

  /** Shows the reason if the server refuses an action. */
  const noticeFailure = (work) => work.catch((failure) => connection.notice(failure.message))

  function openWhenAnnounced(id) {
    awaitedGuild = id
    redraw()
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
    validateSelection()
    draft.value = drafts.get(channelId) ?? ''
    resizeDraft()
    redraw()
    if (matchMedia('(hover: hover)').matches) draft.focus()
  }

  /** Selects another guild or channel if the selected one was deleted, or none is selected. */
  function validateSelection() {
    if (awaitedGuild !== undefined && store.guilds.has(awaitedGuild)) {
      guildId = awaitedGuild
      channelId = undefined
      awaitedGuild = undefined
    }
    // A missing guild may still come until all guilds of READY have arrived.
    if (!store.complete) return
    if (!store.guilds.has(guildId)) guildId = store.guilds.keys().next().value
    const guild = store.guilds.get(guildId)
    if (guild === undefined) channelId = undefined
    else if (!guild.channels.has(channelId))
      channelId = guild.available ? store.textChannels(guild)[0]?.id : channelId
    sessionStorage.setItem(SELECTION_KEY, JSON.stringify({ guildId, channelId }))
  }

  let drawScheduled = false
  /** Draws once before the next animation frame, however often it is called until then. */
  function redraw() {
    if (drawScheduled) return
    drawScheduled = true
    requestAnimationFrame(() => {
      drawScheduled = false
      draw()
    })
    // A hidden tab has no animation frames, but its title is visible.
    document.title = `${unread.size > 0 ? `(${unread.size}) ` : ''}Threshold chat`
  }

  function draw() {
    validateSelection()
    const guild = store.guilds.get(guildId)
    const shown = timeline()
    sidebar.draw(store, { guildId, channelId, unread })
    byId('empty').hidden = guild !== undefined || !store.complete
    byId('history').hidden = shown === undefined
    byId('composer').hidden = shown === undefined
    if (shown) {
      draft.placeholder = `Message #${guild?.channels.get(channelId)?.name ?? ''}`
      messages.draw(shown, { me: user.id, user, names: guild?.members ?? new Map() })
    }
    const { names, until } = store.typingIn(channelId, guild)
    setText(byId('typing'), typingText(names))
    clearTimeout(typingTimer)
    if (names.length > 0) typingTimer = setTimeout(redraw, Math.max(100, until - Date.now()))
  }

  function resizeDraft() {
    draft.style.height = 'auto'
    draft.style.height = `${draft.scrollHeight + 2}px`
  }

  byId('composer').addEventListener('submit', (event) => {
    event.preventDefault()
    const content = draft.value.trim()
    if (content === '' || channelId === undefined) return
    draft.value = ''
    lastTyping = 0
    resizeDraft()
    timeline().toEnd()
    session.send(channelId, content)
  })
  draft.addEventListener('input', () => {
    resizeDraft()
    if (draft.value.trim() === '' || Date.now() - lastTyping < TYPING_INTERVAL_MS) return
    lastTyping = Date.now()
    api.typing(channelId).catch(() => {}) // a lost typing event does not matter
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
    [byId('show-sidebar'), byId('sidebar')],
    [byId('show-members'), byId('members')],
  ]
  const curtain = byId('curtain')
  const updateCurtain = () => {
    curtain.hidden = !drawers.some(([, part]) => part.classList.contains('open'))
  }
  function closeDrawers() {
    for (const [button, part] of drawers) setOpen(button, part, false)
    updateCurtain()
  }
  for (const [button, part] of drawers) {
    toggleOnClick(button, part, (open) => {
      if (open) part.querySelector('button')?.focus()
      updateCurtain()
    })
  }
  curtain.addEventListener('click', closeDrawers)
  toggleOnClick(byId('show-frames'), byId('frames'), (open) => {
    byId('frames').hidden = !open
  })
  byId('close-frames').addEventListener('click', () => byId('show-frames').click())
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') closeDrawers()
  })
  document.addEventListener('visibilitychange', () => {
    session.setVisible(!document.hidden)
    redraw()
  })
  byId('sign-out').addEventListener('click', () => {
    gateway.stop()
    signOut()
  })
  setText(byId('self-name'), user.username)
  avatar(byId('self-avatar'), user.id, user.username)

  return {
    redraw,
    addFrame: frames.add,
    showState: (state) => {
      connection.show(state)
      redraw()
    },
    /** Joins the guild of an invite. */
    join: (code) => noticeFailure(dialog.join(code)),
  }
}
