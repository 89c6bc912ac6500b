/** Puts the generated parts of src/wire/README.md between their marks and leaves the prose alone. */
import { renderLogonExample, renderNewOrderExample, type Sign } from './examples.js';
import { renderMessageTables, renderRejectTable } from './tables.js';

/**
 * `readme` with everything between `<!-- generated: NAME -->` and `<!-- end: NAME -->` made anew. Throws when a mark
 * is missing.
 */
export function renderReadme(readme: string, sign: Sign): string {
  const parts: Readonly<Record<string, string>> = {
    'reject codes': renderRejectTable(),
    newOrder: renderNewOrderExample(),
    logon: renderLogonExample(sign),
    commands: renderMessageTables('command'),
    events: renderMessageTables('event'),
    'session messages': renderMessageTables('session'),
  };
  let text = readme;
  for (const [name, part] of Object.entries(parts)) {
    const begin = `<!-- generated: ${name} -->\n`;
    const end = `<!-- end: ${name} -->`;
    const from = text.indexOf(begin);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`README: the marks of "${name}" are missing`);
    text = `${text.slice(0, from + begin.length)}\n${part}\n${text.slice(to)}`;
  }
  return text;
}
