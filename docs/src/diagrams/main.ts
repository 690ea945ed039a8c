import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { repository } from '../plugins/repository.ts'
import { renderDiagrams } from './render.ts'
import { DIAGRAM_THEMES, DIAGRAMS_FOLDER, diagramFile, diagramsIn } from './source.ts'

// Renders the diagrams that have no image yet, and removes images of diagrams that no page has.
const { root, pages, read } = repository(fileURLToPath(new URL('../../..', import.meta.url)))
const folder = path.join(root, DIAGRAMS_FOLDER)
await mkdir(folder, { recursive: true })
const sources = pages().flatMap((page) => diagramsIn(read(page)))
const wanted = new Set(
  sources.flatMap(({ hash }) => DIAGRAM_THEMES.map((theme) => diagramFile(hash, theme))),
)
const present = new Set(await readdir(folder))
for (const file of present) if (!wanted.has(file)) await rm(path.join(folder, file))
const missing = sources.filter(({ hash }) => !present.has(diagramFile(hash, 'dark')))
for (const { file, svg } of await renderDiagrams(missing)) {
  await writeFile(path.join(folder, file), svg)
  console.log(`rendered ${DIAGRAMS_FOLDER}/${file}`)
}
