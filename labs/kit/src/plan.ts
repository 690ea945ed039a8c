import { CodedError } from '@threshold/kit'
import type { Fault } from './faults.ts'
import type { Intervention } from './intervention.ts'
import { type Load, times } from './load/workload.ts'
import type { CassandraSettings, Lab, LoadChange, Size, StageName } from './spec.ts'

/** An arm with everything that the lab, the size and the control contribute to it. */
export interface PlannedArm {
  readonly name: string
  readonly title: string
  readonly breaks: boolean
  readonly stage: number
  readonly load: Load
  readonly fault: Fault | undefined
  readonly env: Readonly<Record<string, string>>
  readonly cacheMb: number | undefined
  readonly cassandra: CassandraSettings | undefined
  readonly intervention: Intervention | undefined
  /** The arm has no expectation. The report shows its figures beside the others. */
  readonly context: boolean
}

export function planArms(lab: Lab, size: Size, control: boolean): PlannedArm[] {
  const settings = lab.sizes[size]
  const change: LoadChange = { ...settings.load, ...(control ? lab.control.load : {}) }
  const names = settings.arms ?? Object.keys(lab.arms)
  return names.map((name) => {
    const arm = lab.arms[name]
    if (arm === undefined)
      throw new CodedError(
        'BAD_LAB',
        `lab ${lab.id}: ${size} names the arm ${name}, which does not exist`,
      )
    return {
      name,
      title: arm.title,
      breaks: arm.breaks === true,
      stage: stageNumber(arm.stage),
      load: applyChange(times(arm.load ?? lab.load, arm.times ?? 1), change),
      fault: (control ? lab.control.fault : undefined) ?? arm.fault ?? lab.fault,
      env: { ...arm.env, ...(control ? lab.control.env : {}) },
      cacheMb: arm.cacheMb,
      cassandra: arm.cassandra,
      intervention: (control ? lab.control.interventions?.[name] : undefined) ?? arm.intervention,
      context: lab.expect[name] === undefined && lab.expectAcross === undefined,
    }
  })
}

function applyChange(load: Load, { online, channels, burst, ...change }: LoadChange): Load {
  const groups = load.groups.map((group) => ({
    ...group,
    online: Math.min(group.online, online ?? group.online),
    channels: Math.min(group.channels, channels ?? group.channels),
    ...(group.burst === undefined ? {} : { burst: Math.min(group.burst, burst ?? group.burst) }),
  }))
  return { ...load, ...change, groups }
}

export const stageNumber = (stage: StageName): number => Number(stage.slice('stage-'.length))
