/**
 * `source`: the source alone, as the stage before left it. `dual-write`: the source decides and is
 * read, the target follows. `cutover`: the target decides and is read, the source follows, so that
 * there is a way back. `decommissioned`: the target alone, and no way back.
 */
export type Phase = 'source' | 'dual-write' | 'cutover' | 'decommissioned'

/** One end of a move: the store that data leaves, or the store that it goes to. */
export type End = 'source' | 'target'

/** The primary decides and is read. The replica, where there is one, is made equal to it. */
export const ROLES: Readonly<Record<Phase, { readonly primary: End; readonly replica?: End }>> = {
  source: { primary: 'source' },
  'dual-write': { primary: 'source', replica: 'target' },
  cutover: { primary: 'target', replica: 'source' },
  decommissioned: { primary: 'target' },
}

/**
 * A step needs some facts to hold before it may be taken, and makes others true.
 * - `backfilled`: a backfill has ended since dual writes began.
 * - `verified`: a verification since this phase began found no difference.
 * - `readsAgree`: readers' pages, compared since then, were the same in both stores.
 * - `sourceDropped`: the source's copy is removed.
 */
export type Fact = 'backfilled' | 'verified' | 'readsAgree' | 'sourceDropped'

export type ChangingStep =
  | 'dual-write'
  | 'backfill'
  | 'verify'
  | 'cutover'
  | 'rollback'
  | 'decommission'
export type Step = 'plan' | ChangingStep | 'status' | 'all'

export interface Transition {
  readonly step: ChangingStep
  readonly from: Phase
  /** The same phase where the step does work and changes no roles. */
  readonly to: Phase
  readonly needs: readonly Fact[]
  readonly establishes: readonly Fact[]
  /**
   * The primary changes, so writes wait while the phase does. Otherwise a retry that meets a
   * process in the other phase could become a second message.
   */
  readonly fenced?: true
  readonly direction: 'forward' | 'back'
}

/**
 * The whole move. Each transition that is taken again, after a kill for instance, does what is left
 * of its work. Next step, refusals, help, plan and the diagram in the README derive from this
 * table.
 */
export const TRANSITIONS: readonly Transition[] = [
  forward('dual-write', 'source', 'dual-write'),
  forward('backfill', 'dual-write', 'dual-write', [], ['backfilled']),
  forward('verify', 'dual-write', 'dual-write', ['backfilled'], ['verified', 'readsAgree']),
  {
    ...forward('cutover', 'dual-write', 'cutover', ['backfilled', 'verified', 'readsAgree']),
    fenced: true,
  },
  back('rollback', 'dual-write', 'source'),
  { ...back('rollback', 'cutover', 'dual-write'), fenced: true },
  forward('decommission', 'cutover', 'decommissioned'),
  forward('decommission', 'decommissioned', 'decommissioned', [], ['sourceDropped']),
]

function forward(
  step: ChangingStep,
  from: Phase,
  to: Phase,
  needs: readonly Fact[] = [],
  establishes: readonly Fact[] = [],
): Transition {
  return { step, from, to, needs, establishes, direction: 'forward' }
}

function back(step: ChangingStep, from: Phase, to: Phase): Transition {
  return { step, from, to, needs: [], establishes: [], direction: 'back' }
}

const stepsOf = (transitions: readonly Transition[]): ChangingStep[] => [
  ...new Set(transitions.map(({ step }) => step)),
]

/** The steps that lead from the source to the target, in their order. */
export const FORWARD_STEPS = stepsOf(TRANSITIONS.filter(({ direction }) => direction === 'forward'))

/** Every step that the command line offers. */
export const STEPS: readonly Step[] = ['plan', ...stepsOf(TRANSITIONS), 'status', 'all']

/** The transition of a step from a phase; undefined where the step is out of order. */
export const transitionFrom = (phase: Phase, step: ChangingStep): Transition | undefined =>
  TRANSITIONS.find((one) => one.step === step && one.from === phase)

/** Whether the step leads to this phase: it has been taken, and repeating it is no error. */
export const isTaken = (phase: Phase, step: ChangingStep): boolean =>
  TRANSITIONS.some((one) => one.step === step && one.to === phase)

/**
 * The step that leads on from a phase: the first whose facts do not all hold. A step that changes
 * the phase establishes none, and so is next once all before it are done. Undefined: the move is
 * over.
 */
export async function nextForward(
  phase: Phase,
  holds: (fact: Fact) => Promise<boolean>,
): Promise<ChangingStep | undefined> {
  for (const { step, from, to, establishes, direction } of TRANSITIONS) {
    if (from !== phase || direction === 'back') continue
    if (to !== from || !(await allHold(establishes, holds))) return step
  }
  return undefined
}

async function allHold(
  facts: readonly Fact[],
  holds: (fact: Fact) => Promise<boolean>,
): Promise<boolean> {
  for (const fact of facts) if (!(await holds(fact))) return false
  return true
}

/** The table as a Mermaid state diagram, for the README. */
export function stateDiagram(): string {
  const id = (phase: Phase): string => phase.replace('-', '_')
  const roles = (Object.keys(ROLES) as Phase[]).map((phase) => {
    const { primary, replica } = ROLES[phase]
    const follows = replica === undefined ? '' : `, ${replica} follows`
    return `  ${id(phase)}: ${phase} (${primary} decides${follows})`
  })
  const arrows = TRANSITIONS.map(({ step, from, to, fenced }) => {
    const fence = fenced ? ', behind the write fence' : ''
    return `  ${id(from)} --> ${id(to)}: ${step}${fence}`
  })
  return [
    'stateDiagram-v2',
    '  accDescr: The phases of a migration and the steps between them: source, dual-write, cutover, decommissioned. A rollback leads one phase back until the source is decommissioned.',
    ...roles,
    '  [*] --> source',
    ...arrows,
    '  decommissioned --> [*]',
  ].join('\n')
}
