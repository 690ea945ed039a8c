import { access, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { listStages, type RoleSubjects, readRoleSubjects } from '@threshold/engines'
import { replaceBlock } from './blocks.ts'
import { table } from './markdown.ts'
import type { Difference } from './write.ts'

type Roles = Readonly<Record<string, RoleSubjects>>

/** Compares the page of each stage that has a nats.json with the map of its roles. */
export async function roleMapDifferences(root: string): Promise<Difference[]> {
  const found: Difference[] = []
  for (const { dir } of await listStages()) {
    if (!(await exists(join(dir, 'nats.json')))) continue
    const file = `${relative(root, dir).split(sep).join('/')}/README.md`
    const page = await readFile(join(root, file), 'utf8')
    const content = replaceBlock(file, page, 'roles', rolesBlock(await readRoleSubjects(dir)))
    if (content !== page) found.push({ file, content })
  }
  return found
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** A map of the roles with the subjects between them, and a table of the buckets. */
export function rolesBlock(roles: Roles): string {
  return `\`\`\`mermaid
flowchart TB
  accDescr: The requests and events between the roles, by their subjects, and the streams.
${[...requests(roles), ...events(roles), ...streams(roles)].map((line) => `  ${line}`).join('\n')}
\`\`\`

${buckets(roles)}`
}

const requests = (roles: Roles): string[] =>
  connect(roles, 'requests', 'serves').map(
    ([from, subject, to]) => `${from} -->|"${subject}"| ${to}`,
  )

const events = (roles: Roles): string[] =>
  connect(roles, 'sends', 'receives').map(
    ([from, subject, to]) => `${from} ==>|"${subject}"| ${to}`,
  )

/** Each pair of roles with the subjects of the second that the first one uses. */
function connect(
  roles: Roles,
  from: 'requests' | 'sends',
  to: 'serves' | 'receives',
): (readonly [from: string, subject: string, to: string])[] {
  return Object.entries(roles).flatMap(([source, uses]) =>
    Object.entries(roles).flatMap(([target, offers]) =>
      offers[to]
        .filter((subject) => uses[from].some((pattern) => matches(pattern, subject)))
        .map((subject) => [source, subject, target] as const),
    ),
  )
}

/** Whether a subject belongs to a pattern, in which `*` stands for one token. */
function matches(pattern: string, subject: string): boolean {
  const [expected, tokens] = [pattern.split('.'), subject.split('.')]
  return (
    expected.length === tokens.length &&
    expected.every((token, i) => token === '*' || token === tokens[i])
  )
}

const streams = (roles: Roles): string[] =>
  Object.entries(roles).flatMap(([role, uses]) =>
    Object.entries(uses.streams).flatMap(([name, { publishes, consumes, deletes }]) => [
      ...publishes.map((subject) => `${role} -->|"${subject}"| ${name}[("stream ${name}")]`),
      ...(consumes || deletes ? [`${name}[("stream ${name}")] --> ${role}`] : []),
    ]),
  )

function buckets(roles: Roles): string {
  const names = new Set(Object.values(roles).flatMap((uses) => Object.keys(uses.buckets)))
  const rows = [...names].toSorted().map((name) => {
    const users = Object.entries(roles).flatMap(([role, uses]) => {
      const keys = uses.buckets[name]
      return keys ? [{ role, keys }] : []
    })
    const writers = users.filter(({ keys }) => keys.length > 0)
    return [
      `\`${name}\``,
      writers.map(({ role, keys }) => `${role} (\`${keys.join('`, `')}\`)`).join(', '),
      users.map(({ role }) => role).join(', '),
    ]
  })
  return table(['Bucket', 'Written by (keys)', 'Read by'], rows)
}
