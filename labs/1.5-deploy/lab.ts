import { at, busyGuilds, count, defineLab, mention, restart, time } from '@threshold/lab-kit'

const GUILDS = 5
const ONLINE = 20

export default defineLab({
  id: '1.5',
  title: 'Deploy',
  question: 'What does a restart cost?',
  hypothesis:
    'Every socket drops, and since the stage keeps no session, every client identifies afresh: at least two database reads for each of them, all at the same moment.',
  minutes: { quick: 1, full: 4 },
  memory: '1 GB',

  load: busyGuilds({
    guilds: GUILDS,
    online: ONLINE,
    messagesPerSecond: 5,
    seconds: 10,
    seed: 15,
    timeoutSeconds: 5,
    reconnect: true,
  }),
  arms: {
    // As on any other day.
    undisturbed: 'stage-1',
    deployed: { stage: 'stage-1', fault: at({ second: 2 }, restart('stage')) },
  },

  measure: {
    socketsDropped: count.socketsDropped(),
    socketsAway: count.socketsAway(),
    // What an IDENTIFY asks for: who this is, which guilds, which direct messages.
    readsToIdentify: count.storeOperations(/^(users\.get|guilds\.of-user|channels\.dms-of-user)$/),
    // What waking up a guild asks for, once for each.
    readsToWakeGuilds: count.storeOperations(
      /^(guilds\.get|channels\.of-guild|members\.of-guild)$/,
    ),
    untilAllBack: time.untilAllBack(),
  },

  expect: {
    undisturbed: ({ socketsDropped, readsToWakeGuilds }) =>
      socketsDropped.is(0).and(readsToWakeGuilds.is(0)),
    deployed: ({ socketsDropped, socketsAway, readsToIdentify, readsToWakeGuilds }) =>
      socketsDropped
        .is(GUILDS * ONLINE)
        .and(socketsAway.is(0))
        .and(readsToIdentify.atLeast(2 * GUILDS * ONLINE))
        .and(readsToWakeGuilds.atLeast(GUILDS)),
  },

  control: {
    text: 'nobody deploys; somebody is mentioned instead',
    fault: at({ second: 2 }, mention({ displayName: 'Ada' })),
    failsOn: ['deployed: sockets dropped'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 5, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 3, load: { seconds: 30, warmupSeconds: 3 } },
  },
})
