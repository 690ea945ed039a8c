/** Linux reports CPU times in hundredths of a second, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100

/** The fields of /proc/PID/stat that this project reads. See proc(5). */
export interface ProcStat {
  readonly pid: number
  readonly command: string
  /** One letter, such as `Z` for a zombie. */
  readonly state: string
  readonly parent: number
  readonly threads: number
  /** Start time in clock ticks since boot. */
  readonly startTicks: string
  /** CPU time since it started, without its children's. */
  readonly cpuSeconds: number
  /** CPU time of its children that have ended. */
  readonly endedChildrenCpuSeconds: number
}

/** Undefined if the text is cut off. */
export function parseProcStat(stat: string): ProcStat | undefined {
  // The second field is the command in parentheses, which may contain spaces and parentheses.
  const end = stat.lastIndexOf(')')
  const fields = stat.slice(end + 2).split(' ')
  const [state, startTicks] = [fields[0], fields[19]]
  if (end === -1 || !state || !startTicks) return undefined
  const seconds = (first: number): number =>
    (Number(fields[first]) + Number(fields[first + 1])) / TICKS_PER_SECOND
  return {
    pid: Number.parseInt(stat, 10),
    command: stat.slice(stat.indexOf('(') + 1, end),
    state,
    parent: Number(fields[1]),
    threads: Number(fields[17]),
    startTicks,
    cpuSeconds: seconds(11),
    endedChildrenCpuSeconds: seconds(13),
  }
}
